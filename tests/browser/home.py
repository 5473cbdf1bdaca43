"""A node with its owner, and what one does on its pages."""

import re
from pathlib import Path
from typing import Any

from tests.browser.browser import Browser, Device, Page
from tests.system.running_node import RunningNode

OWNER = "Anna"
PASSWORD = "tea for the whole family"
QUESTION = "Tell me a long story about the sea, with a ship, a storm and a lighthouse."
TOKENS = 160
"""Length of a reply: long enough to be disturbed in its middle."""

LAST = "li.message:last-child"
STOP = "role=button[name=/^Stop/]"
PICKER = "css=input[type=file] >> nth=0"
DRAWER = "css=dialog.drawer"
INN_BOOK: dict[str, Any] = {
    "extensions": {},
    "entries": [
        {
            "name": "The brass samovar",
            "keys": ["tea"],
            "content": "The brass samovar of the inn is older than the road and sings before it boils.",
            "enabled": True,
            "insertion_order": 1,
            "extensions": {},
            "use_regex": False,
        },
        {
            "name": "Deep winter",
            "keys": [],
            "constant": True,
            "content": "It is deep winter, and the pass is closed until the thaw.",
            "enabled": True,
            "insertion_order": 2,
            "extensions": {},
            "use_regex": False,
        },
    ],
}
"""Of a card: an entry that wakes at "tea", and one that is always there."""


def short_replies(data: Path) -> None:
    """Settings for a node that is yet to start."""
    data.mkdir(parents=True)
    # Temperature 0: the same question gives the same reply, so that none is by chance too short for its test.
    settings = f"[session]\ntitles = false\nsampling = {{ max_tokens = {TOKENS}, temperature = 0.0 }}\n"
    (data / "samovar.toml").write_text(settings)


def address(node: RunningNode) -> str:
    status = node.status()
    assert status is not None
    return status["url"]


def set_up(page: Page) -> None:
    """The first visit."""
    page.fill("role=textbox[name='Your name']", OWNER)
    page.fill("css=input[type=password]", PASSWORD)
    page.click("role=button[name='Open the door']")
    page.see("role=heading[name=/Anna/]")


def log_in(device: Device, url: str) -> Page:
    page = device.page(url)
    page.fill("role=textbox[name='Your name']", OWNER)
    page.fill("css=input[type=password]", PASSWORD)
    page.click("role=button[name='Come in']")
    page.see_no("css=input[type=password]")
    return page


def begin(page: Page, character: str) -> None:
    """From the gallery into a new conversation."""
    page.click(f"role=button[name='{character}']")
    page.click(f"role=button[name='Talk with {character}']")
    page.see(LAST)


def bring(page: Page, *files: Path) -> None:
    """Files of cards into the gallery; its report is open then."""
    page.see("role=button[name='Bring a character']")
    page.call("setInputFiles", [str(file) for file in files], on=PICKER)


def say(page: Page, text: str) -> None:
    page.fill("role=textbox[name=/^Say something/]", text)
    page.press("Enter")


def reply_begins(page: Page, letters: int = 1) -> None:
    """Wait until so many letters of a reply that is being written are there."""
    page.wait_for(
        f"(document.querySelector('li.message:last-child .markdown.live')?.innerText.match(/[a-z]/gi) ?? [])"
        f".length >= {letters}"
    )


def reply_shows(page: Page, letters: int = 1) -> None:
    """Wait until so many letters of a reply are there, whether it is being written still or is over."""
    page.wait_for(
        "(document.querySelector('li.message:last-child:not(.mine) .markdown')?.innerText.match(/[a-z]/gi)"
        f" ?? []).length >= {letters}"
    )


def reply_ends(page: Page) -> None:
    page.see_no(STOP)
    page.see(f"{LAST} >> role=button[name='Write another reply']")


def brief_answer(page: Page, question: str = QUESTION) -> None:
    """A question, and an answer that is stopped after its first words."""
    say(page, question)
    stop_reply(page, 20)
    reply_ends(page)


def stop_reply(page: Page, letters: int = 1) -> None:
    """Press the button as soon as the reply that is being written has so many letters, if it is not over
    before. Within the page, for no reply is so long that a driver could not be too late.
    """
    page.wait_for(
        "((live, stop, over) => over !== null || stop !== null && "
        f"(live?.innerText.match(/[a-z]/gi) ?? []).length >= {letters} && (stop.click(), true))"
        "(document.querySelector('li.message:last-child .markdown.live'),"
        " document.querySelector('button.stop'),"
        " document.querySelector('li.message.mine + li.message:last-child .markdown:not(.live)'))"
    )


def more(page: Page, message: str, what: str) -> None:
    """What one seldom does with a message, from its menu."""
    page.call("hover", on=message)
    page.click(f"{message} >> role=button[name='More']")
    page.click(f"{message} >> role=button[name='{what}']")


def open_trace(page: Page) -> None:
    """Why the last reply is as it is."""
    page.call("focus", on=f"{LAST} >> css=.ask-why")
    page.press("Enter")
    page.see(f"{DRAWER} >> text=/the model read/")


def last_text(page: Page) -> str:
    """The last message, as it is read."""
    return page.text(f"{LAST} >> css=.markdown")


def letters(text: str) -> str:
    """The letters alone: they stay the same, however the signs of markdown are drawn meanwhile."""
    return re.sub(r"[\W\d_]+", "", text)


def is_fit(page: Page) -> None:
    """Nothing keeps anybody out, nothing hangs over, nothing went wrong."""
    assert not page.barriers()
    assert page.overhang() == 0
    assert page.complaints() == []


def another_device(browser: Browser, url: str) -> Page:
    return log_in(browser.device(), url)
