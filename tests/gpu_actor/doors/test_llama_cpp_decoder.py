"""llama.cpp behind the contract that every runtime keeps, bit for bit, and what is peculiar to it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gpu_actor.doors.llama_cpp import LlamaCpp
from gpu_actor.doors.llama_cpp_decoder import FLOOR, LARGEST, IdStates, LlamaCppDecoder, sure_token
from gpu_actor.settings import EngineSettings
from gpu_actor.troubles import LlamaCppFailedError
from tests.gpu_actor.engine.decoder_contract import DecoderContract, Subject
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SETTINGS = {
    "batches": (TinyModel("Q4_1"), EngineSettings()),
    "alone": (TinyModel("F16"), EngineSettings(numerics="exact")),
    "plain attention": (TinyModel("Q4_K"), EngineSettings(numerics="exact", flash_attention="off")),
    "short cache": (TinyModel("Q8_0"), EngineSettings(cache_type="q8_0", flash_attention="on")),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def decoder_of(llama: LlamaCpp, model: TinyModel, *, batches: bool = True, top: int = 260) -> LlamaCppDecoder:
    return LlamaCppDecoder(
        llama,
        slots=5,
        shelves=1,
        context=96,
        longest_chunk=64,
        vocabulary=len(model.tokens),
        top=top,
        sure=model.tokens.index(","),
        batches=batches,
    )


@pytest.fixture(scope="module", params=SETTINGS)
def loaded(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[LlamaCpp, TinyModel]]:
    model, settings = SETTINGS[request.param]
    path = write_tiny(folder / f"{request.param}.gguf", model)
    llama = LlamaCpp(path, settings, slots=5, context=96, longest_chunk=64, threads=1)
    yield llama, model
    llama.close()


class TestLlamaCppDecoder(DecoderContract):
    @pytest.fixture
    def subject(self, loaded: tuple[LlamaCpp, TinyModel]) -> Subject:
        llama, model = loaded
        decoder = decoder_of(llama, model, batches=model.format in {"Q4_1", "Q8_0"})
        return Subject(decoder, IdStates().states, len(model.tokens))


@pytest.fixture(scope="module")
def llama(folder: Path) -> Iterator[LlamaCpp]:
    path = write_tiny(folder / "one.gguf", TinyModel("Q8_0"))
    llama = LlamaCpp(path, EngineSettings(), slots=5, context=96, longest_chunk=64, threads=1)
    yield llama
    llama.close()


def test_the_candidates_are_the_most_likely_and_all_others_are_out(llama: LlamaCpp) -> None:
    whole, cut = decoder_of(llama, TinyModel()), decoder_of(llama, TinyModel(), top=40)
    ids = IdStates().states(list(range(10, 40)))
    all_logits, logits = whole.prefill(0, ids), cut.prefill(1, ids)
    assert all_logits.min() > FLOOR
    assert all_logits.max() == logits.max() == LARGEST
    kept = np.flatnonzero(logits > FLOOR)
    assert len(kept) in {39, 40}  # the forty with the sure token raised among them
    best = np.argsort(-all_logits)[: len(kept) - 1]
    assert set(best) - {TinyModel().tokens.index(",")} <= set(kept)
    assert np.allclose(all_logits[kept], logits[kept], atol=1e-4)


def test_equal_conversations_in_two_slots_do_not_take_each_others_place(llama: LlamaCpp) -> None:
    decoder = decoder_of(llama, TinyModel())
    states = IdStates().states
    prompt, reply = list(range(10, 40)), [50, 51, 52]
    decoder.prefill(0, states(prompt))
    alone = [decoder.decode([0], states([token]))[0] for token in reply]
    decoder.prefill(1, states(prompt))  # begins as slot 0 does, and lags behind it
    decoder.prefill(2, states(prompt[::-1]))
    for token, expected in zip(reply, alone, strict=True):
        rows = decoder.decode([1, 2, 0], states([token, 60, 70]))
        assert np.array_equal(rows[0], expected)
    assert decoder.recomputed == 0


def test_a_step_that_llama_cpp_refuses_says_so(llama: LlamaCpp) -> None:
    decoder = decoder_of(llama, TinyModel())
    with pytest.raises(LlamaCppFailedError, match="invalid tokens"):
        decoder.prefill(0, IdStates().states([10, 100_000]))


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(LlamaCppFailedError, match=r"cannot load broken\.gguf"):
        LlamaCpp(path, EngineSettings(), slots=1, context=64, longest_chunk=64, threads=1)


def test_the_listener_serves_nobody_without_the_key(llama: LlamaCpp) -> None:
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    assert llama.address.startswith("http://127.0.0.1:")
    for path in ("/completion", "/slots", "/tokenize"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(llama.address + path, data=b"{}", timeout=10)
        assert error.value.code in {401, 404}
        error.value.close()


def test_the_sure_token_is_a_comma_or_whatever_is_one_character() -> None:
    assert sure_token([b"", b"a", b"ab", b","]) == 3
    assert sure_token([b"xy", b"q", b"\xc3"]) == 1
    with pytest.raises(LlamaCppFailedError, match="no token of one character"):
        sure_token([b"", b"ab", b"\xff"])
