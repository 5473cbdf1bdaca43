"""Small runs of the bench: real processes, real kills; and each planted bug is caught."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.bench import Outcome, run
from tests.faults.planted import CONTROLS
from tests.faults.report import report
from tests.faults.rig import BenchOrder

pytestmark = pytest.mark.timeout(300)

QUICK_S = 0.04  # between two tokens


def ran(order: BenchOrder, folder: Path) -> Outcome:
    return asyncio.run(run(order, folder, print))


def test_replies_stay_whole_under_kills_and_a_bad_line(tmp_path: Path) -> None:
    outcome = ran(BenchOrder(seed=4, streams=8, kills=8, reader_trouble_s=3.0, token_s=QUICK_S), tmp_path)
    assert outcome.verdict.clean, outcome.verdict.examples
    said = report(outcome)
    assert said["faults_on_live_streams"] > 0
    assert sum(said["kills"].values()) == 8
    assert said["reader_reconnects"] > 0


def test_readers_that_come_and_go_see_every_byte(tmp_path: Path) -> None:
    outcome = ran(BenchOrder(seed=5, streams=6, reconnects=60, token_s=QUICK_S), tmp_path)
    assert outcome.verdict.clean, outcome.verdict.examples
    assert outcome.reconnects >= 60


@pytest.mark.parametrize("control", CONTROLS)
def test_a_planted_bug_is_caught(tmp_path: Path, control: str) -> None:
    outcome = ran(BenchOrder(seed=6, streams=4, kills=1, control=control, token_s=QUICK_S), tmp_path)
    counts = {"drop": "lost", "duplicate": "duplicated", "reorder": "reordered", "alter": "altered"}
    assert getattr(outcome.verdict, counts[control]) > 0
