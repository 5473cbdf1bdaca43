"""What the pictures of docs/pictures show, scene by scene; pictures.py has them taken."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.browser import home, night_train
from tests.browser.browser import Browser, Device, Page
from tests.browser.home import LAST

# At temperature 0 the demonstration model says the same each time: these are its better moments.
TALKS = (
    ("Fennick Vale", "A door in the wood", "I see a door in the wood."),
    ("Clover", "The poppy", "Tell me about the poppy on your head."),
    ("Mr. Halm", "A seat by the window", "Something behind me, please. What do you see?"),
    ("Grandmother Vesna", "Snow, and cherry jam", "Tell me about the snow of your childhood."),
)
FOLLOW_UP = "And the tea?"
TABLE = ("Grandmother Vesna", "Mr. Halm", "Clover")
TO_ONE = "Clover, what grows in the snow?"
HINTS = ("A storm is coming",)
GUESTS = ("Boris", "Vera", "Ilya")
MINE = "css=li.message.mine"
ANSWERED = (
    "document.querySelector('li.message.mine + li.message:last-child .markdown:not(.live)') !== null"
    " && document.querySelector('button.stop') === null"
)
MAP = "role=dialog[name='Map of the branches']"


@dataclass
class Studio:
    """Where the scenes are played. `take(page, name)` makes a picture of the page as it is."""

    browser: Browser
    url: str
    folder: Path
    take: Callable[[Page, str], None]

    def come_in(self, device: Device | None = None, address: str = "") -> Page:
        return home.log_in(device or self.browser.device(), address or self.url)


def rename(page: Page, title: str) -> None:
    row = "css=li.row.current"
    page.call("hover", on=row)
    page.click(f"{row} >> role=button[name=/^More about/]")
    page.click("role=button[name='Rename']")
    page.fill("role=textbox[name='New title']", title)
    page.click("role=button[name='Save']")
    page.see(f"{row} >> text={title}")
    page.call("hover", on="css=header h1")  # away from the messages, which would show their buttons
    page.call("focus", on="role=textbox[name=/^Say something/]")


def ask(page: Page, text: str) -> None:
    """A question, and the whole answer."""
    home.say(page, text)
    page.see(f"{MINE} >> text={text}")
    page.wait_for(ANSWERED)


def chats(studio: Studio) -> None:
    """A reply that is being written, light and dark; the same on a phone; and the gallery after it."""
    page = studio.come_in()
    for character, title, text in TALKS:
        if page.count(LAST):
            home.reply_ends(page)
        page.call("goto", studio.url)
        home.begin(page, character)
        rename(page, title)
        home.say(page, text)
        home.reply_begins(page, 190)
    studio.take(page, "chat-light")
    home.reply_ends(page)
    here = page.evaluate("location.href")

    page = studio.come_in(studio.browser.device(dark=True), here)
    page.see(LAST)
    home.say(page, FOLLOW_UP)
    home.reply_begins(page, 100)
    studio.take(page, "chat-dark")
    home.reply_ends(page)

    page = studio.come_in(studio.browser.phone(), here)
    page.see(LAST)
    studio.take(page, "chat-phone")

    page = studio.come_in(studio.browser.device(height=1240))
    page.see("css=.card")
    studio.take(page, "gallery")


def editor(studio: Studio) -> None:
    """A character of one's own, made from one that is there."""
    page = studio.come_in()
    page.click("role=button[name='Fennick Vale']")
    page.click("role=button[name='Make a copy']")
    page.see("role=heading[name='Who they are']")
    page.fill("role=textbox[name='Name']", "Old Fennick")
    page.click("role=button[name='Save']")
    page.see("text=All saved")
    page.see("css=aside .panel")
    studio.take(page, "editor")


def bring_lorebook(studio: Studio, page: Page) -> None:
    """The page of the book; it is brought where it is not there yet."""
    page.call("goto", f"{studio.url}/lorebooks")
    page.see("role=heading[name='Lorebooks']")
    page.see_no("css=.placeholder")
    link = f"role=link[name='{night_train.NAME}']"
    if not page.count(link):
        file = studio.folder / "night-train.json"
        file.write_text(json.dumps(night_train.lorebook()))
        page.call("setInputFiles", [str(file)], on="css=input[type=file]")
    page.click(link)
    page.see("role=button[name='Would this fire?']")


