"""A process that writes without end and says what was answered, for the test that kills it.

`python -m tests.storage.writer_program FOLDER BEGIN` writes the units BEGIN, BEGIN + 1, … of
`unit_of`, up to eight at once, and prints the number of each that is WritesDone.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from actors.messages.accounts import AddAccount, AddLogin
from actors.messages.archive import RunWrites, Write, WritesDone
from actors.messages.replies import AppendChunk
from storage.settings import StorageSettings
from storage.start import open_storage
from tests.storage.store import GENERATION, uid

AT_ONCE = 8


def unit_of(number: int) -> tuple[Write, ...]:
    """An account, its login, and the token `number` of the reply: all or nothing."""
    account = uid(1_000_000 + number)
    return (
        AddAccount(account, f"account {number}", "user", "", number),
        AppendChunk(GENERATION, 1, number, (number,), f"{number} "),
        AddLogin(number.to_bytes(32, "big"), account, number, 2**62),
    )


async def write(folder: Path, begin: int) -> None:
    next_number = begin

    def tell(_to: str, answer: Any, _sender: str) -> None:
        if not isinstance(answer, WritesDone):
            raise SystemExit(str(answer))
        print(answer.number, flush=True)  # noqa: T201 - what the test reads
        send()

    def send() -> None:
        nonlocal next_number
        port.deliver("storage", RunWrites(next_number, unit_of(next_number)), "archive")
        next_number += 1

    port = await open_storage(StorageSettings(), folder, tell)
    for _ in range(AT_ONCE):
        send()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
