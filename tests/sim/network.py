"""The simulator's network: a line between web node and GPU box that drops, repeats, reorders and is cut."""

from collections.abc import Callable
from random import Random

from msgspec import Struct

from tests.sim.clock import SimLoop


class Weather(Struct):
    """Chances per frame, and the delay in seconds."""

    drop: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    delay_s: float = 0.002


class Line:
    """Both directions between two ends. A cut loses what is sent meanwhile and what is on its way."""

    def __init__(self, loop: SimLoop, random: Random, weather: Weather) -> None:
        self.loop = loop
        self.random = random
        self.weather = weather
        self.cut = False
        self.epoch = 0  # frames of an older epoch never arrive

    def carry(self, frame: bytes, arrive: Callable[[bytes], None]) -> None:
        weather = self.weather
        if self.cut or self.random.random() < weather.drop:
            return
        self.later(frame, arrive, weather.delay_s)
        if self.random.random() < weather.repeat:
            self.later(frame, arrive, weather.delay_s * self.random.uniform(1, 30))

    def later(self, frame: bytes, arrive: Callable[[bytes], None], delay_s: float) -> None:
        if self.random.random() < self.weather.reorder:
            delay_s *= self.random.uniform(1, 20)
        epoch = self.epoch
        self.loop.call_later(delay_s, lambda: arrive(frame) if epoch == self.epoch and not self.cut else None)

    def mend(self) -> None:
        self.cut = False

    def break_connection(self) -> None:
        """What was on its way is lost (a reset, a dialling anew, a killed process)."""
        self.epoch += 1
