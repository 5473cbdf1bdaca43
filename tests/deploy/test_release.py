import zipfile
from pathlib import Path

import pytest

from deploy.release import Bundle, bundle_in, lock_text, names_package, old_releases
from deploy.troubles import Trouble
from deploy.wheel import build
from tests.deploy.places import ROOT
from tests.deploy.test_wheel import job_on, small_checkout


def bundle_of(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    return folder


PROGRAM = "samovar-1.2-py3-none-any.whl"
CRYPTO = "samovar_crypto-0.1.0-cp311-abi3-manylinux_2_34_x86_64.whl"
BUILT = "thespian-4.0.1-py3-none-any.whl"


def test_a_bundle_knows_its_parts(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "dist", PROGRAM, CRYPTO, BUILT, "install.sh")
    bundle = bundle_in(folder)
    assert bundle == Bundle(folder / PROGRAM, (folder / BUILT,), (folder / CRYPTO,))
    assert bundle.version == "1.2"


def test_a_folder_without_the_one_program_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="no wheel"):
        bundle_in(bundle_of(tmp_path / "none", CRYPTO))
    with pytest.raises(Trouble, match="more than one"):
        bundle_in(bundle_of(tmp_path / "two", PROGRAM, "samovar-1.3-py3-none-any.whl"))


def test_two_builds_of_one_version_are_two_releases(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "dist", PROGRAM)
    first = bundle_in(folder).name
    (folder / PROGRAM).write_text("mended")
    assert bundle_in(folder).name != first
    assert bundle_in(folder).name.startswith("1.2-")


def test_a_wheel_that_was_built_belongs_to_the_lock_that_names_it() -> None:
    assert names_package(lock_text("web"), Path(BUILT))
    assert not names_package(lock_text("web"), Path("thespian-4.0.2-py3-none-any.whl"))
    card = next(line for line in lock_text("gpu_rtx").splitlines() if line.startswith("tensorrt-rtx-cu13=="))
    wheel = Path(f"tensorrt_rtx_cu13-{card.split('==')[1].split()[0]}-py3-none-any.whl")
    assert names_package(lock_text("gpu_rtx"), wheel)
    assert not names_package(lock_text("gpu"), wheel)


def test_the_lock_in_the_wheel_is_that_of_the_checkout(tmp_path: Path) -> None:
    root = small_checkout(tmp_path / "checkout")
    with zipfile.ZipFile(build(job_on(root), tmp_path)) as wheel:
        carried = wheel.read("deploy/requirements/web.lock")
    assert carried == (root / "requirements" / "web.lock").read_bytes()
    assert lock_text("web") == (ROOT / "requirements" / "web.lock").read_text(encoding="utf-8")


def test_only_releases_are_taken_for_releases(tmp_path: Path) -> None:
    for name in ("1.0-0123abcd", "1.1-0123abcd", "1.1.dev1-0123abcd", "backup", "1.0"):
        (tmp_path / name).mkdir()
    old = old_releases(tmp_path, [tmp_path / "1.1-0123abcd"])
    assert [place.name for place in old] == ["1.0-0123abcd", "1.1.dev1-0123abcd"]
    assert old_releases(tmp_path / "nowhere", []) == []