def lorebook(studio: Studio) -> None:
    """What of a lorebook fires on a text, and why."""
    page = studio.come_in()
    bring_lorebook(studio, page)
    page.click("role=button[name='Would this fire?']")
    page.fill("role=textbox[name='Text']", night_train.QUESTION)
    page.see("text=Fires: 6 entries")
    page.see_no("css=.result.stale")
    studio.take(page, "lorebook")


def trace(studio: Studio) -> None:
    """Why a reply is as it is, with a lorebook that is attached to its character."""
    page = studio.come_in()
    bring_lorebook(studio, page)
    page.click("role=button[name='Where it counts']")
    characters = "role=combobox[name='Add one of: Characters']"
    page.call("selectOption", {"label": "Mr. Halm"}, on=characters)
    page.see("role=button[name=/Mr. Halm/]")
    page.click("role=button[name='Done']")
    page.call("goto", studio.url)
    home.begin(page, "Mr. Halm")
    rename(page, "Tea on the 23:59")
    ask(page, night_train.QUESTION)
    home.open_trace(page)
    page.see(f"{home.DRAWER} >> css=.lore li")
    studio.take(page, "trace")


def group(studio: Studio) -> None:
    """A table of three: each has greeted, and who was asked by name answers."""
    page = studio.come_in()
    page.click("role=button[name='Group chat']")
    for name in TABLE:
        page.call("check", on=f"role=checkbox[name=/^{name}/]")
    page.call("check", on="role=radio[name='Everybody greets, one after another']")  # all of them greet
    page.click(f"role=button[name='Begin with {len(TABLE)}']")
    page.see(LAST)
    rename(page, "At the tea house")
    home.say(page, TO_ONE)
    page.see(f"{MINE} >> text={TO_ONE}")
    home.reply_begins(page, 45)
    studio.take(page, "group")
    home.reply_ends(page)


def branches(studio: Studio) -> None:
    """Answers beside each other, a bookmark, and a talk that took two ways."""
    page = studio.come_in()
    home.begin(page, "Maren Skye")
    ask(page, "Who lives on the rocks out there?")
    for number, hint in enumerate(HINTS, 2):
        home.more(page, LAST, "Write another reply with a hint…")
        page.fill("role=textbox[name='What should be different this time?']", hint)
        page.click("role=button[name='Write it']")
        page.see(f"{LAST} >> text={number}/{number}")
        page.wait_for(ANSWERED)
    home.more(page, LAST, "Bookmark")
    page.fill("role=textbox[name='Name of the bookmark']", "Before the storm")
    page.click("role=button[name='Save']")
    page.see(f"{LAST} >> text=Before the storm")
    ask(page, "Shall we light the lamp?")
    home.more(page, "li.message >> nth=0", "Branch from here")
    page.see("text=You are beginning a new branch here.")
    ask(page, "Show me the lamp room.")
    page.press("Alt+m")
    page.see(f"{MAP} >> role=treeitem")
    studio.take(page, "branches")


def guest(studio: Studio, people: Page, name: str) -> Page:
    """Somebody whom the owner lets in, in a browser of their own."""
    people.click("role=button[name='Add a person']")
    people.fill("role=textbox[name='Name']", name)
    people.click("role=button[name='Make the account']")
    people.see(f"role=heading[name='{name} has an account']")
    password = people.text("css=dialog dd.password")
    people.click("role=button[name='Done']")
    page = studio.browser.device().page(studio.url)
    page.fill("role=textbox[name='Your name']", name)
    page.fill("css=input[type=password]", password)
    page.click("role=button[name='Come in']")
    page.see("css=.card")
    return page


def queue(studio: Studio) -> None:
    """More who want a reply than there are slots, as the owner sees it."""
    watching = studio.come_in(address=f"{studio.url}/people")
    pages = [studio.come_in(), *(guest(studio, watching, name) for name in GUESTS)]
    watching.call("goto", f"{studio.url}/queue")
    watching.see("role=heading[name='Nobody waits']")
    for page, (character, _, _) in zip(pages, TALKS, strict=True):
        home.begin(page, character)
    for page, (_, _, text) in zip(pages, TALKS, strict=True):
        home.say(page, text)
    watching.see(f"css=.line >> nth={len(pages) - 1}")
    studio.take(watching, "queue")


SCENES = {scene.__name__: scene for scene in (chats, editor, lorebook, trace, group, branches, queue)}
