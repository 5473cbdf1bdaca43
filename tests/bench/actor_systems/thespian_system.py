"""Thespian on its simpleSystemBase: all actors in one thread, the fastest of its bases."""

from typing import Any

import thespian.actors  # pyright: ignore[reportMissingTypeStubs]

thespian_actors: Any = thespian.actors  # it has no types
Actor: Any = thespian_actors.Actor


class Echo(Actor):
    handled = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802
        match message:
            case ("handled",):
                self.send(sender, ("count", self.handled))
            case ("told", _):
                self.handled += 1
            case ("ask", number):
                self.send(sender, ("answer", number))
            case _:
                pass


class System:
    actors = 5_000
    messages = 10_000
    questions = 3_000

    async def start(self) -> None:
        self.system = thespian_actors.ActorSystem("simpleSystemBase", logDefs=False)

    async def spawn(self, count: int) -> list[Any]:
        return [self.system.createActor(Echo) for _ in range(count)]

    async def tell(self, actors: list[Any], messages: int) -> int:
        count = len(actors)
        for number in range(messages):
            self.system.tell(actors[number % count], ("told", number))
        return sum(self.system.ask(actor, ("handled",), 5)[1] for actor in actors)

    async def ask(self, actor: Any, question: int) -> int:
        return self.system.ask(actor, ("ask", question), 5)[1]

    async def stop(self) -> None:
        self.system.shutdown()
