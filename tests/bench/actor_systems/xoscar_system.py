"""xoscar: actors of one pool, in the process that tells them."""

import importlib
import socket
from typing import Any

xoscar: Any = importlib.import_module("xoscar")  # large: no part of the tests' packages


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Echo(xoscar.Actor):
    handled = 0

    def count(self, _number: int) -> None:
        self.handled += 1

    def how_many(self) -> int:
        return self.handled

    def echo(self, number: int) -> int:
        return number


class System:
    actors = 2_000
    messages = 50_000
    questions = 5_000

    def __init__(self) -> None:
        self.made = 0

    async def start(self) -> None:
        self.pool = await xoscar.create_actor_pool(f"127.0.0.1:{free_port()}", n_process=0)
        await self.pool.start()

    async def spawn(self, count: int) -> list[Any]:
        names = [f"echo-{number}" for number in range(self.made, self.made + count)]
        self.made += count
        address = self.pool.external_address
        return [await xoscar.create_actor(Echo, address=address, uid=name) for name in names]

    async def tell(self, actors: list[Any], messages: int) -> int:
        count = len(actors)
        for number in range(messages):
            await actors[number % count].count.tell(number)
        return sum([await actor.how_many() for actor in actors])

    async def ask(self, actor: Any, question: int) -> int:
        return await actor.echo(question)

    async def stop(self) -> None:
        await self.pool.stop()
