"""StepWatch: whether the work under way has taken too long. Pure.

Time counts only while somebody looks: a machine that slept in the middle of a step is not stuck.
"""


class StepWatch:
    """To be asked every `tick_s`."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.tick_s = min(1.0, limit_s / 4)
        self.number = 0
        self.taken_s = 0.0

    def is_stuck(self, number: int, elapsed_s: float) -> bool:
        """`number`: of the piece of work under way, 0 for none; `elapsed_s` since it was asked last."""
        if number == 0 or number != self.number:
            self.number, self.taken_s = number, 0.0
            return False
        self.taken_s += min(elapsed_s, 2 * self.tick_s)
        return self.taken_s > self.limit_s
