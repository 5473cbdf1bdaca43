"""Makes docs/pictures from the running product: `python -m tests.browser.pictures`, after `deploy setup`."""

import sys
import tempfile
from pathlib import Path

from tests.browser import home
from tests.browser.browser import Browser, Page, find_chromium, running_browser
from tests.system.running_node import running_node

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"

# At temperature 0 the demonstration model says the same each time: these are its better moments.
TALKS = (
    ("Fennick Vale", "A door in the wood", "I see a door in the wood."),
    ("Clover", "The poppy", "Tell me about the poppy on your head."),
    ("Mr. Halm", "A seat by the window", "Something behind me, please. What do you see?"),
    ("Grandmother Vesna", "Snow, and cherry jam", "Tell me about the snow of your childhood."),
)
FOLLOW_UP = "And the tea?"


def talk(page: Page, url: str, character: str, title: str, text: str) -> None:
    """A conversation with a title, and a question of which the answer is being written."""
    page.call("goto", url)
    home.begin(page, character)
    row = "css=li.row.current"
    page.call("hover", on=row)
    page.click(f"{row} >> role=button[name=/^More about/]")
    page.click("role=button[name='Rename']")
    page.fill("role=textbox[name='New title']", title)
    page.click("role=button[name='Save']")
    page.see(f"{row} >> text={title}")
    page.call("hover", on="css=.scroller")
    page.call("focus", on="role=textbox[name=/^Say something/]")
    home.say(page, text)
    home.reply_begins(page, 190)


def take(page: Page, name: str) -> None:
    path = PICTURES / f"{name}.png"
    page.picture(path)
    print(path)  # noqa: T201 - this is a program


def make(browser: Browser, url: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    desk = browser.device()
    page = desk.page(url)
    page.see("role=button[name='Open the door']")
    take(page, "first-visit")
    home.set_up(page)
    for character, title, text in TALKS:
        if page.count(home.LAST):
            home.reply_ends(page)
        talk(page, url, character, title, text)
    take(page, "chat-light")
    home.reply_ends(page)
    here = page.evaluate("location.href")
    page.call("goto", url)
    page.see("css=.card")
    take(page, "gallery")

    dark = browser.device(dark=True)
    page = home.log_in(dark, here)
    page.see(home.LAST)
    home.say(page, FOLLOW_UP)
    home.reply_begins(page, 100)
    take(page, "chat-dark")
    home.reply_ends(page)

    phone = browser.phone()
    page = home.log_in(phone, here)
    page.see(home.LAST)
    take(page, "chat-phone")


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium or Chrome was found: install one, or name it in CHROMIUM.", file=sys.stderr)  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        home.short_replies(data)
        with running_node(data) as node, running_browser(chromium) as browser:
            make(browser, home.address(node))
    return 0


if __name__ == "__main__":
    sys.exit(main())
