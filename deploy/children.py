"""Runs other programs: their words are heard line by line, their end is awaited, none is left behind."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from deploy.diagnosis import diagnose
from deploy.troubles import ToolFailed

LOOK_S = 0.1
# A tool that takes so long is stuck; downloads on a slow line must fit in.
LONGEST_S = 3600.0
KEPT_CHARACTERS = 200_000
STOP_S = 5.0

if sys.platform == "win32":

    def end_group(child: "subprocess.Popen[str]", *, gently: bool) -> None:
        if gently:
            return  # there is no gentle way for a group without a console of its own
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(child.pid)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

else:

    def end_group(child: "subprocess.Popen[str]", *, gently: bool) -> None:
        try:
            os.killpg(child.pid, signal.SIGTERM if gently else signal.SIGKILL)
        except ProcessLookupError:
            return


def stop(child: "subprocess.Popen[str]") -> None:
    """End a child with all that it started: politely, then for certain."""
    if child.poll() is None:
        end_group(child, gently=True)
        try:
            child.wait(0 if sys.platform == "win32" else STOP_S)
        except subprocess.TimeoutExpired:
            end_group(child, gently=False)
            child.wait()


def pump(stream: IO[str], lines: "queue.SimpleQueue[str | None]") -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def run_child(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    on_line: Callable[[str], None],
    tick: Callable[[], None] = lambda: None,
    keep_open: Sequence[int] = (),
    longest_s: float = LONGEST_S,
) -> int | None:
    """Run a program to its end, with no stdin; its exit status, or None when it took too long.

    stdout and stderr arrive at `on_line` together; `tick` is called at least ten times a second.
    `keep_open` names file descriptors that the child inherits (POSIX only). Raises OSError when there
    is no such program.
    """
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    child = subprocess.Popen(
        [os.fspath(word) for word in argv],
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if sys.platform == "win32" else tuple(keep_open),
        # In a group of its own Ctrl-C does not reach it: it is stopped by us, with all that it started.
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    try:
        assert child.stdout is not None  # noqa: S101 - asked for above
        threading.Thread(target=pump, args=(child.stdout, lines), daemon=True).start()
        deadline = time.monotonic() + longest_s
        while time.monotonic() < deadline:
            tick()
            try:
                line = lines.get(timeout=LOOK_S)
            except queue.Empty:
                if child.poll() is None:
                    continue
                return child.returncode  # a grandchild that still holds the pipe is not waited for
            if line is None:
                return child.wait(max(deadline - time.monotonic(), STOP_S))
            on_line(line)
        return None
    finally:
        stop(child)


def run_logged(
    title: str,
    argv: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path,
    environ: Mapping[str, str],
    tick: Callable[[], None],
    on_line: Callable[[str], None] = lambda _line: None,
    keep_open: Sequence[int] = (),
    longest_s: float = LONGEST_S,
) -> str:
    """Run a tool to its end, append all it says to `log` and return it (its last 200,000 characters).

    Raises the Trouble that `diagnose` finds when the tool fails, ToolFailed when it is not there or takes
    too long.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with log.open("a", encoding="utf-8") as out:

        def hear(line: str) -> None:
            out.write(line)
            said.append(line)
            on_line(line)

        out.write(f"$ {subprocess.list2cmdline([os.fspath(word) for word in argv])}\n")
        out.flush()
        try:
            status = run_child(
                argv,
                cwd=cwd,
                environ=environ,
                on_line=hear,
                tick=tick,
                keep_open=keep_open,
                longest_s=longest_s,
            )
        except FileNotFoundError as error:
            raise ToolFailed(f"{title}: {error.filename} is not there (log: {log})") from error
        out.write(f"= {status}\n")
    output = "".join(said)[-KEPT_CHARACTERS:]
    if status is None:
        raise ToolFailed(f"{title} did not end within {longest_s:.0f} s and was stopped (log: {log})")
    if status != 0:
        raise diagnose(title, output, log)
    return output
