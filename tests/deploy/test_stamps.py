import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stamps import (
    files_below,
    fingerprint,
    read_stamp,
    tree_fingerprint,
    write_in_one_move,
    write_stamp,
)
from tests.deploy.places import ROOT

KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from deploy.stamps import write_in_one_move
os.fsync = lambda _handle: os.kill(os.getpid(), signal.SIGKILL)
write_in_one_move(Path(sys.argv[1]), "the new text")
"""


def test_a_fingerprint_changes_with_the_content_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    missing = fingerprint(file)
    file.write_text("one")
    first = fingerprint(file)
    file.write_text("two")
    assert len({missing, first, fingerprint(file)}) == 3


def test_a_fingerprint_tells_where_one_part_ends_and_the_next_begins() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("a") != fingerprint("a", "")


def test_the_fingerprint_of_a_folder_changes_with_names_contents_and_new_files(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("a")
    seen = {tree_fingerprint(tmp_path, without=())}
    (tmp_path / "src" / "a.ts").write_text("b")
    seen.add(tree_fingerprint(tmp_path, without=()))
    (tmp_path / "src" / "a.ts").rename(tmp_path / "src" / "b.ts")
    seen.add(tree_fingerprint(tmp_path, without=()))
    (tmp_path / "src" / "c.ts").write_text("")
    seen.add(tree_fingerprint(tmp_path, without=()))
    assert len(seen) == 4


def test_what_is_left_out_of_a_folder_does_not_change_its_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("a")
    before = tree_fingerprint(tmp_path, without=("node_modules",))
    (tmp_path / "src" / "node_modules").mkdir()
    (tmp_path / "src" / "node_modules" / "x.js").write_text("x")
    assert tree_fingerprint(tmp_path, without=("node_modules",)) == before
    assert files_below(tmp_path, without=("node_modules",)) == [tmp_path / "src" / "a.ts"]


def test_a_stamp_is_read_as_it_was_written(tmp_path: Path) -> None:
    stamp = tmp_path / "stamps" / "packages"
    assert read_stamp(stamp) is None
    write_stamp(stamp, "abc")
    assert read_stamp(stamp) == "abc"
    assert list(stamp.parent.iterdir()) == [stamp]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_writer_that_is_killed_leaves_the_old_text_whole(tmp_path: Path) -> None:
    file = tmp_path / "stamp"
    write_in_one_move(file, "the old text")
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, file], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert file.read_text() == "the old text"
