"""Huge pages: which memory is moved, and that nothing in it changes."""

import mmap
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gpu_actor.engine import huge_pages
from gpu_actor.engine.huge_pages import HUGE, move_into_huge_pages, whole_pages


def test_only_what_is_written_to_and_is_no_file_is_moved() -> None:
    assert list(whole_pages("00200000-00600000 rw-p 00000000 00:00 0 ")) == [0x200000, 0x400000]
    assert list(whole_pages("001ff000-00601000 rw-p 00000000 00:00 0   [heap]")) == [0x200000, 0x400000]
    assert not whole_pages("00201000-00400000 rw-p 00000000 00:00 0 ")
    assert not whole_pages("00200000-00600000 r--p 00000000 00:00 0 ")
    assert not whole_pages("00200000-00600000 rw-s 00000000 00:00 0 ")
    assert not whole_pages("00200000-00600000 rw-p 00000000 fe:00 77   /models/a file.gguf")
    assert not whole_pages("7ffc0000-80000000 rw-p 00000000 00:00 0   [stack]")


@pytest.mark.skipif(sys.platform != "linux", reason="the advice is Linux's")
def test_what_lies_in_memory_stays_as_it_was() -> None:
    with mmap.mmap(-1, 4 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        numbers = np.frombuffer(memory, np.uint32)
        numbers[:] = np.arange(len(numbers))
        move_into_huge_pages()
        assert np.array_equal(numbers, np.arange(len(numbers)))
        del numbers


def test_nothing_is_moved_where_the_administrator_wants_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huge_pages, "SWITCH", tmp_path / "enabled")
    assert move_into_huge_pages() == 0
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    assert move_into_huge_pages() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the advice is Linux's")
def test_memory_that_is_not_wanted_in_huge_pages_is_left_alone() -> None:
    with mmap.mmap(-1, 4 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        memory[:] = b"\1" * len(memory)
        move_into_huge_pages()
        areas = Path("/proc/self/smaps").read_text(encoding="utf-8").split("VmFlags:")
        unwanted = [area for area, after in pairwise(areas) if " nh" in after.split("\n", 1)[0]]
        assert unwanted
        assert all("AnonHugePages:         0 kB" in area for area in unwanted)
