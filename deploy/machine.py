"""The machine that an installer works on: the one door to its files, its programs and its terminal.

`Rehearsal` is the same machine for `--dry-run`: it looks, and tells what it would do.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.children import run_logged
from deploy.progress import Progress
from deploy.stamps import write_in_one_move

ASK_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What a program said when it was asked: its exit status, 127 where it is not there, and its words."""

    status: int
    output: str


@dataclass
class Machine:
    """`log`: where the words of the tools go."""

    progress: Progress
    log: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    # -- the terminal --------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.progress.note(text)

    @contextlib.contextmanager
    def step(self, title: str) -> Generator[None]:
        """One line that lives while the step runs."""
        self.progress.begin(title)
        try:
            yield
        except BaseException:
            self.progress.failed()
            raise
        self.progress.done()

    # -- looking -------------------------------------------------------------------------------------

    def ask(self, *argv: str | Path) -> Answer:
        """Run a program that only looks. Never raises: a program that hangs or is not there says nothing."""
        try:
            done = subprocess.run(
                [os.fspath(word) for word in argv],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=ASK_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return Answer(127, "")
        return Answer(done.returncode, done.stdout)

    def read(self, path: Path) -> str | None:
        """The text of a file; None where there is none."""
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    # -- doing ---------------------------------------------------------------------------------------

    def run(self, title: str, *argv: str | Path, environ: Mapping[str, str] | None = None) -> None:
        """Run a tool to its end. Raises the Trouble that its words tell."""
        run_logged(
            title,
            argv,
            self.log,
            cwd=Path("/"),
            environ={**self.environ, **(environ or {})},
            tick=self.progress.tick,
        )

    def write(self, path: Path, text: str, mode: int = 0o644, encoding: str = "utf-8") -> None:
        write_in_one_move(path, text, encoding)
        path.chmod(mode)

    def make_folder(self, path: Path, mode: int = 0o755) -> None:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)

    def link(self, path: Path, target: Path) -> None:
        """Make `path` a symbolic link to `target`, in one move."""
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(path)

    def copy_tree(self, source: Path, target: Path) -> None:
        """Rights are copied; the owner stays the owner where the machine knows such a thing."""
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(source, target, symlinks=True)
        if hasattr(os, "chown"):
            for old in (source, *source.rglob("*")):
                there = old.lstat()
                os.chown(target / old.relative_to(source), there.st_uid, there.st_gid, follow_symlinks=False)

    def remove(self, path: Path) -> None:
        """A file, a link or a folder with all that is in it; what is not there is no trouble."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def pause(self, pause_s: float) -> None:
        """Wait, with the step's line alive."""
        self.progress.tick()
        time.sleep(pause_s)


class Rehearsal(Machine):
    """Looks like the real one, and tells what that one would do."""

    @contextlib.contextmanager
    def step(self, title: str) -> Generator[None]:
        yield

    def run(self, title: str, *argv: str | Path, environ: Mapping[str, str] | None = None) -> None:
        self.say(f"would run: {subprocess.list2cmdline([os.fspath(word) for word in argv])}")

    def write(self, path: Path, text: str, mode: int = 0o644, encoding: str = "utf-8") -> None:
        lines = text.count("\n")
        self.say(f"would write: {path} ({lines} lines, mode {mode:04o})")

    def make_folder(self, path: Path, mode: int = 0o755) -> None:
        self.say(f"would make: {path} (mode {mode:04o})")

    def link(self, path: Path, target: Path) -> None:
        self.say(f"would link: {path} -> {target}")

    def copy_tree(self, source: Path, target: Path) -> None:
        self.say(f"would copy: {source} to {target}")

    def remove(self, path: Path) -> None:
        if path.is_symlink() or path.exists():
            self.say(f"would remove: {path}")

    def pause(self, pause_s: float) -> None:
        """Nothing happens, so nothing is waited for."""
