"""Pykka: a thread for each actor."""

from typing import Any

import pykka


class Echo(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.handled = 0

    def on_receive(self, message: Any) -> Any:
        match message:
            case ("handled",):
                return self.handled
            case ("told", _):
                self.handled += 1
                return None
            case _:
                return message


class System:
    actors = 500
    messages = 50_000
    questions = 5_000

    async def start(self) -> None:
        """There is nothing to start."""

    async def spawn(self, count: int) -> list[Any]:
        return [Echo.start() for _ in range(count)]

    async def tell(self, actors: list[Any], messages: int) -> int:
        count = len(actors)
        for number in range(messages):
            actors[number % count].tell(("told", number))
        return sum(actor.ask(("handled",)) for actor in actors)

    async def ask(self, actor: Any, question: int) -> int:
        return actor.ask(question)

    async def stop(self) -> None:
        pykka.ActorRegistry.stop_all()
