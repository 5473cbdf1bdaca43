"""What a step of the set-up is, and how the steps are gone through."""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.checkout import Checkout
from deploy.children import run_logged
from deploy.progress import Progress
from deploy.stamps import read_stamp, write_stamp


@dataclass(frozen=True)
class Job:
    """What a step works with: the places, the display, the tools found on PATH."""

    checkout: Checkout
    progress: Progress
    uv: str | None = None
    cargo: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    lock_handle: int | None = None

    def run(
        self,
        title: str,
        argv: Sequence[str | Path],
        *,
        log: str,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] = lambda _line: None,
        holds_lock: bool = True,
    ) -> str:
        """Run a tool as `run_logged` does, with this set-up's log folder and environment.

        `holds_lock`: while the tool runs, no other set-up begins, even if this one is killed. Not for
        tools that may leave a server of their own behind.
        """
        return run_logged(
            title,
            argv,
            self.checkout.records / "log" / f"{log}.log",
            cwd=cwd or self.checkout.root,
            environ={**self.environ, **(environ or {})},
            tick=self.progress.tick,
            on_line=on_line,
            keep_open=(self.lock_handle,) if holds_lock and self.lock_handle is not None else (),
        )


def always(_job: Job) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """One step. It is done when its result is there and its stamp holds today's fingerprint.

    name         of its stamp and its log
    title        as it is shown
    is_there     a quick look whether the result still exists
    work         does it, and may return a remark to show; raises a Trouble when it cannot
    fingerprint  of all that the result is made from; None: a result that is there is right, no stamp is kept
    in_venv      its result lies in the virtual environment and goes with it
    needed       whether anything asks for it at all
    checkout_mb  space it takes in the checkout, megabytes
    cache_mb     space it takes in the user's cache, megabytes
    """

    name: str
    title: str
    is_there: Callable[[Job], bool]
    work: Callable[[Job], str | None]
    fingerprint: Callable[[Job], str] | None = None
    in_venv: bool = False
    needed: Callable[[Job], bool] = always
    checkout_mb: int = 0
    cache_mb: int = 0

    def stamp(self, checkout: Checkout) -> Path:
        folder = checkout.venv / ".samovar" if self.in_venv else checkout.records / "stamps"
        return folder / self.name

    def is_done(self, job: Job) -> bool:
        if not self.is_there(job):
            return False
        return self.fingerprint is None or read_stamp(self.stamp(job.checkout)) == self.fingerprint(job)

    def is_due(self, job: Job) -> bool:
        return self.needed(job) and not self.is_done(job)


def go_through(steps: Sequence[Step], job: Job) -> int:
    """Do the steps that are due, in order; each is stamped when it is finished. Returns how many were."""
    worked = 0
    for step in steps:
        if not step.is_due(job):
            continue
        job.progress.begin(step.title)
        try:
            # What is stamped is what was there before the work: a change meanwhile is done again.
            made_from = step.fingerprint(job) if step.fingerprint else None
            stamp = step.stamp(job.checkout)
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                stamp.unlink()
            remark = step.work(job)
            if made_from is not None:
                write_stamp(stamp, made_from)
        except BaseException:
            job.progress.failed()
            raise
        job.progress.done(remark or "")
        worked += 1
    return worked
