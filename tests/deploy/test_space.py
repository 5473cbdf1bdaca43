from pathlib import Path

import pytest

from deploy.space import MB, check_space, existing, needs_of
from deploy.step import Step
from deploy.troubles import DiskFull
from tests.deploy.places import bare_checkout, quiet_job

CHECKOUT, CACHE = Path("/srv/samovar"), Path("/home/ann/.cache/samovar")


def test_too_little_room_is_told_with_the_figures_and_the_remedy() -> None:
    with pytest.raises(DiskFull) as caught:
        check_space([(CHECKOUT, 900 * MB)], disk=lambda _folder: 1, free=lambda _folder: 120 * MB)
    text = str(caught.value)
    assert "900 MB needed, 120 MB free" in text
    assert "/srv/samovar" in text
    assert "SAMOVAR_CACHE" in text


def test_folders_on_one_disk_need_their_room_together() -> None:
    needs = [(CHECKOUT, 900 * MB), (CACHE, 200 * MB)]
    with pytest.raises(DiskFull, match=r"1\.1 GB needed, 1\.0 GB free"):
        check_space(needs, disk=lambda _folder: 1, free=lambda _folder: 1000 * MB)


def test_folders_on_two_disks_need_their_room_apart() -> None:
    needs = [(CHECKOUT, 900 * MB), (CACHE, 200 * MB)]
    check_space(needs, disk=lambda folder: 1 if folder == CHECKOUT else 2, free=lambda _folder: 1000 * MB)
    with pytest.raises(DiskFull, match=str(CACHE)):
        check_space(
            needs,
            disk=lambda folder: 1 if folder == CHECKOUT else 2,
            free=lambda folder: 1000 * MB if folder == CHECKOUT else 100 * MB,
        )


def test_nothing_is_needed_on_a_full_disk_when_nothing_is_due() -> None:
    check_space([(CHECKOUT, 0), (CACHE, 0)], disk=lambda _folder: 1, free=lambda _folder: 0)


def test_a_folder_that_is_not_there_yet_is_measured_by_the_nearest_above(tmp_path: Path) -> None:
    assert existing(tmp_path / "not" / "yet") == tmp_path
    check_space([(tmp_path / "not" / "yet", 1)])


def test_only_steps_that_are_due_are_counted(tmp_path: Path) -> None:
    job = quiet_job(bare_checkout(tmp_path))
    there = Step("a", "A", lambda _job: True, lambda _job: None, checkout_mb=100, cache_mb=100)
    due = Step("b", "B", lambda _job: False, lambda _job: None, checkout_mb=30, cache_mb=7)
    assert needs_of([there, due], job) == [(job.checkout.root, 30 * MB), (job.checkout.cache, 7 * MB)]
