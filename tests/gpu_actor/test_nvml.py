"""The door to NVML: one contract for the real door and its stand-ins, with a library played by the test."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pynvml  # pyright: ignore[reportMissingTypeStubs]
import pytest

from gpu_actor.nvml import Absent, CardFigures, Cards, CardUser, Gauge, Nvml

real: Any = pynvml


class PlayedLibrary:
    """pynvml with one card; `failing` maps a function's name to the NVML error that it raises."""

    NVMLError = real.NVMLError
    NVML_TEMPERATURE_GPU = real.NVML_TEMPERATURE_GPU

    def __init__(self, cards: int = 1, **failing: int) -> None:
        self.failing = failing
        self.calls: list[str] = []
        users = [SimpleNamespace(pid=7, usedGpuMemory=500_000_000)]
        drawing = [SimpleNamespace(pid=7, usedGpuMemory=None), SimpleNamespace(pid=9, usedGpuMemory=None)]
        self.answers: dict[str, Any] = {
            "nvmlInit": None,
            "nvmlShutdown": None,
            "nvmlDeviceGetCount": cards,
            "nvmlDeviceGetHandleByIndex": 0,
            "nvmlDeviceGetName": "NVIDIA GeForce RTX 4070",
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=12_282_000_000, used=1_500_000_000),
            "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=37, memory=12),
            "nvmlDeviceGetTemperature": 55,
            "nvmlDeviceGetPowerUsage": 61_500,
            "nvmlDeviceGetComputeRunningProcesses": users,
            "nvmlDeviceGetGraphicsRunningProcesses": drawing,
        }

    def __getattr__(self, name: str) -> Any:
        if name.startswith("NVML_ERROR_"):
            return getattr(real, name)

        def call(*_: Any) -> Any:
            self.calls.append(name)
            if name in self.failing:
                raise self.NVMLError(self.failing[name])
            return self.answers[name]

        return call


class FakeNvml:
    """A gauge with two cards, for tests of what stands above it."""

    def read(self) -> Cards | Absent:
        card = CardFigures("Fake card", 10, 1_000, 8_000, 50, 30.0, (CardUser(1, None),))
        return Cards((card, card))

    def close(self) -> None: ...


class MisbehavingNvml:
    """A gauge whose driver comes, goes and forgets."""

    def __init__(self) -> None:
        self.readings = 0

    def read(self) -> Cards | Absent:
        self.readings += 1
        if self.readings % 2:
            return Absent("card_lost", "The card has fallen off the bus: restart the machine.")
        return Cards((CardFigures("Fake card", None, 0, 0, None, None),))

    def close(self) -> None: ...


GAUGES: dict[str, Callable[[], Gauge]] = {
    "real": Nvml,
    "played card": lambda: Nvml(PlayedLibrary(2)),
    "played failure": lambda: Nvml(PlayedLibrary(nvmlDeviceGetMemoryInfo=real.NVML_ERROR_UNKNOWN)),
    "fake": FakeNvml,
    "misbehaving": MisbehavingNvml,
}


@pytest.mark.parametrize("name", GAUGES)
def test_every_gauge_gives_figures_within_their_ranges_or_a_reason_in_words(name: str) -> None:
    gauge = GAUGES[name]()
    for _ in range(3):
        match gauge.read():
            case Cards(cards):
                assert cards
                for card in cards:
                    assert card.name
                    assert card.utilisation is None or 0 <= card.utilisation <= 100
                    assert 0 <= card.memory_used_mb <= card.memory_total_mb
                    assert card.temperature_c is None or -50 < card.temperature_c < 150
                    assert card.power_w is None or card.power_w >= 0
            case Absent(reason, why):
                assert reason
                assert why.endswith(".")
                assert "\n" not in why
    gauge.close()
    gauge.close()


