"""The processes that open what strangers made: how they limit themselves, and what they say and hear."""

import sys
from collections.abc import Callable
from typing import Any

import msgspec


def serve(work: Any, done: Callable[[Any], Any]) -> None:
    """One message of type `work` on standard input, what `done` makes of it on standard output; both msgpack.

    The arguments of the program are its limits: bytes of memory, and seconds of processor time.
    """
    memory_bytes, cpu_s = (int(value) for value in sys.argv[1:3])
    limit(memory_bytes, cpu_s)
    given = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=work)
    sys.stdout.buffer.write(msgspec.msgpack.encode(done(given)))
    sys.stdout.buffer.flush()


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Before a byte is read. On Windows a job object does it from outside."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
