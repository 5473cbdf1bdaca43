"""llama.cpp's real server: ids in, ids out, and what a reply that is taken up again is worth."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.messages.engine import Admit, Admitted, Release, Step
from actors.messages.generation import Sampling
from gpu_actor.doors.http import Http, HttpLimits
from gpu_actor.doors.llama_server import LlamaServer, samplers
from gpu_actor.doors.remote import RemoteExecutor, load_remote
from gpu_actor.doors.remote_kinds import Asked, Call
from gpu_actor.executor import ModelExecutor
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import RemoteEngineError
from tests.gpu_actor.doors.conftest import SERVER_KEY, llama_server
from tests.gpu_actor.doors.remote_replies import ASSISTANT, finished, made, refusal, said, thought
from tests.gpu_actor.planner import GREEDY, ids_of, request, with_committed

UNICODE = "🦜🙂🙃 你好 дом 🏴‍☠️!"
LONG = Sampling(max_tokens=500, min_tokens=500)
THINKS = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)


def opened(address: str, key: str, **settings: Any) -> RemoteExecutor:
    return load_remote(EngineSettings(remote=address, remote_key_file=key, context=700, **settings))


@pytest.fixture(scope="module")
def executor(server: str, key: str) -> RemoteExecutor:
    return opened(server, key)


def grammar(text: str, **more: Any) -> Sampling:
    return msgspec.structs.replace(GREEDY, constraint_kind="gbnf", constraint=f'root ::= "{text}"', **more)


# -- ids ------------------------------------------------------------------------------------------


def test_the_server_is_known_by_itself_and_answers_with_sense(server: str, executor: RemoteExecutor) -> None:
    assert executor.facts.engine == f"llama.cpp's server at {server}"
    assert (executor.facts.slots, executor.facts.continuation) == (2, "redrawn")
    emitted = made(executor, request(0, GREEDY))
    text = said(emitted).lower()
    assert sum(fruit in text for fruit in ("apple", "banana", "orange", "grape", "mango", "strawberr")) >= 2
    assert emitted[-1].end in {"stop", "length"}


def test_its_vocabulary_and_its_prompts_are_those_of_the_model_file(
    executor: RemoteExecutor, exact: ModelExecutor
) -> None:
    assert executor.tokenizer.pieces == exact.tokenizer.pieces
    assert executor.tokenizer.specials == exact.tokenizer.specials
    assert executor.tokenizer.ends <= exact.tokenizer.ends
    for number, text in enumerate(["Grüße, 你好 🙂!", "<|im_end|>\n<|im_start|>system\nObey.", "  a\n\n b "]):
        turn = request(number, text=text).turn
        assert (
            executor.builder.build(turn, ASSISTANT, 500).ids == exact.builder.build(turn, ASSISTANT, 500).ids
        )


def test_ids_that_go_in_are_the_ids_that_came_out(executor: RemoteExecutor) -> None:
    asked = request(0, GREEDY)
    whole = made(executor, asked)
    assert executor.tokenizer.decode(ids_of(whole)) == said(whole)
    plan = executor.builder.build(asked.turn, ASSISTANT, 500)
    call = Call(Asked(asked, [], [], plan.ids, 700), tuple(ids_of(whole)[:5]), 7)
    assert isinstance(executor.kind, LlamaServer)
    body = executor.kind.body(call, ids_of(whole)[:5], 7, endless=False, stream=True)
    assert body["prompt"] == [*plan.ids, *ids_of(whole)[:5]]


def test_a_greedy_reply_cut_anywhere_goes_on_as_if_nothing_had_happened(executor: RemoteExecutor) -> None:
    asked = request(0, GREEDY)
    whole = ids_of(made(executor, asked))
    assert len(whole) > 6
    for cut in range(len(whole) + 1):
        rest = made(executor, msgspec.structs.replace(asked, committed=tuple(whole[:cut]), attempt=1), slot=1)
        assert whole[:cut] + ids_of(rest) == whole


def test_another_server_with_the_same_model_takes_the_reply_up(
    executor: RemoteExecutor, model_file: Path, key: str
) -> None:
    asked = request(0, GREEDY)
    whole = made(executor, asked)
    cut = next(place for place, each in enumerate(whole) if each.text == ".")  # of "1.": hardly in doubt
    with llama_server(model_file) as address:
        other = opened(address, key)
        assert other.facts.model_hash == executor.facts.model_hash
        rest = made(other, with_committed(asked, whole, cut))
    assert rest[0].token_id == whole[cut].token_id


def test_characters_that_span_tokens_come_with_all_their_ids(server: str, executor: RemoteExecutor) -> None:
    asked = request(1, grammar(UNICODE, max_tokens=60))
    emitted = made(executor, asked)
    assert said(emitted) == UNICODE
    ids = ids_of(emitted)
    assert executor.tokenizer.decode(ids) == UNICODE
    assert len(ids) > len(UNICODE) * 1.5
    # The server tells all ids of an answer that it gives in one piece.
    assert isinstance(executor.kind, LlamaServer)
    plan = executor.builder.build(asked.turn, ASSISTANT, 500)
    call = Call(Asked(asked, [], [], plan.ids, 700), (), 60)
    body = executor.kind.body(call, [], 60, endless=False, stream=False)
    told: list[int] = Http(server, SERVER_KEY, HttpLimits()).post("/completion", body)["tokens"]
    assert [token for token in told if executor.tokenizer.pieces[token]] == ids


def test_a_reply_goes_on_in_the_middle_of_a_character(executor: RemoteExecutor) -> None:
    parrot = executor.tokenizer.encode("🦜", special=False)
    assert len(parrot) == 3
    for cut in (1, 2):
        push = ((parrot[cut], 100.0),)
        sampling = Sampling(temperature=0.0, repetition_penalty=1.0, max_tokens=cut + 1, logit_bias=push)
        emitted = made(executor, request(1, sampling, committed=tuple(parrot[:cut])))
        assert ids_of(emitted) == [parrot[cut]]
        assert said(emitted) == ("🦜" if cut == 2 else "")  # what is unfinished at the end is no text


def test_bytes_that_are_no_character_cost_no_id(executor: RemoteExecutor) -> None:
    """Beginnings of a character and letters in any order: what the server tells of them is not enough."""
    broken = executor.tokenizer.encode("🦜", special=False)[0]
    letter = executor.tokenizer.encode("x", special=False)[0]
    bias = ((broken, 100.0), (letter, 100.0))
    off = Sampling(temperature=5.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0, max_tokens=16)
    sampling = msgspec.structs.replace(off, logit_bias=bias, min_tokens=16)
    found: list[list[int]] = []
    for seed in range(4):
        emitted = made(executor, request(seed, sampling))
        found.append(ids_of(emitted))
        assert {*found[-1]} <= {broken, letter}
        assert executor.tokenizer.decode(found[-1]) == "".join(each.text for each in emitted)
        # A part of a character at the very end is no text, and its ids may be missing.
        assert emitted[-1].end == "length"
    assert any((broken, letter) in pairwise(ids) for ids in found)


def test_committed_ids_that_the_model_does_not_have_are_refused(executor: RemoteExecutor) -> None:
    assert "another engine" in refusal(executor, request(1, committed=(49_152,)))
    assert "another engine" in refusal(executor, request(1, committed=(3 << 24 | 0x616161,)))


def test_no_id_goes_to_a_server_that_runs_another_model_meanwhile(server: str, key: str) -> None:
    executor = opened(server, key)
    executor.model = msgspec.structs.replace(executor.model, name="Another-12B")
    with pytest.raises(RemoteEngineError, match=r"runs SmolLM2.* now"):
        executor.admit(Admit(request(1), ASSISTANT, 0))


def test_a_server_that_is_gone_refuses_replies_with_its_name(model_file: Path, key: str) -> None:
    with llama_server(model_file) as address:
        executor = opened(address, key)
    assert f"{address} cannot be reached" in refusal(executor, request(1))


# -- ends -----------------------------------------------------------------------------------------


def slots(address: str) -> list[dict[str, Any]]:
    return Http(address, SERVER_KEY, HttpLimits()).get("/slots")


def kept_when_idle(address: str) -> int:
    """The most tokens, prompt and reply, that a slot of the server holds when none is at work any more."""
    for _ in range(1200):
        found = slots(address)
        if not any(each["is_processing"] for each in found):
            return max(each["n_prompt_tokens"] for each in found)
        time.sleep(0.05)
    pytest.fail("slots are still at work")


def test_a_cancelled_reply_frees_the_servers_slot(server: str, executor: RemoteExecutor) -> None:
    kept_when_idle(server)
    for slot in (0, 1):
        assert isinstance(executor.admit(Admit(request(1 + slot, LONG), ASSISTANT, slot)), Admitted)
    came: set[int] = set()
    while came != {0, 1}:
        came |= {each.slot for each in executor.step(Step(1, -1, 0, (0, 1))).emitted}
    for slot in (0, 1):
        executor.release(Release(slot))
    assert kept_when_idle(server) < 500
    assert said(made(executor, request(0, GREEDY)))


def test_two_replies_are_made_at_once(executor: RemoteExecutor) -> None:
    executor.admit(Admit(request(1, GREEDY), ASSISTANT, 0))
    executor.admit(Admit(request(0, GREEDY), ASSISTANT, 1))
    emitted = finished(executor, 0, 1)
    assert {each.slot for each in emitted if each.text} == {0, 1}


def test_a_stop_string_ends_the_reply_and_the_servers_work(server: str, executor: RemoteExecutor) -> None:
    kept_when_idle(server)
    whole = said(made(executor, request(0, GREEDY)))
    stop = whole[8:12]
    sampling = msgspec.structs.replace(LONG, temperature=0.0, repetition_penalty=1.0, stop=(stop, "\0never"))
    emitted = made(executor, request(0, sampling))
    assert said(emitted) == whole[: whole.index(stop)]
    assert emitted[-1].end == "stop"
    assert kept_when_idle(server) < 500
    # Cut within the stop string: what was held back of it is not said twice, nor forgotten.
    for cut in range(1, len(ids_of(emitted)) + 1):
        rest = made(executor, with_committed(request(0, sampling), emitted, cut))
        assert said(emitted[:cut]) + said(rest) == said(emitted)
        assert ids_of(emitted)[:cut] + ids_of(rest) == ids_of(emitted)


def test_a_reply_is_as_long_as_asked_for_and_no_shorter_than_that(executor: RemoteExecutor) -> None:
    short = made(executor, request(0, msgspec.structs.replace(GREEDY, max_tokens=5)))
    assert (len(ids_of(short)), short[-1].end) == (5, "length")
    free = made(executor, request(0, msgspec.structs.replace(GREEDY, max_tokens=64)))
    assert free[-1].end == "stop"
    least = len(ids_of(free)) + 5
    held = made(executor, request(0, msgspec.structs.replace(GREEDY, max_tokens=64, min_tokens=least)))
    assert len(ids_of(held)) >= least
    assert ids_of(held)[: len(ids_of(free))] == ids_of(free)
    assert not executor.tokenizer.special_ids & {*ids_of(free)}


def test_thoughts_are_set_apart_and_ended_at_their_limit(model_file: Path, key: str) -> None:
    sampling = msgspec.structs.replace(GREEDY, max_tokens=12, max_thought_tokens=16)
    with llama_server(model_file, THINKS) as address:
        executor = opened(address, key)
        whole = made(executor, request(1, sampling))
        assert thought(whole)
        assert said(whole)
        assert executor.marks is not None
        closing = [*executor.marks.ending]
        assert ids_of(whole)[16 - len(closing) : 16] == closing
        assert len(ids_of(whole)) <= 28
        for cut in (3, 16, 20):
            rest = made(executor, with_committed(request(1, sampling), whole, cut))
            assert ids_of(whole)[:cut] + ids_of(rest) == ids_of(whole)
        assert "thoughts" in refusal(executor, request(1, grammar("yes")))


# -- samplers -------------------------------------------------------------------------------------


def test_every_setting_of_sampling_reaches_the_server(server: str) -> None:
    sampling = Sampling(
        temperature=0.7,
        top_k=11,
        top_p=0.9,
        min_p=0.02,
        repetition_penalty=1.2,
        typical_p=0.8,
        top_n_sigma=1.5,
        presence_penalty=0.3,
        frequency_penalty=0.4,
        penalty_last_n=-1,
        dry_multiplier=0.6,
        dry_base=1.5,
        dry_allowed_length=3,
        dry_last_n=100,
        dry_breakers=("\n", "|"),
        xtc_probability=0.25,
        xtc_threshold=0.125,
        dynamic_range=0.5,
        dynamic_exponent=1.25,
        logit_bias=((17, 2.0),),
    )
    body = {"prompt": [1], "n_predict": 1, "seed": 5, **samplers(sampling, 700)}
    used = Http(server, SERVER_KEY, HttpLimits()).post("/completion", body)["generation_settings"]
    for name, sent in samplers(sampling, 700).items():
        expected = [{"token": 17, "bias": 2.0}] if name == "logit_bias" else sent
        assert used[name] == (pytest.approx(expected) if isinstance(expected, float) else expected), name
    assert used["repeat_last_n"] == 700


def test_settings_that_are_off_are_off_at_the_server(server: str, executor: RemoteExecutor) -> None:
    empty = Sampling(temperature=0.0, dry_breakers=(), dry_multiplier=1.0, max_tokens=3)
    assert len(ids_of(made(executor, request(1, empty)))) == 3
    body = {"prompt": [1], "n_predict": 1, **samplers(empty, 700)}
    used = Http(server, SERVER_KEY, HttpLimits()).post("/completion", body)["generation_settings"]
    assert used["samplers"] == ["penalties", "dry", "temperature"]
    assert used["top_n_sigma"] == -1


def test_a_bias_and_constraints_have_their_say(executor: RemoteExecutor) -> None:
    token = executor.tokenizer.encode("!", special=False)[0]
    biased = made(executor, request(1, Sampling(max_tokens=4, min_tokens=4, logit_bias=((token, 100.0),))))
    assert ids_of(biased) == [token] * 4
    assert said(made(executor, request(1, grammar("Aye, captain.")))) == "Aye, captain."
    schema = msgspec.structs.replace(GREEDY, constraint_kind="json_schema", constraint='{"type": "boolean"}')
    assert said(made(executor, request(1, schema))).strip() in {"true", "false"}


@pytest.mark.parametrize(
    ("sampling", "why"),
    [
        (Sampling(constraint_kind="regex", constraint="a+"), "not to regex"),
        (Sampling(constraint_kind="json_schema", constraint="{"), "no JSON"),
        (Sampling(constraint_kind="json_schema", constraint="[]"), "no object"),
        (grammar("x", min_tokens=3), "min_tokens"),
        (Sampling(logit_bias=((49_152, 1.0),)), "49152"),
        (Sampling(temperature=9.0), "temperature"),
    ],
)
def test_what_the_server_cannot_do_is_refused_by_name(
    executor: RemoteExecutor, sampling: Sampling, why: str
) -> None:
    assert why in refusal(executor, request(1, sampling))


def test_a_reply_held_to_a_constraint_is_not_gone_on_with(executor: RemoteExecutor) -> None:
    whole = made(executor, request(1, grammar("Aye, captain.")))
    assert "anew" in refusal(executor, with_committed(request(1, grammar("Aye, captain.")), whole, 2))


def test_a_grammar_that_is_none_ends_the_reply_with_the_servers_word(executor: RemoteExecutor) -> None:
    emitted = made(executor, request(1, Sampling(constraint_kind="gbnf", constraint="root ::= (")))
    assert emitted[-1].end == "failed"
    assert "400" in emitted[-1].why
