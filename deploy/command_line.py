"""The command line of `python3 -m deploy`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from deploy.checkout import this_checkout
from deploy.locks import make_locks
from deploy.progress import Progress
from deploy.running import run
from deploy.setup import job_for, set_up
from deploy.testing.stages import STAGES
from deploy.testing.whole_run import run_tests
from deploy.troubles import MistakeInTheCall, Trouble
from deploy.wheel import make_wheels

INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    main_parser = argparse.ArgumentParser(
        prog="python3 -m deploy",
        description="From a bare checkout to a running Samovar. Logs of the set-up are in .setup/log.",
    )
    commands = main_parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "run",
        help="set up what is missing, then start Samovar; further arguments go to `samovar up`",
        add_help=False,
    )
    commands.add_parser("setup", help="set up alone; leaves the program `samovar` in .venv")
    test = commands.add_parser("test", help="install what the tests need and run all of them")
    test.add_argument("--only", metavar="STAGE[,STAGE]", help="only these stages")
    test.add_argument("--coverage", action="store_true", help="measure the unit tests' branch coverage too")
    test.add_argument("--list", action="store_true", help="name the stages and stop")
    wheel = commands.add_parser("wheel", help="make the files that other machines install from")
    wheel.add_argument("--out", metavar="DIR", type=Path, help="where they go (default: dist)")
    lock = commands.add_parser("lock", help="make requirements/*.lock anew from pyproject.toml (needs uv)")
    lock.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    return main_parser


def perform(arguments: Sequence[str]) -> int:
    checkout = this_checkout()
    if not (checkout.root / "pyproject.toml").is_file():
        raise MistakeInTheCall("this is an installed Samovar: `python3 -m deploy` works in a checkout of it")
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "run":
        raise MistakeInTheCall(f"what is {rest[0]}? See `python3 -m deploy {options.command} --help`")
    job = job_for(checkout, Progress())
    match options.command:
        case "run":
            return run(job, rest)
        case "setup":
            if not set_up(job):
                print("nothing to do: start with `python3 -m deploy run`")
            return 0
        case "test" if options.list:
            for stage in STAGES:
                print(f"{stage.name:<10} {stage.title}")
            return 0
        case "test":
            return run_tests(job, options.only, coverage=options.coverage)
        case "wheel":
            for file in make_wheels(job, options.out or job.checkout.root / "dist"):
                print(file)
            return 0
        case _:
            make_locks(job, upgrade=options.upgrade)
            return 0


def end_on_termination(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends as Ctrl-C does: tools that were started are stopped first."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Perform one command; its exit status. Every trouble is one line on stderr."""
    signal.signal(signal.SIGTERM, end_on_termination)
    try:
        return perform(arguments)
    except Trouble as trouble:
        print(f"samovar: {trouble}", file=sys.stderr)
        return trouble.exit_status
    except KeyboardInterrupt:
        print("samovar: interrupted; the same command goes on where this one stopped", file=sys.stderr)
        return INTERRUPTED
