import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.cgroups import MB, MemoryGroup, descendants, group_at, memory_group, pss
from deploy.measure_memory import Watched, figures

GREEDY = "x = bytearray(200_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1"
SHOW = "import json, os, sys; print(json.dumps([os.getpid(), sys.argv[1:]]))"
ANSWERS = {
    1: {
        "memory.usage_in_bytes": "90000000\n",
        "memory.max_usage_in_bytes": "95000000\n",
        "memory.stat": "rss 1\ninactive_file 2\ntotal_rss 60000000\ntotal_inactive_file 20000000\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    },
    2: {
        "memory.current": "90000000\n",
        "memory.peak": "95000000\n",
        "memory.stat": "anon 60000000\nfile 30000000\ninactive_file 20000000\n",
        "memory.events": "low 0\noom 4\noom_kill 3\n",
    },
}


@pytest.mark.parametrize("version", [1, 2])
def test_both_versions_are_read_alike(tmp_path: Path, version: int) -> None:
    for name, text in ANSWERS[version].items():
        (tmp_path / name).write_text(text)
    group = MemoryGroup(tmp_path, version)
    assert (group.used, group.anonymous, group.peak, group.killed) == (70_000_000, 60_000_000, 95_000_000, 3)


def test_a_kernel_that_keeps_no_peak_says_none(tmp_path: Path) -> None:
    assert MemoryGroup(tmp_path, 2).peak == 0


def test_where_there_are_no_groups_none_is_made(tmp_path: Path) -> None:
    assert group_at(tmp_path, "samovar-test") is None
    assert list(tmp_path.iterdir()) == []
    with memory_group(MB, tmp_path) as group:
        assert group is None


def test_the_shares_of_all_descendants_are_summed() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as parent:
        while len(descendants(parent.pid)) < 2:
            assert parent.poll() is None
        assert pss(descendants(parent.pid)) > pss([parent.pid]) > 0
        parent.kill()
        assert parent.stdin is not None
    assert pss([parent.pid]) == 0


def test_what_takes_more_than_the_limit_is_ended_and_counted(tmp_path: Path) -> None:
    with memory_group(40 * MB) as group:
        if group is None:
            pytest.skip("this user may make no memory cgroup")
        watched = Watched([sys.executable, "-c", GREEDY], group, tmp_path / "log")
        watched.watch_for(30.0)
        assert watched.process.wait(10) != 0
        told = figures(watched)
        assert told["killed_by_the_limit"] >= 1
        assert 0 < told["peak_with_file_pages_mb"] <= 41
        folder = group.folder
    assert not folder.exists()


def test_without_a_group_the_answer_says_how_it_was_measured(tmp_path: Path) -> None:
    watched = Watched([sys.executable, "-c", "import time; time.sleep(0.5)"], None, tmp_path / "log")
    watched.watch_for(10.0)
    assert watched.process.wait(10) == 0
    told = figures(watched)
    assert told["peak_mb"] > 1
    assert "proportional" in told["by"]


def test_a_program_in_a_group_keeps_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").touch()
    words = ["a b", "$HOME", "'"]
    show = [sys.executable, "-c", SHOW, *words]
    with subprocess.Popen(MemoryGroup(tmp_path, 2).within(show), stdout=subprocess.PIPE) as process:
        assert json.loads(process.communicate()[0]) == [process.pid, words]
    assert (tmp_path / "cgroup.procs").read_text() == f"{process.pid}\n"
    assert os.getpid() != process.pid
