"""Questions asked together: each gets its own answer, none waits for ever, an error reaches all who asked."""

import asyncio
from collections.abc import Mapping

import pytest

from web.gathered import Gathered


class Library:
    """Answers for even numbers; notes what it was asked for at once."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []
        self.open = asyncio.Event()
        self.broken = False

    async def find_all(self, keys: tuple[int, ...]) -> Mapping[int, str]:
        self.asked.append(keys)
        await self.open.wait()
        if self.broken:
            raise RuntimeError("no answer")
        return {key: f"<{key}>" for key in keys if key % 2 == 0}


def test_what_comes_while_a_question_is_under_way_goes_together() -> None:
    async def scenario() -> None:
        library = Library()
        gathered = Gathered(library.find_all, most=3)
        first = asyncio.create_task(gathered.find(0))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(gathered.find(key)) for key in (1, 2, 2, 4, 6, 8)]
        await asyncio.sleep(0.01)
        library.open.set()
        assert await first == "<0>"
        assert await asyncio.gather(*others) == [None, "<2>", "<2>", "<4>", "<6>", "<8>"]
        assert library.asked == [(0,), (1, 2, 4), (6, 8)]
        assert await gathered.find(0) == "<0>"  # asked anew: nothing is remembered
        assert library.asked[3:] == [(0,)]

    asyncio.run(scenario())


def test_an_error_reaches_all_who_asked_and_the_next_question_is_asked_again() -> None:
    async def scenario() -> None:
        library = Library()
        library.broken = True
        library.open.set()
        gathered = Gathered(library.find_all, most=100)
        failed = await asyncio.gather(gathered.find(0), gathered.find(2), return_exceptions=True)
        assert [str(each) for each in failed] == ["no answer", "no answer"]
        library.broken = False
        assert await gathered.find(2) == "<2>"

    asyncio.run(scenario())


def test_whoever_gives_up_takes_nothing_from_the_others() -> None:
    async def scenario() -> None:
        library = Library()
        gathered = Gathered(library.find_all, most=100)
        patient, other = (asyncio.create_task(gathered.find(2)) for _ in range(2))
        await asyncio.sleep(0.01)
        other.cancel()
        with pytest.raises(asyncio.CancelledError):
            await other
        library.open.set()
        assert await patient == "<2>"

    asyncio.run(scenario())
