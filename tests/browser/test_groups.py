"""A group chat: several characters at one table, in the browser with the real model."""

import pytest

from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import LAST, is_fit

pytestmark = pytest.mark.timeout(400)

MEMBERS = ("Grandmother Vesna", "Mr. Halm", "Clover")
BAR = "role=list[name='At the table']"


def speaker(page: Page) -> str:
    """Whose the last message is."""
    return page.text(f"{LAST} >> css=.speaker span >> nth=-1")


def seat(name: str) -> str:
    return f"role=button[name='{name}: speaks next']"


def test_a_group_is_begun_spoken_with_and_changed(reader: Device, url: str) -> None:
    page = home.log_in(reader, url)
    page.click("role=button[name='Group chat']")
    for name in MEMBERS:
        page.call("check", on=f"role=checkbox[name=/^{name}/]")
    page.see("text=At the table: Grandmother Vesna, Mr. Halm, and Clover")
    is_fit(page)
    page.click("role=button[name='Begin with 3']")

    page.see(LAST)
    assert speaker(page) == "Grandmother Vesna"
    assert page.count(f"{BAR} >> role=button") == 3
    page.click(seat("Clover"))  # by hand
    is_fit(page)
    home.brief_answer(page)
    assert speaker(page) == "Clover"
    home.brief_answer(page, "And you, Mr. Halm?")  # by name
    assert speaker(page) == "Mr. Halm"

    page.click(f"{LAST} >> role=button[name='Another character answers']")
    is_fit(page)
    page.click("role=button[name='Grandmother Vesna answers instead']")
    home.stop_reply(page, 20)
    home.reply_ends(page)
    assert speaker(page) == "Grandmother Vesna"
    page.click(f"{LAST} >> role=button[name='Previous version']")
    page.see(f"{LAST} >> text=1/2")
    assert speaker(page) == "Mr. Halm"  # a version stays with whoever said it

    page.click("role=button[name='Group settings']")
    page.click("role=button[name='Clover leaves']")
    page.call("check", on="role=radio[name='One after another, in order']")
    page.call("selectOption", "2", on="role=combobox[name='Answers to one message']")
    page.fill("role=textbox[name='Title']", "At the stove")
    is_fit(page)
    page.click("role=button[name='Save']")
    page.see_no("role=dialog")
    page.see("role=heading[name='At the stove']")
    assert page.count(f"{BAR} >> role=button") == 2

    page.reload()
    page.see(LAST)
    assert speaker(page) == "Mr. Halm"
    page.fill("role=textbox[name='Say something to all']", home.QUESTION)
    page.press("Enter")
    home.reply_begins(page)
    page.see("css=.seat.speaking")
    page.wait_for("document.querySelectorAll('li.message:not(.mine)').length === 5")  # the round goes on
    home.stop_reply(page, 10)
    home.reply_ends(page)
    said = [page.text(f"css=li.message .speaker >> nth={at}") for at in (3, 4)]
    assert said == ["Grandmother Vesna", "Mr. Halm"]
    is_fit(page)
