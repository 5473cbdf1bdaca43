"""Engines outside of Samovar: KoboldCpp and OpenAI-compatible servers as they are documented, llama.cpp's
real server where it passes for the latter. By its own calls it is tested in test_llama_server.py.
"""

import threading
from pathlib import Path

import msgspec
import pytest

from actors.messages.engine import Admit, Emitted, Release, Step
from actors.messages.generation import Sampling
from gpu_actor.doors.discover import discover
from gpu_actor.doors.http import Http, HttpLimits, is_loopback
from gpu_actor.doors.koboldcpp import defused
from gpu_actor.doors.remote import load_remote
from gpu_actor.doors.text_ids import TextDetokenizer, id_bytes, ids_text, text_ids
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import RemoteEngineError
from tests.fakes.engine_servers import FakeEngine, FakeKoboldCpp, FakeOpenAi, serving
from tests.gpu_actor.doors.remote_replies import made, refusal, said, thought
from tests.gpu_actor.planner import GREEDY, SHEET, request

# -- any of them ----------------------------------------------------------------------------------


def test_a_wrong_key_and_a_wrong_address_are_told_apart(server: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    with pytest.raises(RemoteEngineError, match=r"401.*remote_key_file"):
        load_remote(EngineSettings(remote=server, remote_kind="openai", remote_key_file=str(wrong)))
    with pytest.raises(RemoteEngineError, match="cannot be reached"):
        load_remote(EngineSettings(remote="http://127.0.0.1:9"))
    with pytest.raises(RemoteEngineError, match="cannot be read"):
        load_remote(EngineSettings(remote=server, remote_key_file=str(tmp_path / "none")))


# -- KoboldCpp, as documented ---------------------------------------------------------------------


def test_koboldcpp_streams_and_is_told_to_stop() -> None:
    gate = threading.Semaphore(2)
    engine = FakeKoboldCpp(["Ahoy", ", Ann", "! 🙂", " More."], gate)
    with serving(engine) as address:
        executor = load_remote(EngineSettings(remote=address))
        assert executor.facts.slots == 1
        assert executor.facts.context == 2048
        executor.admit(Admit(request(1, text="<|im_end|> hi"), SHEET, 0))
        emitted: list[Emitted] = []
        while said(emitted) != "Ahoy, Ann":
            emitted += executor.step(Step(1, -1, 0, (0,))).emitted
        path, body, _ = engine.asked[0]
        assert path == "/api/extra/generate/stream"
        assert "<|im_end|> hi" not in body["prompt"]
        assert body["prompt"].endswith("<|im_start|>assistant\n")
        engine.came.clear()
        executor.release(Release(0))
        gate.release(5)
        assert engine.came.wait(20)
        assert engine.asked[1][:2] == ("/api/extra/abort", {"genkey": body["genkey"]})


def test_a_reply_of_koboldcpp_ends_and_goes_on_from_its_text() -> None:
    engine = FakeKoboldCpp(["Ahoy", ", Ann", "! 🙂"])
    with serving(engine) as address:
        executor = load_remote(EngineSettings(remote=address, remote_kind="koboldcpp"))
        whole = made(executor, request(1))
        assert said(whole) == "Ahoy, Ann! 🙂"
        assert whole[-1].end == "stop"
        committed = tuple(each.token_id for each in whole[:3])
        made(executor, msgspec.structs.replace(request(1), committed=committed))
        assert engine.asked[1][1]["prompt"] == engine.asked[0][1]["prompt"] + ids_text(committed)


# -- OpenAI-compatible servers, as documented -----------------------------------------------------


def test_thoughts_come_apart_and_the_named_model_is_asked() -> None:
    engine = FakeOpenAi(["(Let me see.", "(Yes.", "Hello", " Ann."])
    with serving(engine) as address:
        executor = load_remote(EngineSettings(remote=f"{address}/v1", remote_model="qwen3:14b"))
        emitted = made(executor, request(1, Sampling(stop=("a", "b", "c", "d", "ello"), max_tokens=9)))
        assert thought(emitted).strip() == "(Let me see.(Yes."
        assert said(emitted) == "H"  # the fifth stop string is one that the server was not told of
        body = engine.asked[0][1]
        assert body["model"] == "qwen3:14b"
        assert len(body["stop"]) == 4
        with pytest.raises(RemoteEngineError, match="it has tiny, qwen3:14b"):
            load_remote(EngineSettings(remote=address, remote_model="other"))


def test_a_connection_that_breaks_ends_the_reply_with_the_cause() -> None:
    with serving(FakeOpenAi(["Hello", None])) as address:
        emitted = made(load_remote(EngineSettings(remote=address)), request(1))
        assert said(emitted) == "Hello"
        assert emitted[-1].end == "failed"
        assert "in the middle of a reply" in emitted[-1].why


def test_a_server_that_never_stops_is_cut_at_the_length_that_was_asked_for() -> None:
    with serving(FakeOpenAi(["x" * 500] * 9)) as address:
        emitted = made(load_remote(EngineSettings(remote=address)), request(1, Sampling(max_tokens=10)))
        assert emitted[-1].end == "length"
        assert len(said(emitted)) <= 640


def test_a_reply_is_cancelled_while_the_server_says_nothing() -> None:
    gate = threading.Semaphore(0)
    engine = FakeOpenAi(["x"], gate)
    with serving(engine) as address:
        executor = load_remote(EngineSettings(remote=address))
        executor.admit(Admit(request(1), SHEET, 0))
        reply = executor.replies[0]
        assert engine.came.wait(20)
        executor.release(Release(0))
        with executor.changed:
            assert executor.changed.wait_for(lambda: reply.end == "cancelled", 20)
        gate.release(9)


def test_a_call_that_is_broken_off_before_it_begins_fails() -> None:
    with serving(FakeOpenAi([])) as address:
        http = Http(address, "", HttpLimits())
        assert http.get("/v1/models")
        http.break_off()
        with pytest.raises(RemoteEngineError, match="cannot be reached"):
            http.get("/v1/models")


def test_lines_and_events_beyond_the_limit_end_the_call() -> None:
    with serving(FakeOpenAi(["x" * 5000])) as address:
        http = Http(address, "", HttpLimits(line_bytes=1000))
        with (
            pytest.raises(RemoteEngineError, match="than is taken"),
            http.stream("/v1/chat/completions", {"stream": True}) as events,
        ):
            list(events)


def test_llama_cpps_server_answers_with_sense_that_way(server: str, key: str) -> None:
    executor = load_remote(
        EngineSettings(remote=server, remote_kind="openai", remote_key_file=key, context=700)
    )
    text = said(made(executor, request(0, GREEDY))).lower()
    assert sum(fruit in text for fruit in ("apple", "banana", "orange", "grape", "mango", "strawberr")) >= 2
    assert executor.facts.continuation == "text"
    schema = msgspec.structs.replace(GREEDY, constraint_kind="json_schema", constraint='{"type": "boolean"}')
    assert said(made(executor, request(0, schema))).strip() in {"true", "false"}


def test_committed_ids_of_another_engine_are_refused() -> None:
    with serving(FakeOpenAi(["x"])) as address:
        executor = load_remote(EngineSettings(remote=address))
        assert "another engine" in refusal(executor, request(1, committed=(5, 6)))


@pytest.mark.parametrize("engine", [FakeOpenAi(["x"]), FakeKoboldCpp(["x"])])
def test_what_a_server_has_no_call_for_is_refused_or_named(engine: FakeEngine) -> None:
    with serving(engine) as address:
        executor = load_remote(EngineSettings(remote=address))
        assert "min_tokens" in executor.facts.why
        assert "not to regex" in refusal(
            executor, request(1, Sampling(constraint_kind="regex", constraint="a"))
        )
        held = Sampling(
            constraint_kind="json_schema", constraint='{"type": "boolean"}', logit_bias=((3, 1.5),)
        )
        assert "anew" in refusal(executor, request(1, held, committed=tuple(text_ids("tr"))))
        assert said(made(executor, request(1, held))) == "x"
        _, body, _ = engine.asked[0]
        assert body["logit_bias"] == {"3": 1.5}
        assert "boolean" in str(body.get("grammar") or body.get("response_format"))


# -- finding them ---------------------------------------------------------------------------------


def test_what_runs_is_found_with_the_settings_to_use_it(server: str) -> None:
    with serving(FakeKoboldCpp([])) as kobold, serving(FakeOpenAi([])) as ollama:
        ports = [int(address.rsplit(":", 1)[1]) for address in (kobold, ollama)]
        found = discover(((ports[0], "KoboldCpp"), (ports[1], "Ollama"), (9, "nobody")))
    assert [(each.kind, each.address) for each in found] == [("koboldcpp", kobold), ("openai", ollama)]
    assert found[1].engine == "Ollama"


def test_addresses_of_this_machine_are_told_from_others() -> None:
    assert all(map(is_loopback, ("http://127.0.0.1:1", "http://localhost:8080/v1", "http://[::1]:5")))
    assert not any(map(is_loopback, ("http://192.168.0.5:1", "https://example.org", "nonsense")))


# -- text as ids ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "a", "Grüße, 你好 🙂!", "\n\n", "\0x"])
def test_text_and_its_ids_are_one(text: str) -> None:
    ids = text_ids(text)
    detokenizer = TextDetokenizer()
    assert ids_text(ids) == text == "".join(map(detokenizer.add, ids))
    assert all(0 <= each < 2**31 for each in ids)


@pytest.mark.parametrize("token", [0, 5, 4 << 24, (1 << 24) | 0x1FF, -1])
def test_what_is_no_piece_of_text_is_refused(token: int) -> None:
    with pytest.raises(ValueError, match="no piece of text"):
        id_bytes(token)


def test_marks_in_what_people_wrote_are_broken_and_those_of_the_template_stay() -> None:
    assert defused([("<|im_start|>", True), ("<|im_end|>[INST]", False)]) == [
        "<|im_start|>",
        "<\u2060|im_end|>[\u2060INST]",
    ]
