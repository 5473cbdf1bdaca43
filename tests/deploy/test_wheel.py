import os
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from deploy.checkout import Checkout
from deploy.locks import LOCKS
from deploy.stamps import files_below
from deploy.step import Job
from deploy.troubles import Trouble
from deploy.wheel import (
    DATA,
    NO_SOURCES,
    PACKAGES,
    ROLE_LOCKS,
    SOURCE_ONLY,
    build,
    contents,
    copy_contents,
    lock_entries,
)
from tests.deploy.loopback_index import NOWHERE
from tests.deploy.places import ROOT, quiet_job

# Read by people, or by the tools of a checkout.
LEFT_OUT = ("*.md", "web/starter/art/*.svg", "rust_crypto/*.toml", "rust_crypto/*.rs", "rust_crypto/*.pyi")


def small_checkout(folder: Path) -> Path:
    """All that a wheel is made of, as little of each as is possible."""
    for name in ("LICENSE", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text('"""A package."""\n')
    for pattern in DATA:
        file = folder / pattern.replace("**/*", "assets/page.js").replace("*", "sample")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
    (folder / "web" / "ui" / "src.py").write_text("not the program\n")
    (folder / "actors" / "__pycache__").mkdir()
    (folder / "actors" / "__pycache__" / "old.py").write_text("old\n")
    (folder / "requirements").mkdir()
    for lock in ROLE_LOCKS:
        (folder / "requirements" / f"{lock}.lock").write_text(f"{lock}==1\n")
    return folder


def job_on(root: Path) -> Job:
    """A job with this environment's tools on the sources in `root`, and without a network."""
    (root / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    return quiet_job(Checkout(root, root / "cache"), index=NOWHERE)


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_program_the_page_the_characters_and_the_locks(tmp_path: Path) -> None:
    wheel = build(job_on(small_checkout(tmp_path / "checkout")), tmp_path)
    names = names_in(wheel)
    assert {f"{package}/__init__.py" for package in PACKAGES} <= names
    assert {f"deploy/requirements/{lock}.lock" for lock in ROLE_LOCKS} <= names
    assert {"web/ui/dist/assets/page.js", "web/starter/sample.json", "web/starter/sample.webp"} <= names
    assert not any("__pycache__" in name or name.endswith("src.py") for name in names)


def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    first = small_checkout(tmp_path / "first")
    second = small_checkout(tmp_path / "second")
    for place, file in enumerate(sorted(second.rglob("*.py"))):
        file.chmod(0o600)
        os.utime(file, (place, place))
    wheels: list[bytes] = []
    for root in (first, second):
        out = tmp_path / f"{root.name}-out"
        out.mkdir()
        wheels.append(build(job_on(root), out).read_bytes())
    assert wheels[0] == wheels[1]


@pytest.mark.parametrize("pattern", DATA)
def test_a_checkout_that_is_not_whole_makes_no_wheel(tmp_path: Path, pattern: str) -> None:
    root = small_checkout(tmp_path / "checkout")
    for file in root.glob(pattern):
        if file.is_file():
            file.unlink()
    with pytest.raises(Trouble, match="not whole"):
        copy_contents(root, tmp_path / "copy")


def test_every_module_of_this_checkout_goes_in_and_no_test_does() -> None:
    places = {place for _, place in contents(ROOT)}
    modules = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if not {"node_modules", "target", "__pycache__"} & set(file.parts)
    }
    assert modules <= places
    assert not any(place.startswith("tests/") for place in places)
    for place in places:
        folder = ROOT / Path(place).parent
        if place.endswith(".py"):  # setuptools leaves out a folder that is no package
            assert (folder / "__init__.py").is_file(), place


def test_no_other_file_of_the_packages_is_forgotten() -> None:
    places = {place for _, place in contents(ROOT)}
    forgotten = [
        place
        for package in PACKAGES
        for file in files_below(ROOT / package, without=(*NO_SOURCES, "Cargo.lock"))
        if file.suffix not in {".py", ".pyc", ".so", ".pyd"}
        and (place := file.relative_to(ROOT).as_posix()) not in places
        and not any(fnmatch(place, pattern) for pattern in LEFT_OUT)
    ]
    assert forgotten == []


def test_the_locks_of_the_roles_are_among_those_that_are_made() -> None:
    assert set(ROLE_LOCKS) <= {lock.name for lock in LOCKS}


def test_an_entry_of_a_lock_is_found_with_its_hashes() -> None:
    for lock, name in SOURCE_ONLY.items():
        file = ROOT / "requirements" / f"{lock}.lock"
        entries = lock_entries(file)
        assert entries[name].startswith(f"{name}==")
        assert "--hash=sha256:" in entries[name]
        assert file.read_text(encoding="utf-8").endswith("".join(entries.values()))
