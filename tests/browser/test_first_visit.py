"""The first visit to a new node, to the first answer."""

from pathlib import Path

import pytest

from tests.browser import home
from tests.browser.browser import Browser
from tests.system.running_node import running_node

pytestmark = pytest.mark.timeout(400)


def test_the_first_one_becomes_the_owner_and_talks_with_a_character(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    home.short_replies(data)
    with running_node(data) as node:
        url = home.address(node)
        device = browser.device()
        page = device.page(url)
        page.see("role=heading[name='Put the kettle on']")
        assert page.count("role=textbox[name='One-time code']") == 0
        home.set_up(page)
        assert page.count("css=.card") >= 4
        page.wait_for(
            "[...document.querySelectorAll('.card img')].slice(0, 3).every((i) => i.naturalWidth === 640)"
        )

        home.begin(page, "Grandmother Vesna")
        assert "tell old Vesna" in home.last_text(page)
        page.evaluate(
            "new MutationObserver(() => (window.titles ??= []).push(document.title))"
            ".observe(document.querySelector('title'), { childList: true })"
        )
        home.say(page, home.QUESTION)
        page.wait_for("window.titles?.includes('Grandmother Vesna is writing… · Samovar')")
        home.reply_ends(page)
        assert len(home.letters(home.last_text(page))) > 0
        page.see("role=button[name='Demonstration model']")
        assert page.complaints() == []
        device.close()

        # The node has an owner now: whoever comes next logs in.
        other = browser.device()
        login = other.page(url)
        login.see("role=heading[name='Welcome back']")
        login.fill("role=textbox[name='Your name']", home.OWNER)
        login.fill("css=input[type=password]", "not this one")
        login.click("role=button[name='Come in']")
        login.see("role=alert")
        login.fill("css=input[type=password]", home.PASSWORD)
        login.click("role=button[name='Come in']")
        login.see("role=heading[name=/Anna/]")
        login.see("text=Go on where you left off")
        other.close()
