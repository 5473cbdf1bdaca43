"""Failures one by one, end to end: a small deployment, its readers, and one thing that goes wrong."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from actors.planting import VARIABLE
from tests.faults.bench import check_logs
from tests.faults.planted import DEATH_MARK
from tests.faults.rig import BenchOrder, Rig, rigged
from tests.faults.scripted_engine import STUCK_MARK
from tests.faults.split_node import SplitNode

pytestmark = pytest.mark.timeout(240)

ORDER = BenchOrder(seed=9, streams=4, token_s=0.05, reader_trouble_s=0)
IN_TIME_S = 60.0

Trouble = Callable[[Rig], Awaitable[None]]


def replies_stay_whole(
    folder: Path, trouble: Trouble, environ: Mapping[str, str], order: BenchOrder = ORDER
) -> None:
    """Readers ask, `trouble` happens while they read, and every reply comes to its end whole."""

    async def scenario() -> None:
        async with rigged(order, folder, print, environ) as rig:
            rig.readers.command("trouble")
            await trouble(rig)
            all_begun = rig.readers.until(
                lambda told: told["live"] + told["replies"] >= order.streams, IN_TIME_S
            )
            assert await all_begun
            rig.readers.command("drain")
            assert await rig.readers.until(lambda told: told["asking"] == 0, IN_TIME_S), rig.readers.told

    asyncio.run(scenario())
    verdict, _ = check_logs(order, folder)
    assert verdict.clean, verdict.examples
    assert verdict.replies >= order.streams


async def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + IN_TIME_S
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def row_of(node: SplitNode, name: str) -> dict[str, Any]:
    status = await node.status()
    return next(row for row in status["processes"] if row["name"] == name)


def problems(folder: Path) -> str:
    lines = [line for log in folder.glob("reader-*.log") for line in log.read_text().splitlines()]
    return "\n".join(line for line in lines if '"type":"problem"' in line)


def test_a_web_process_that_dies_between_commit_and_showing_loses_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "died"

    async def trouble(rig: Rig) -> None:
        await wait_for(mark.exists)
        await rig.deployment.web.wait_for("web")

    environ = {VARIABLE: "death-before-showing", DEATH_MARK: str(mark)}
    replies_stay_whole(tmp_path, trouble, environ)


def test_an_engine_whose_step_never_ends_is_started_anew(tmp_path: Path) -> None:
    mark = tmp_path / "stuck"

    async def trouble(rig: Rig) -> None:
        await wait_for(mark.exists)
        first = await rig.deployment.gpu.wait_for("engine")
        await wait_for(lambda: rig.deployment.gpu.find("engine") not in {None, first})
        assert "step of the engine has not ended" in (await row_of(rig.deployment.gpu, "engine"))["why"]

    order = BenchOrder(seed=9, streams=4, token_s=0.05, reader_trouble_s=0, settings={"step_limit_s": 1.0})
    replies_stay_whole(tmp_path, trouble, {STUCK_MARK: str(mark)}, order)


def test_a_disk_that_takes_nothing_is_waited_for(tmp_path: Path) -> None:
    """The kernel refuses every write of the web process beyond a size that its database has long passed."""

    async def trouble(rig: Rig) -> None:
        assert await rig.readers.until(lambda told: told["live"] > 0, IN_TIME_S)
        web = psutil.Process(await rig.deployment.web.wait_for("web"))
        web.rlimit(psutil.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        assert await rig.readers.until(lambda told: 0 < told["live"] == told["behind"], IN_TIME_S)
        await wait_for(lambda: '"code":"storage"' in problems(tmp_path))
        web.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        replies = rig.readers.told["replies"]
        assert await rig.readers.until(lambda told: told["replies"] > replies, IN_TIME_S)

    replies_stay_whole(tmp_path, trouble, {})


def test_a_box_of_another_version_is_refused_and_both_sides_say_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        environ = {VARIABLE: "another-version"}
        async with rigged(ORDER, tmp_path, print, environ, linked="refused") as rig:
            (shown,) = (await rig.deployment.web.status())["workers"]
            assert "update the older of the two" in shown["why"]
            link = (await rig.deployment.gpu.status())["facts"]["link"]
            assert "update the older of the two" in link["refusal"]

    asyncio.run(scenario())
