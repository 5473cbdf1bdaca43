from pathlib import Path

import pytest

from deploy.machine import Answer
from deploy.troubles import NotThisMachine
from deploy.windows.pythons import find_python, listed_by_launcher, look_at
from tests.deploy.windows.pc import PYTHON, FakePc, fake_pc, python_says

STORE = "C:\\Users\\anna\\AppData\\Local\\Microsoft\\WindowsApps\\python.exe"
STORE_PREFIX = "C:\\Program Files\\WindowsApps\\PythonSoftwareFoundation.Python.3.13_3.13.1_x64"
OLD = "C:\\Python39\\python.exe"
OLDER_LAUNCHER = " -3.12-64        C:\\Py 312\\python.exe *\n -3.9-64        C:\\Python39\\python.exe\n"
LAUNCHER = " -V:3.13 *        C:\\Python313\\python.exe\n -V:3.9           C:\\Python39\\python.exe\n"


@pytest.fixture
def pc(tmp_path: Path) -> FakePc:
    pc = fake_pc(tmp_path)
    pc.pythons.clear()
    return pc


def test_the_link_to_the_store_is_told_from_a_python(pc: FakePc) -> None:
    assert "Microsoft Store's shop" in look_at(pc, Path(STORE)).fault
    pc.pythons[STORE] = Answer(0, "")  # some Windows versions end with 0 and say nothing
    assert "Microsoft Store's shop" in look_at(pc, Path(STORE)).fault


def test_the_python_of_the_store_will_not_do(pc: FakePc) -> None:
    pc.pythons[STORE] = python_says((3, 13), STORE_PREFIX, STORE)
    assert "hides its data" in look_at(pc, Path(STORE)).fault


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (python_says((3, 9), "C:\\Python39", OLD), "is 3.9"),
        (python_says((3, 19), "C:\\Python319", OLD), "3.11, 3.12, 3.13 or 3.14 is needed"),
        (python_says((3, 13), "C:\\Python313", OLD, bits=32), "32-bit"),
        (Answer(1, "Fatal Python error"), "does not run"),
        (Answer(0, "hello"), "does not answer"),
    ],
)
def test_a_python_that_will_not_do_has_its_reason(pc: FakePc, answer: Answer, word: str) -> None:
    pc.pythons[OLD] = answer
    assert word in look_at(pc, Path(OLD)).fault


def test_the_launchers_list_is_read_in_its_new_and_its_old_form() -> None:
    assert listed_by_launcher(LAUNCHER) == [Path(PYTHON), Path(OLD)]
    assert listed_by_launcher(OLDER_LAUNCHER) == [Path("C:\\Py 312\\python.exe"), Path(OLD)]


def test_the_best_python_is_taken_whoever_runs_the_installer(pc: FakePc) -> None:
    pc.launcher = LAUNCHER
    pc.pythons[OLD] = python_says((3, 9), "C:\\Python39", OLD)
    pc.pythons[PYTHON] = python_says((3, 13), "C:\\Python313", PYTHON)
    assert find_python(pc, Path(OLD)) == Path(PYTHON)
    assert f"{OLD} is 3.9" in pc.said()


def test_an_environment_leads_to_the_python_below_it(pc: FakePc) -> None:
    inside, below = "C:\\venv\\Scripts\\python.exe", "C:\\Python312\\python.exe"
    pc.pythons[inside] = python_says((3, 12), "C:\\Python312", below)
    assert find_python(pc, Path(inside)) == Path(below)


def test_where_there_is_none_winget_brings_one(pc: FakePc) -> None:
    def bring(pc: FakePc) -> None:
        pc.launcher = LAUNCHER
        pc.pythons[PYTHON] = python_says((3, 13), "C:\\Python313", PYTHON)

    pc.winget = bring
    assert find_python(pc, Path(STORE)) == Path(PYTHON)
    assert len(pc.did("winget", "install")) == 1


def test_what_was_just_installed_is_found_before_it_is_on_path(pc: FakePc, tmp_path: Path) -> None:
    fresh = tmp_path / "Programs" / "Python" / "Python313" / "python.exe"
    pc.environ = {"LOCALAPPDATA": str(tmp_path)}

    def bring(pc: FakePc) -> None:
        fresh.parent.mkdir(parents=True)
        fresh.touch()
        pc.pythons[str(fresh)] = python_says((3, 13), str(fresh.parent), str(fresh))

    pc.winget = bring
    assert find_python(pc, Path(OLD)) == fresh


def test_without_winget_the_line_says_what_to_install(pc: FakePc) -> None:
    with pytest.raises(NotThisMachine, match=r"python\.org"):
        find_python(pc, Path(STORE))


def test_a_winget_that_brings_nothing_is_told_too(pc: FakePc) -> None:
    pc.winget = lambda _pc: None
    with pytest.raises(NotThisMachine, match="winget brought none"):
        find_python(pc, Path(STORE))
