"""Gathered: questions of one kind that come while another is under way are asked together, as the next one.

After a restart hundreds of readers come back at once, and each asks whose a login and a conversation is: a
way to the database's thread and back for each would be most of what that takes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """`find_all` answers for those keys that have an answer. At most `most` are asked for at once."""

    def __init__(self, find_all: Callable[[tuple[K, ...]], Awaitable[Mapping[K, V]]], most: int) -> None:
        self.find_all = find_all
        self.most = most
        self.waiting: dict[K, asyncio.Future[V | None]] = {}
        self.asking: asyncio.Task[None] | None = None

    async def find(self, key: K) -> V | None:
        """By a question that is asked after this call. Raises what `find_all` raises."""
        if key not in self.waiting:
            self.waiting[key] = asyncio.get_running_loop().create_future()
        if self.asking is None:
            self.asking = asyncio.create_task(self.ask(), name="gathered questions")
        return await asyncio.shield(self.waiting[key])

    async def ask(self) -> None:
        """Until nobody waits."""
        try:
            while self.waiting:
                keys = tuple(self.waiting)[: self.most]
                asked = {key: self.waiting.pop(key) for key in keys}
                try:
                    found = await self.find_all(keys)
                except Exception as error:  # noqa: BLE001 - whoever asked gets it
                    for future in asked.values():
                        future.set_exception(error)
                        future.exception()  # whoever asked may be gone
                else:
                    for key, future in asked.items():
                        future.set_result(found.get(key))
        finally:
            self.asking = None
