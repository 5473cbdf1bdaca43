"""The note at a reply that was taken up inexactly; the GPU box says what the test tells it to."""

import asyncio
from pathlib import Path

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Device, Page
from tests.browser.home import LAST
from tests.web.site import Site, run_at

pytestmark = pytest.mark.timeout(200)

UI = Path(__file__).resolve().parents[2] / "web" / "ui" / "dist"
NOTE = f"{LAST} >> role=note"
WORDS = ("The lamp ", "went *out*", ", and ", "came back.")


def begin(device: Device, url: str) -> Page:
    page = device.page(url)
    home.set_up(page)
    home.begin(page, "Vesna")
    home.say(page, "What happened?")
    return page


def test_a_reply_that_was_taken_up_inexactly_says_where_and_still_does_after_a_reload(
    browser: Browser,
) -> None:
    async def test(site: Site) -> None:
        site.worker.words, site.worker.exact = None, False
        await site.character("Vesna")
        device = browser.phone()
        page = await asyncio.to_thread(begin, device, site.origin)
        request = await site.worker.request()
        site.worker.speak(request, 0, WORDS[:2])
        await asyncio.to_thread(page.see, f"{LAST} >> text=went out")
        assert await asyncio.to_thread(page.count, NOTE) == 0
        request = await site.worker.lose(request)
        site.worker.speak(request, 2, WORDS[2:3])
        await asyncio.to_thread(page.see, NOTE)
        site.worker.speak(request, 3, WORDS[3:])
        site.worker.end(request, len(WORDS))
        await asyncio.to_thread(home.reply_ends, page)
        await asyncio.to_thread(page.reload)
        await asyncio.to_thread(page.see, NOTE)
        assert "at “…The lamp went out”." in await asyncio.to_thread(page.text, NOTE)
        assert not await asyncio.to_thread(page.barriers)
        assert await asyncio.to_thread(page.overhang) == 0
        device.close()

    run_at(UI, test)
