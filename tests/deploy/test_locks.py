import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from deploy.locks import HEADER, LOCKS, Lock, foreign_words, make_locks, uv_arguments
from deploy.troubles import NoUv
from tests.deploy.places import ROOT, bare_checkout, quiet_job


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


def test_without_uv_the_line_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NoUv, match="pip install uv"):
        make_locks(quiet_job(bare_checkout(tmp_path)), upgrade=False)
