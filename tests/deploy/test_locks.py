import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.locks import HEADER, LOCKS, Lock, foreign_words, make_locks, uv_arguments
from deploy.step import Job
from deploy.troubles import NoUv, ToolFailed
from tests.deploy.places import ROOT, bare_checkout, fake_program, quiet_job, shown


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def normal(requirement: str) -> str:
    """The name in a requirement, as package indexes spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()


def pins(name: str) -> dict[str, set[str]]:
    """The versions of a lock file by package: more than one where Python versions differ."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    for package, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE):
        found.setdefault(normal(package), set()).add(version)
    return found


def asked_for(lock: Lock) -> set[str]:
    """The names in pyproject.toml that belong in a lock."""
    data = project()
    if lock.group:
        wanted: list[str] = data["dependency-groups"][lock.group]
        return {normal(requirement) for requirement in wanted}
    extras = data["project"]["optional-dependencies"]
    wanted = [*data["project"]["dependencies"], *(one for extra in lock.extras for one in extras[extra])]
    return {normal(requirement) for requirement in wanted}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_all_that_the_project_asks_for(lock: Lock) -> None:
    assert asked_for(lock) <= set(pins(lock.name))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_line_of_a_lock_is_an_exact_version_with_hashes(lock: Lock) -> None:
    text = (ROOT / "requirements" / f"{lock.name}.lock").read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    assert foreign_words(text) == []
    for entry in text.removeprefix(HEADER).replace("\\\n", " ").splitlines():
        assert re.fullmatch(r"[a-z0-9._-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry), entry


def test_the_tests_run_with_the_very_versions_that_users_run_with() -> None:
    test = pins("test")
    assert {name: test.get(name) for name in pins("runtime")} == pins("runtime")


def test_a_line_that_holds_for_one_machine_only_is_found() -> None:
    for line in (
        "--index-url https://mirror.example/simple",
        "-i https://mirror.example",
        "--find-links /opt/wheels",
        "tea @ file:///opt/tea.whl",
    ):
        assert foreign_words(f"a==1\n{line}\n") == [line]


def test_a_lock_is_made_for_all_platforms_and_says_nothing_about_its_index() -> None:
    words = uv_arguments(
        Lock("test", extras=("web",), agrees_with="runtime"), Path("root"), Path("out"), upgrade=False
    )
    assert {"--universal", "--generate-hashes", "--no-emit-index-url"} <= set(words)
    assert words[words.index("--extra") + 1] == "web"
    assert words[words.index("--constraints") + 1] == str(Path("root", "requirements", "runtime.lock"))
    assert "--upgrade" not in words


def job_with_uv(folder: Path, line: str) -> Job:
    """A job whose uv answers every question with this line, and that has locks already."""
    checkout = bare_checkout(folder)
    for lock in LOCKS:
        checkout.lock(lock.name).write_text("as it was\n")
    code = (
        "import pathlib, sys\n"
        "output = sys.argv[sys.argv.index('--output-file') + 1]\n"
        f"pathlib.Path(output).write_text({line!r})"
    )
    return replace(quiet_job(checkout), uv=str(fake_program(folder / "programs", "uv", code)))


def test_every_lock_is_made_with_its_header_and_nothing_is_left_over(tmp_path: Path) -> None:
    job = job_with_uv(tmp_path, "tea==1.0\n")
    make_locks(job, upgrade=False)
    for lock in LOCKS:
        assert job.checkout.lock(lock.name).read_text() == HEADER + "tea==1.0\n"
    assert list(job.checkout.records.glob("*.lock")) == []
    assert "Lock model" in shown(job)


def test_a_lock_that_would_hold_for_one_machine_only_is_not_written(tmp_path: Path) -> None:
    job = job_with_uv(tmp_path, "tea @ file:///opt/tea.whl\n")
    with pytest.raises(ToolFailed, match="this machine only"):
        make_locks(job, upgrade=False)
    assert job.checkout.lock("runtime").read_text() == "as it was\n"


def test_without_uv_the_line_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NoUv, match="pip install uv"):
        make_locks(quiet_job(bare_checkout(tmp_path)), upgrade=False)
