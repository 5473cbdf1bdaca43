"""One evening with a character that came as a picture: in, talked with, branched, found, saved, explained."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.actors.character.fixtures import card_chunk, png, v3
from tests.browser import home
from tests.browser.browser import Page
from tests.browser.home import DRAWER, LAST, bring, is_fit, more, open_trace

pytestmark = pytest.mark.timeout(400)

GREETING = "li.message >> nth=0"
MINE = "li.message.mine"
PREVIOUS = f"{LAST} >> role=button[name='Previous version']"
MAP = "role=dialog[name='Map of the branches']"
SEARCH = "role=combobox[name='Search everything']"
FETCHED = "fetch(document.querySelector('aside .panel a[href$=json]').href).then((a) => a.text())"


def another_reply(page: Page) -> str:
    page.click(f"{LAST} >> role=button[name='Write another reply']")
    home.stop_reply(page, 20)
    page.see(f"{LAST} >> text=2/2")
    home.reply_ends(page)
    return home.last_text(page)


def saved_talk(page: Page, name: str) -> list[dict[str, Any]]:
    """The messages of the conversation, as its file has them."""
    page.call("hover", on="css=aside li.row.current")
    page.click(f"css=aside li.row.current >> role=button[name='More about “{name}”']")
    page.see("css=aside .panel >> role=link[name=/JSONL/]")
    text = page.evaluate(FETCHED)
    page.press("Escape")
    return json.loads(text)["messages"]


def test_a_card_of_a_picture_talks_is_swiped_branched_found_saved_and_explained(
    page: Page, tmp_path: Path
) -> None:
    word = f"w{uuid4().hex[:8]}"  # of this run alone
    name = f"Agafya {word}"
    card = tmp_path / "agafya.png"
    card.write_bytes(png(card_chunk("ccv3", v3(name=name, character_book=home.INN_BOOK))))
    bring(page, card)
    page.see("text=1 character came in.")
    page.click("role=button[name='Close'] >> nth=-1")
    page.fill("role=searchbox", name)
    home.begin(page, name)

    question = f"Is there any tea left for {word}?"
    home.brief_answer(page, question)
    first = home.last_text(page)
    second = another_reply(page)
    page.click(PREVIOUS)
    page.see(f"{LAST} >> text=1/2")
    assert home.last_text(page) == first
    page.call("press", "ArrowRight", on="body")
    page.see(f"{LAST} >> text=2/2")
    assert home.last_text(page) == second

    more(page, GREETING, "Branch from here")
    page.see("text=You are beginning a new branch here.")
    home.brief_answer(page, "And who sleeps upstairs?")
    page.see(f"{MINE} >> text=2/2")
    page.press("Alt+m")
    page.see(f"{MAP} >> role=treeitem >> nth=5")
    assert page.count(f"{MAP} >> role=treeitem") == 6
    page.press("Escape")
    page.see_no(MAP)

    page.call("press", "Control+k", on="body")
    page.fill(SEARCH, f"{word} tea")
    page.see(f"role=option >> css=mark >> text={word}")
    is_fit(page)
    page.press("ArrowDown")  # from the character, whose book has the tea, to the conversation …
    page.press("ArrowDown")  # … and to what was said in it
    page.see("css=[role=option][aria-selected=true].message")
    page.press("Enter")
    page.see_no(SEARCH)
    page.see(f"{MINE} >> text={question}")  # on the branch that was left
    assert home.last_text(page) == second

    messages = saved_talk(page, name)
    asked = {message["text"] for message in messages if message["role"] == "user"}
    assert asked == {question, "And who sleeps upstairs?"}
    said = {home.letters(message["text"]) for message in messages if message["role"] == "assistant"}
    assert said >= {home.letters(first), home.letters(second)}
    assert len(messages) == 3 + 2 + 3  # beginnings of the card, questions, replies

    open_trace(page)
    assert page.text(f"{DRAWER} >> css=.lore li:has-text('The brass samovar') >> css=mark") == "tea"
    page.see(f"{DRAWER} >> text=Always there.")
    is_fit(page)
