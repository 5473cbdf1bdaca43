"""The processes that open what strangers made: how they limit themselves, and what they say and hear."""

import struct
import sys
from collections.abc import Callable
from typing import Any

import msgspec

LENGTH = struct.Struct(">Q")
"""Before each message of many."""


def serve(work: Any, done: Callable[[Any], Any]) -> None:
    """One message of type `work` on standard input, what `done` makes of it on standard output; both msgpack.

    The arguments of the program are its limits: bytes of memory, and seconds of processor time.
    """
    memory_bytes, cpu_s = (int(value) for value in sys.argv[1:3])
    limit(memory_bytes, cpu_s)
    given = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=work)
    sys.stdout.buffer.write(msgspec.msgpack.encode(done(given)))
    sys.stdout.buffer.flush()


def serve_many(work: Any, done: Callable[[Any], Any]) -> None:
    """One message after the other, each with its length before it, until there is no more. Each may take
    so many seconds of processor time.
    """
    memory_bytes, cpu_s, files = (int(value) for value in sys.argv[1:4])
    limit(memory_bytes, cpu_s * files)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while head := stdin.read(LENGTH.size):
        (length,) = LENGTH.unpack(head)
        more_time(cpu_s)
        answer = msgspec.msgpack.encode(done(msgspec.msgpack.decode(stdin.read(length), type=work)))
        stdout.write(LENGTH.pack(len(answer)))
        stdout.write(answer)
        stdout.flush()


def more_time(cpu_s: int) -> None:
    """From now on."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_s, most))


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Before a byte is read. On Windows a job object does it from outside."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
