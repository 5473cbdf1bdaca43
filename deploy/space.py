"""Looks for room on the disks before the set-up begins, not in the middle of it."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from deploy.step import Job, Step
from deploy.troubles import DiskFull

MB = 1_000_000


def existing(folder: Path) -> Path:
    """`folder`, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def disk_of(folder: Path) -> int:
    return existing(folder).stat().st_dev


def free_on(folder: Path) -> int:
    return shutil.disk_usage(existing(folder)).free


def size(value: int) -> str:
    return f"{value / 1_000_000_000:.1f} GB" if value >= 1_000_000_000 else f"{value / MB:.0f} MB"


def check_space(
    needs: Iterable[tuple[Path, int]],
    *,
    disk: Callable[[Path], int] = disk_of,
    free: Callable[[Path], int] = free_on,
) -> None:
    """Refuse when folders need more bytes together than their common disk has free.

    `needs` are folders with bytes. Raises DiskFull, with the figures.
    """
    sums: dict[int, tuple[list[Path], int]] = {}
    for folder, wanted in needs:
        if wanted:
            folders, so_far = sums.get(disk(folder), ([], 0))
            sums[disk(folder)] = ([*folders, folder], so_far + wanted)
    for folders, wanted in sums.values():
        there = free(folders[0])
        if there < wanted:
            places = " and ".join(str(folder) for folder in folders)
            raise DiskFull(
                f"too little room on the disk of {places}: {size(wanted)} needed, {size(there)} free: "
                "make room, or put the cache on another disk with SAMOVAR_CACHE=FOLDER"
            )


def needs_of(steps: Sequence[Step], job: Job) -> list[tuple[Path, int]]:
    """What the steps that are due will take, in bytes, in the checkout and in the cache."""
    due = [step for step in steps if step.is_due(job)]
    return [
        (job.checkout.root, sum(step.checkout_mb for step in due) * MB),
        (job.checkout.cache, sum(step.cache_mb for step in due) * MB),
    ]
