"""The TensorRT decoder on the device that computes on the CPU: the contract of every runtime."""

from collections.abc import Iterator

import pytest

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
