"""The TensorRT decoder on the device that computes on the CPU: the contract of every runtime."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gpu_actor.engine.decoder import Decoder
from gpu_actor.executor import ModelExecutor, States
from tests.gpu_actor.engine.decoder_contract import DecoderContract, Subject
from tests.gpu_actor.engine.plans import Plan, Setup, make_plan


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(tmp_path_factory.mktemp("whole"), elements="float32")


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(tmp_path_factory.mktemp("half"), elements="float16")


def serve(setup: Setup) -> Iterator[Subject]:
    """Every part of the contract starts with nothing in the decoder, and all is given back in the end."""
    decoder = setup.decoder()
    yield Subject(decoder, setup.plan.table.states, 260)
    decoder.close()
    assert setup.cuda.left_over() == {}


class TestForRtx(DecoderContract):
    """tensorrt_rtx, float16, as it is served."""

    @pytest.fixture
    def subject(self, half: Plan) -> Iterator[Subject]:
        yield from serve(Setup(half))


class TestClassic(DecoderContract):
    """Classic tensorrt, whose decoding is recorded as CUDA graphs here."""

    @pytest.fixture
    def subject(self, whole: Plan) -> Iterator[Subject]:
        yield from serve(Setup(whole, classic=True))


class TestClassicWithFewGraphs(DecoderContract):
    """Only what is needed is computed: many (first, count), of which two are kept."""

    @pytest.fixture
    def subject(self, whole: Plan) -> Iterator[Subject]:
        yield from serve(Setup(whole, classic=True, steady=False, graphs=2))


def test_an_idle_row_sees_one_position_and_writes_where_nothing_is(half: Plan) -> None:
    decoder = Setup(half).decoder()
    decoder.prefill(2, half.table.states(list(range(4, 44))))
    decoder.prefill(1, half.table.states([4, 5, 6]))
    decoder.decode([1], half.table.states([7]))
    fed = {name: view[:, 0].tolist() for name, view in decoder.tokens.views.items() if name != "states"}
    assert fed["positions"] == [0, 3, 0, 0]
    assert fed["kv_length"] == [1, 4, 1, 1]
    assert fed["write_index"] == [0, 3, 40, 0]
    decoder.close()


@pytest.mark.parametrize("elements", ["float32", "float16"])
def test_the_demonstration_model_gives_the_tokens_of_the_cpu_engine(
    elements: str, model_file: Path, exact: ModelExecutor, tmp_path: Path
) -> None:
    plan = make_plan(tmp_path, model_file, elements, positions=32, rows=2, tokens=16)
    decoder = Setup(plan, slots=2, shelves=0, context=31, chunk=16).decoder()
    prompt = exact.tokenizer.encode("The three primary colours are red,", special=False)
    exact.decoder.keep(0, 0)
    expected = greedy(exact.decoder, exact.table, prompt, 6)
    exact.decoder.keep(0, 0)
    assert greedy(decoder, plan.table, prompt, 6) == expected
    decoder.close()


def greedy(decoder: Decoder, table: States, prompt: list[int], count: int) -> list[int]:
    """The likeliest continuation."""
    logits = decoder.prefill(0, table.states(prompt))
    made: list[int] = []
    for _ in range(count):
        made.append(int(logits.argmax()))
        logits = decoder.decode([0], table.states(made[-1:]))[0]
    return made
