"""The door to NVML, NVIDIA's management library; the only file that imports pynvml.

Source: https://docs.nvidia.com/deploy/nvml-api. A figure that a card or a driver does not give is
None; consumer cards on Windows, for one, keep the memory of each process to themselves.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import pynvml  # pyright: ignore[reportMissingTypeStubs]
from msgspec import Struct

MB = 1_000_000
MOST_USERS = 32


class CardUser(Struct, frozen=True):
    """A process that uses the card, ours included."""

    pid: int
    memory_mb: int | None


class CardFigures(Struct, frozen=True):
    name: str
    utilisation: int | None  # percent of the last sample period in which a kernel ran
    memory_used_mb: int
    memory_total_mb: int
    temperature_c: int | None
    power_w: float | None
    users: tuple[CardUser, ...] = ()


class Cards(Struct, frozen=True):
    """At least one card, in the driver's order."""

    cards: tuple[CardFigures, ...]


class Absent(Struct, frozen=True):
    """No figures; `why` is one line for people."""

    reason: Literal["no_driver", "no_card", "no_permission", "card_lost", "failed"]
    why: str


class Gauge(Protocol):
    """What the door gives: figures of all cards, or why there are none. Never raises; may take its time."""

    def read(self) -> Cards | Absent: ...

    def close(self) -> None: ...


class Nvml:
    """The real gauge.

    NVML is opened at the first reading, and again after a failure: a driver may come and go.
    `library` is pynvml, or what the tests put in its place.
    """

    def __init__(self, library: Any = pynvml) -> None:
        self.library = library
        self.open = False

    def read(self) -> Cards | Absent:
        try:
            if not self.open:
                self.library.nvmlInit()
                self.open = True
            count = self.library.nvmlDeviceGetCount()
            if count == 0:
                return Absent("no_card", "The NVIDIA driver sees no card.")
            return Cards(tuple(self.card(self.library.nvmlDeviceGetHandleByIndex(at)) for at in range(count)))
        except self.library.NVMLError as error:
            self.close()
            return self.absent(error)

    def close(self) -> None:
        if self.open:
            self.open = False
            self.given(self.library.nvmlShutdown)

    def card(self, handle: Any) -> CardFigures:
        library = self.library
        memory = library.nvmlDeviceGetMemoryInfo(handle)
        name = library.nvmlDeviceGetName(handle)
        rates = self.given(library.nvmlDeviceGetUtilizationRates, handle)
        milliwatts = self.given(library.nvmlDeviceGetPowerUsage, handle)
        return CardFigures(
            name=name.decode(errors="replace") if isinstance(name, bytes) else str(name),
            utilisation=None if rates is None else int(rates.gpu),
            memory_used_mb=int(memory.used) // MB,
            memory_total_mb=int(memory.total) // MB,
            temperature_c=self.given(library.nvmlDeviceGetTemperature, handle, library.NVML_TEMPERATURE_GPU),
            power_w=None if milliwatts is None else milliwatts / 1000,
            users=self.users(handle),
        )

    def users(self, handle: Any) -> tuple[CardUser, ...]:
        """Who computes or draws on the card, the same process once."""
        found: dict[int, CardUser] = {}
        for ask in (
            self.library.nvmlDeviceGetComputeRunningProcesses,
            self.library.nvmlDeviceGetGraphicsRunningProcesses,
        ):
            for process in self.given(ask, handle) or ():
                memory = process.usedGpuMemory
                found[process.pid] = CardUser(process.pid, None if memory is None else int(memory) // MB)
        return tuple(found.values())[:MOST_USERS]

    def given(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        """The answer, or None where this card or driver does not give it."""
        try:
            return ask(*arguments)
        except self.library.NVMLError as error:
            if self.code(error) == self.library.NVML_ERROR_GPU_IS_LOST:
                raise
            return None

    def absent(self, error: Exception) -> Absent:
        library = self.library
        match self.code(error):
            case library.NVML_ERROR_LIBRARY_NOT_FOUND | library.NVML_ERROR_DRIVER_NOT_LOADED:
                return Absent("no_driver", "No NVIDIA driver is installed or loaded.")
            case library.NVML_ERROR_GPU_NOT_FOUND:
                return Absent("no_card", "The NVIDIA driver sees no card.")
            case library.NVML_ERROR_NO_PERMISSION:
                return Absent("no_permission", "This user may not ask the NVIDIA driver.")
            case library.NVML_ERROR_GPU_IS_LOST:
                return Absent("card_lost", "The card has fallen off the bus: restart the machine.")
            case library.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
                return Absent("no_driver", "The NVIDIA driver was updated while it ran: restart the machine.")
            case _:
                return Absent("failed", f"The NVIDIA driver fails: {error}.")

    @staticmethod
    def code(error: Exception) -> int:
        """NVML's number of an error (nvmlReturn_t)."""
        return int(getattr(error, "value", -1))
