"""Branches in the browser: a swipe, a bookmark, a deletion with its undo, a branch, the map."""

from pathlib import Path

import pytest

from tests.browser import home
from tests.browser.browser import Page
from tests.browser.home import LAST, more

pytestmark = pytest.mark.timeout(400)

QUESTION = "li.message.mine"
MAP = "role=dialog[name='Map of the branches']"


def test_a_talk_branches_loses_and_regains_messages_and_is_seen_on_the_map(
    page: Page, tmp_path: Path
) -> None:
    home.begin(page, "Maren Skye")
    home.brief_answer(page)
    first = home.last_text(page)
    page.click(f"{LAST} >> role=button[name='Write another reply']")
    home.stop_reply(page, 10)
    home.reply_ends(page)
    page.see(f"{LAST} >> text=2/2")
    more(page, LAST, "Bookmark")
    page.fill("role=textbox[name='Name of the bookmark']", "The second answer")
    page.click("role=button[name='Save']")
    page.see(f"{LAST} >> text=The second answer")
    more(page, LAST, "Delete this message")
    page.see("text=Deleted.")
    page.see_no(f"{LAST} >> text=The second answer")
    assert page.count("css=li.message") == 3
    assert home.last_text(page) == first
    page.click("role=button[name='Undo']")
    page.see(f"{LAST} >> text=2/2")
    page.see(f"{LAST} >> text=The second answer")
    more(page, "li.message >> nth=0", "Branch from here")
    page.see("text=You are beginning a new branch here.")
    home.say(page, "And the seals?")
    home.stop_reply(page, 10)
    home.reply_ends(page)
    page.see(f"{QUESTION} >> text=2/2")
    page.press("Alt+m")
    page.see(MAP)
    page.see(f"{MAP} >> role=treeitem >> nth=5")
    assert page.count(f"{MAP} >> role=treeitem") == 6
    assert page.barriers() == ""
    page.picture(tmp_path / "map.png")
    page.click(f"{MAP} >> role=button[name='The second answer']")
    page.see_no(MAP)
    page.see(f"{LAST} >> text=The second answer")
    assert page.complaints() == []
