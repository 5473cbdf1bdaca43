import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from actors.messages.control import Dial
from actors.private_files import ExposedFileError, read_private, write_private
from supervisor.data_folder import DataFolder, default_data_folder
from supervisor.errors import BrokenKeyError, DataFolderError, NodeRunningError, NotRunningError
from supervisor.keys import kept_key_pair, web_node_key
from supervisor.node_file import NodeFile, forget_node, read_node, start_of, write_node

ROOT = Path(__file__).parents[2]
DIAL = Dial("tcp://127.0.0.1:1", "s", "p", "x", "command line")


def made(path: Path) -> DataFolder:
    data = DataFolder(path)
    data.make()
    return data


def node_file(pid: int, started: float) -> NodeFile:
    return NodeFile(pid, started, "boot", "1", DIAL, "token")


def test_the_default_folder_is_the_platforms_own() -> None:
    home = Path.home()
    assert default_data_folder({"XDG_DATA_HOME": "/x"}, "linux") == Path("/x/samovar")
    assert default_data_folder({}, "linux") == home / ".local" / "share" / "samovar"
    assert default_data_folder({"XDG_DATA_HOME": "relative"}, "linux") == home / ".local/share/samovar"
    assert default_data_folder({"LOCALAPPDATA": "/l"}, "win32") == Path("/l/samovar")
    assert default_data_folder({}, "win32") == home / "AppData" / "Local" / "samovar"


def test_what_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = made(tmp_path / "deep" / "data")
    for folder in (data.root, *data.root.iterdir()):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert {folder.name for folder in data.root.iterdir()} == {
        "keys",
        "db",
        "assets",
        "run",
        "logs",
        "backup",
    }
    data.make()


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match=r"cannot be made: .*--data") as caught:
        DataFolder(tmp_path / "file" / "data").make()
    assert "\n" not in str(caught.value)


def test_a_second_node_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    data = made(tmp_path)
    with data.locked(), pytest.raises(NodeRunningError, match=r"runs on .* already"), data.locked():
        pass
    with data.locked():
        pass


def test_the_lock_of_a_node_that_was_killed_is_free(tmp_path: Path) -> None:
    data = made(tmp_path)
    code = (
        "import sys, threading; from pathlib import Path; from supervisor.data_folder import DataFolder\n"
        "with DataFolder(Path(sys.argv[1])).locked():\n"
        "    print('held', flush=True); threading.Event().wait()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(NodeRunningError), data.locked():
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with data.locked():
        pass


def test_the_file_of_the_running_node_is_read_back(tmp_path: Path) -> None:
    data = made(tmp_path)
    process = psutil.Process()
    node = node_file(process.pid, start_of(process))
    write_node(data, node)
    assert read_node(data) == node
    forget_node(data)
    with pytest.raises(NotRunningError, match="Start one with: samovar up"):
        read_node(data)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system keeps the time of the start itself")
def test_a_node_is_found_after_the_clock_of_the_machine_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(tmp_path)
    write_node(data, node_file(os.getpid(), start_of(psutil.Process())))
    booted, started, set_by = psutil.boot_time(), psutil.Process().create_time(), 3_600.0

    def later(_: object = None) -> float:
        return started + set_by

    monkeypatch.setattr(psutil, "boot_time", lambda: booted + set_by)
    monkeypatch.setattr(psutil.Process, "create_time", later)
    assert read_node(data).pid == os.getpid()


def test_a_node_whose_process_number_belongs_to_another_process_now_does_not_run(tmp_path: Path) -> None:
    data = made(tmp_path)
    write_node(data, node_file(os.getpid(), start_of(psutil.Process()) - 100))
    with pytest.raises(NotRunningError):
        read_node(data)


def test_a_node_whose_process_is_gone_does_not_run(tmp_path: Path) -> None:
    data = made(tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_node(data, node_file(ended.pid, 1.0))
    with pytest.raises(NotRunningError):
        read_node(data)


def test_a_secret_replaces_the_old_one_whole_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = made(tmp_path)
    path = data.keys / "k"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_private(path) == b"new"
    assert list(data.keys.iterdir()) == [path]


def test_what_a_power_cut_left_behind_is_no_hindrance(tmp_path: Path) -> None:
    data = made(tmp_path)
    (data.keys / "k.new").write_text("half")
    write_private(data.keys / "k", b"whole")
    assert read_private(data.keys / "k") == b"whole"


@pytest.mark.skipif(sys.platform == "win32", reason="rights there come from the folder above")
@pytest.mark.parametrize(("place", "mode", "remedy"), [("k", 0o640, "chmod 600"), (".", 0o755, "chmod 700")])
def test_a_secret_that_others_may_read_is_refused_with_the_remedy(
    tmp_path: Path, place: str, mode: int, remedy: str
) -> None:
    data = made(tmp_path)
    write_private(data.keys / "k", b"x")
    exposed = data.keys / place
    exposed.chmod(mode)
    with pytest.raises(ExposedFileError) as caught:
        read_private(data.keys / "k")
    command = str(caught.value).partition("Mend it with: ")[2]
    assert command == f'{remedy} "{exposed}"'
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert read_private(data.keys / "k") == b"x"


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    data = made(tmp_path)
    pair = web_node_key(data.keys)
    assert web_node_key(data.keys) == pair
    assert (data.keys / "web_node.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"{}", b'{"public": "short", "secret": "short"}', b"\xff"])
def test_a_key_file_without_a_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    data = made(tmp_path)
    path = data.keys / "web_node.json"
    write_private(path, content)
    with pytest.raises(BrokenKeyError, match="holds no key"):
        kept_key_pair(path)
    assert path.read_bytes() == content