def test_figures_are_converted_to_our_units() -> None:
    gauge = Nvml(PlayedLibrary())
    assert gauge.read() == Cards(
        (
            CardFigures(
                name="NVIDIA GeForce RTX 4070",
                utilisation=37,
                memory_used_mb=1_500,
                memory_total_mb=12_282,
                temperature_c=55,
                power_w=61.5,
                users=(CardUser(7, None), CardUser(9, None)),
            ),
        )
    )


def test_a_name_in_bytes_is_text() -> None:
    library = PlayedLibrary()
    library.answers["nvmlDeviceGetName"] = b"Tesla \xff"
    cards = Nvml(library).read()
    assert isinstance(cards, Cards)
    assert cards.cards[0].name == "Tesla \ufffd"


@pytest.mark.parametrize(
    ("function", "field"),
    [
        ("nvmlDeviceGetUtilizationRates", "utilisation"),
        ("nvmlDeviceGetTemperature", "temperature_c"),
        ("nvmlDeviceGetPowerUsage", "power_w"),
    ],
)
def test_a_figure_that_a_card_does_not_give_is_none_and_the_others_stay(function: str, field: str) -> None:
    cards = Nvml(PlayedLibrary(**{function: real.NVML_ERROR_NOT_SUPPORTED})).read()
    assert isinstance(cards, Cards)
    assert getattr(cards.cards[0], field) is None
    assert cards.cards[0].memory_total_mb == 12_282


@pytest.mark.parametrize(
    ("function", "code", "reason"),
    [
        ("nvmlInit", "NVML_ERROR_LIBRARY_NOT_FOUND", "no_driver"),
        ("nvmlInit", "NVML_ERROR_DRIVER_NOT_LOADED", "no_driver"),
        ("nvmlInit", "NVML_ERROR_LIB_RM_VERSION_MISMATCH", "no_driver"),
        ("nvmlInit", "NVML_ERROR_NO_PERMISSION", "no_permission"),
        ("nvmlInit", "NVML_ERROR_UNKNOWN", "failed"),
        ("nvmlDeviceGetCount", "NVML_ERROR_GPU_NOT_FOUND", "no_card"),
        ("nvmlDeviceGetMemoryInfo", "NVML_ERROR_GPU_IS_LOST", "card_lost"),
        ("nvmlDeviceGetTemperature", "NVML_ERROR_GPU_IS_LOST", "card_lost"),
    ],
)
def test_absence_has_a_name(function: str, code: str, reason: str) -> None:
    absent = Nvml(PlayedLibrary(**{function: getattr(real, code)})).read()
    assert isinstance(absent, Absent)
    assert absent.reason == reason


def test_a_driver_without_a_card_is_absent_by_name() -> None:
    assert Nvml(PlayedLibrary(cards=0)).read() == Absent("no_card", "The NVIDIA driver sees no card.")


def test_the_driver_is_opened_once_and_again_after_a_failure() -> None:
    library = PlayedLibrary()
    gauge = Nvml(library)
    gauge.read()
    gauge.read()
    assert library.calls.count("nvmlInit") == 1
    library.failing = {"nvmlDeviceGetCount": real.NVML_ERROR_UNKNOWN}
    assert isinstance(gauge.read(), Absent)
    assert library.calls.count("nvmlShutdown") == 1
    library.failing = {}
    assert isinstance(gauge.read(), Cards)
    assert library.calls.count("nvmlInit") == 2


def test_a_driver_that_fails_to_close_is_closed_all_the_same() -> None:
    library = PlayedLibrary(nvmlShutdown=real.NVML_ERROR_UNKNOWN)
    gauge = Nvml(library)
    gauge.read()
    gauge.close()
    gauge.close()
    assert library.calls.count("nvmlShutdown") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a Windows machine of ours has a card")
def test_a_machine_without_a_driver_says_so() -> None:
    try:
        real.nvmlInit()
    except real.NVMLError_LibraryNotFound:
        assert Nvml().read() == Absent("no_driver", "No NVIDIA driver is installed or loaded.")
    else:
        real.nvmlShutdown()
        assert not (isinstance(absent := Nvml().read(), Absent) and absent.reason == "no_driver")
