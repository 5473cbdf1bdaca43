"""Runs all stages, goes on after a failure, and ends with the line `N passed, N failed`."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.checkout import venv_program
from deploy.children import run_child
from deploy.node import NodeFinder
from deploy.progress import seconds
from deploy.step import Job
from deploy.testing.counting import Counts, counts_of
from deploy.testing.preparing import prepare_machine
from deploy.testing.stages import STAGES, Check, Stage, with_coverage
from deploy.troubles import MistakeInTheCall, Trouble


class RunIsOverError(Exception):
    """Stops a check that still runs when the whole run has ended early."""


@dataclass(frozen=True)
class Outcome:
    """What came of one check. `remark` says why there is nothing to count, where that is so."""

    check: Check
    counts: Counts
    took_s: float = 0.0
    remark: str = ""


@dataclass(frozen=True)
class Ready:
    """A check made ready to run."""

    argv: Sequence[str | Path]
    environ: Mapping[str, str]


@dataclass(frozen=True)
class NotReady:
    """A check that cannot run. Missing parts of Samovar fail; a missing optional tool does not."""

    why: str
    counts: Counts


def chosen(only: str | None) -> tuple[Stage, ...]:
    """The stages named in `only`, in their usual order; all where nothing is named."""
    if only is None:
        return STAGES
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = [stage.name for stage in STAGES]
    for name in names:
        if name not in known:
            raise MistakeInTheCall(f"there is no stage {name}: the stages are {', '.join(known)}")
    return tuple(stage for stage in STAGES if stage.name in names)


def prepare(check: Check, job: Job) -> Ready | NotReady:
    """Find the tool of a check and what the check asks for."""
    folder = job.checkout.root / check.folder
    for name in check.asks_for:
        if not (folder / name).exists():
            return NotReady(f"{(Path(check.folder) / name).as_posix()} is missing", Counts(failed=1))
    path = job.environ.get("PATH", "")
    environ = {**job.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    environ["PATH"] = f"{job.checkout.scripts}{os.pathsep}{path}"
    match check.tool:
        case "venv":
            program = venv_program(job.checkout.venv, check.command[0], windows=job.checkout.windows)
            if not program.exists():
                return NotReady(f"{check.command[0]} is not installed", Counts(failed=1))
            return Ready([program, *check.command[1:]], environ)
        case "npm":
            node = NodeFinder().find(job.checkout)
            if node is None:
                return NotReady("no Node.js", Counts(failed=1))
            return Ready([node.npm, "run", *check.command], {**environ, **node.environ(path, os.pathsep)})
        case "cargo":
            if job.cargo is None:
                return NotReady("left out, no cargo on PATH", Counts())
            return Ready([job.cargo, *check.command], environ)


def show(text: str) -> None:
    print(text, end="", flush=True)


def run_check(
    check: Check, job: Job, tell: Callable[[str], None] = show, tick: Callable[[], None] = lambda: None
) -> Outcome:
    """Run a check to its end. `tell` gets what it says; when `tick` raises, it is stopped."""
    ready = prepare(check, job)
    tell(f"\n--- {check.title}\n")
    if isinstance(ready, NotReady):
        tell(f"{ready.why}\n")
        return Outcome(check, ready.counts, remark=ready.why)
    started = time.monotonic()
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        tell(line)

    status = run_child(
        ready.argv,
        cwd=job.checkout.root / check.folder,
        environ=ready.environ,
        on_line=hear,
        tick=tick,
        longest_s=check.longest_s,
    )
    remark = f"did not end within {check.longest_s:.0f} s and was stopped" if status is None else ""
    counts = counts_of(check.counter, "".join(said), status)
    took_s = time.monotonic() - started
    tell(f"{check.title} took {seconds(took_s)}\n")
    return Outcome(check, counts, took_s, remark)


def heading(stage: Stage) -> str:
    return f"\n=== {stage.name}: {stage.title}\n"


def run_side_by_side(stages: Sequence[Stage], job: Job, at_once: int) -> list[Sequence[Outcome]]:
    """Run stages, `at_once` of them at a time; what a check said is shown as a whole when it has ended."""
    over = threading.Event()

    def tick() -> None:
        if over.is_set():
            raise RunIsOverError

    def run(stage: Stage) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for check in stage.checks:
            said: list[str] = [heading(stage)]
            outcomes.append(run_check(check, job, said.append, tick))
            show("".join(said))
        return outcomes

    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(run, stage) for stage in stages]
        try:
            return [future.result() for future in running]
        finally:
            # Interrupted, or one of them raised: the pool waits until all have stopped what they run.
            over.set()


def run_stages(stages: Sequence[Stage], job: Job) -> list[tuple[Stage, Sequence[Outcome]]]:
    """Those that need one core first, side by side, then each of the others alone."""
    beside = [stage for stage in stages if stage.one_core]
    done: dict[str, Sequence[Outcome]] = {}
    if beside:
        outcomes = run_side_by_side(beside, job, os.cpu_count() or 1)
        done = {stage.name: results for stage, results in zip(beside, outcomes, strict=True)}
    for stage in stages:
        if not stage.one_core:
            show(heading(stage))
            done[stage.name] = [run_check(check, job) for check in stage.checks]
    return [(stage, done[stage.name]) for stage in stages]


def summary(outcomes: Sequence[tuple[Stage, Sequence[Outcome]]]) -> list[str]:
    """The lines at the end; the last is `N passed, N failed`."""
    lines = ["", f"{'stage':<10}{'passed':>8}{'failed':>8}{'skipped':>8}  time"]
    total = Counts()
    remarks: list[str] = []
    for stage, results in outcomes:
        counts = sum((result.counts for result in results), Counts())
        total += counts
        took = seconds(sum(result.took_s for result in results))
        lines.append(f"{stage.name:<10}{counts.passed:>8}{counts.failed:>8}{counts.skipped:>8}  {took}")
        remarks += [f"{result.check.title}: {result.remark}" for result in results if result.remark]
        remarks += [
            f"{result.check.title}: FAILED"
            for result in results
            if result.counts.failed and not result.remark
        ]
    return [*lines, "", *remarks, f"{total.passed} passed, {total.failed} failed"]


def environment_of(job: Job) -> dict[str, str]:
    environ = {**job.environ, "SAMOVAR_CACHE": str(job.checkout.cache)}
    # Tests start Samovar's processes some hundred times, and each start would compile all of it anew.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ


def run_tests(job: Job, only: str | None, *, coverage: bool = False) -> int:
    """Set up, run the stages, show the summary; 0 when nothing failed."""
    stages = with_coverage(chosen(only)) if coverage else chosen(only)
    job = replace(job, environ=environment_of(job))
    started = time.monotonic()
    try:
        prepare_machine(job, [stage.name for stage in stages])
    except Trouble as trouble:
        print(f"samovar: {trouble}\n0 passed, 1 failed", flush=True)
        return trouble.exit_status
    prepared = time.monotonic()
    outcomes = run_stages(stages, job)
    lines = summary(outcomes)
    whole, before = seconds(time.monotonic() - started), seconds(prepared - started)
    lines.insert(-1, f"whole run: {whole}, of it {before} before the first stage")
    print("\n".join(lines), flush=True)
    return 1 if any(result.counts.failed for _, results in outcomes for result in results) else 0
