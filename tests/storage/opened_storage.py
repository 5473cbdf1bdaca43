"""How a contract test comes to its port."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.storage.store import OpenPort, Store


class OpenedStorage:
    """Runs scenarios on a port. The class that names the port gives `opener`."""

    def opener(self, folder: Path) -> OpenPort:
        raise NotImplementedError

    def run(self, folder: Path, scenario: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
        @asynccontextmanager
        async def opened() -> AsyncGenerator[Store]:
            store = Store(self.opener(folder))
            await store.open()
            try:
                yield store
            finally:
                await store.close()

        async def main() -> None:
            async with opened() as store:
                await scenario(store)

        asyncio.run(main())
