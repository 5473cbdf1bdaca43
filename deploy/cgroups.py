"""The door to memory cgroups (Linux, version 1 or 2), and what they say of the processes in one."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

MB = 1_000_000
EMPTY_S = 5.0  # most time until the kernel has taken the last process out
# $0 is the list of the group's processes: the shell enters it and then becomes the program.
ENTER = 'echo $$ > "$0" && exec "$@"'


@dataclass(frozen=True)
class MemoryGroup:
    """One memory cgroup in `folder`."""

    folder: Path
    version: int

    def number(self, name: str) -> int:
        return int((self.folder / name).read_text(encoding="ascii"))

    def of_stat(self, name: str) -> int:
        text = (self.folder / "memory.stat").read_text(encoding="ascii")
        found = re.search(rf"^{name} (\d+)$", text, re.MULTILINE)
        return int(found[1]) if found else 0

    @property
    def used(self) -> int:
        """Bytes in use now: all that is charged, but for file pages that the kernel may drop at once."""
        charged = self.number("memory.usage_in_bytes" if self.version == 1 else "memory.current")
        return charged - self.of_stat("total_inactive_file" if self.version == 1 else "inactive_file")

    @property
    def anonymous(self) -> int:
        """Bytes of the processes' own, which no file could give back."""
        return self.of_stat("total_rss" if self.version == 1 else "anon")

    @property
    def peak(self) -> int:
        """The most bytes that were ever charged, file pages included; 0 where the kernel keeps no count."""
        file = self.folder / ("memory.max_usage_in_bytes" if self.version == 1 else "memory.peak")
        return int(file.read_text(encoding="ascii")) if file.is_file() else 0

    @property
    def killed(self) -> int:
        """How many processes the limit has cost."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        found = re.search(r"^oom_kill (\d+)$", (self.folder / name).read_text(encoding="ascii"), re.MULTILINE)
        return int(found[1]) if found else 0

    def within(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs `command` in this group."""
        return ["/bin/sh", "-c", ENTER, str(self.folder / "cgroup.procs"), *map(str, command)]

    def set_limit(self, limit: int) -> None:
        """Swap counts as memory where the kernel can say so: a figure must not hide there."""
        if self.version == 1:
            (self.folder / "memory.limit_in_bytes").write_text(str(limit), encoding="ascii")
            with contextlib.suppress(OSError):
                (self.folder / "memory.memsw.limit_in_bytes").write_text(str(limit), encoding="ascii")
        else:
            (self.folder / "memory.max").write_text(str(limit), encoding="ascii")
            with contextlib.suppress(OSError):
                (self.folder / "memory.swap.max").write_text("0", encoding="ascii")


def group_at(root: Path, name: str) -> MemoryGroup | None:
    """A fresh group below the cgroup file system `root`; None where this user may make none."""
    for version, parent, proof in (
        (1, root / "memory", "memory.usage_in_bytes"),
        (2, root, "memory.current"),
    ):
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        if (folder / proof).is_file():
            return MemoryGroup(folder, version)
        folder.rmdir()
    return None


@contextlib.contextmanager
def memory_group(limit: int, root: Path = Path("/sys/fs/cgroup")) -> Generator[MemoryGroup | None]:
    """A group with a limit in bytes; it goes when it is left, so its processes must have ended by then."""
    group = group_at(root, f"samovar-{os.getpid()}")
    if group is None:
        yield None
        return
    try:
        group.set_limit(limit)
        yield group
    finally:
        deadline = time.monotonic() + EMPTY_S
        while True:
            try:
                group.folder.rmdir()
                break
            except OSError:  # busy: the last process is not quite gone
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    """A process and all below it; those that end meanwhile are left out."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def pss(pids: Sequence[int]) -> int:
    """Bytes of memory of some processes; what several share is counted once among those that share it."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            total += sum(int(kb) for kb in re.findall(r"^Pss: +(\d+) kB$", text, re.MULTILINE)) * 1024
    return total


def end(process: "subprocess.Popen[bytes]", within_s: float = 20.0) -> None:
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
