"""How a reader dials again after a cut: as the page does (web/ui/src/wire/line.ts)."""

import random

FIRST_PAUSE_S, LONGEST_PAUSE_S, QUICK_TRIES = 0.25, 8.0, 16


def pause_s(tries: int, draw: random.Random) -> float:
    """Before the next dialling, after so many in vain."""
    if tries == 0:
        return 0.0
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** max(0, tries - QUICK_TRIES))
    return longest * draw.uniform(0.5, 1.0)
