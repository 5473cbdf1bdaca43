"""Conversations in order: brought in from a file, filed, pinned, found, saved, deleted with a way back."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import LAST, is_fit

pytestmark = pytest.mark.timeout(400)

PANEL = "css=aside .panel"


def open_list(page: Page) -> None:
    """On a phone it is a drawer."""
    show = "role=button[name='Show the conversations']"
    if page.call("isVisible", on=show) and page.count("css=.drawer.open") == 0:
        page.click(show)
    page.see("css=aside .find")


def choose(page: Page, title: str, what: str) -> None:
    """In the menu of a conversation."""
    open_list(page)
    page.call("hover", on=f"css=aside .title >> text={title}")
    page.click(f"role=button[name='More about “{title}”']")
    page.see(PANEL)
    page.click(f"{PANEL} >> role=button[name='{what}']")
    page.see_no(PANEL)


def chat(title: str, word: str) -> dict[str, object]:
    """As Samovar saves it. The first answer, with the word, is not on the branch that is shown."""
    return {
        "format": "samovar-chat",
        "version": 1,
        "title": title,
        "user_name": home.OWNER,
        "character_name": "Mr. Halm",
        "head": 2,
        "messages": [
            {"role": "user", "text": "Where is the light?"},
            {"role": "assistant", "text": f"Смотритель {word} зажигал старый маяк.", "parent": 0},
            {"role": "assistant", "text": "It went out.", "parent": 0},
        ],
    }


def test_a_conversation_is_brought_in_filed_found_saved_and_deleted_with_undo(
    reader: Device, url: str, tmp_path: Path
) -> None:
    word = f"w{uuid4().hex[:8]}"
    title = f"The light {word}"
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(chat(title, word)), encoding="utf-8")
    page = home.log_in(reader, url)
    home.begin(page, "Mr. Halm")

    open_list(page)
    page.call("setInputFiles", [str(file)], on="css=aside input[type=file]")
    page.see(f"role=dialog >> role=link[name='{title}']")
    page.see("role=dialog >> text=/1.version beside them/")
    is_fit(page)
    page.click(f"role=dialog >> role=link[name='{title}']")
    page.see(f"{LAST} >> text=It went out.")

    choose(page, title, "Folder and tags…")
    page.call("selectOption", "new", on="role=combobox[name='Folder']")
    page.fill("role=textbox[name='Name of the folder']", f"Sea {word}")
    page.fill("role=textbox[name='Tags']", f"tag {word}")
    is_fit(page)
    page.click("role=button[name='Save']")
    page.see(f"css=aside .heading >> text=Sea {word}")
    page.see(f"css=aside .tag >> text=tag {word}")
    choose(page, title, "Pin")
    page.see("css=aside .heading >> text=Pinned")
    is_fit(page)

    # In another form of the word, on another branch.
    page.call("press", "Control+k", on="body")
    page.fill("role=combobox[name='Search everything']", f"маяками {word} ")
    page.see("role=option >> css=mark >> text=маяк")
    is_fit(page)
    page.press("ArrowDown")
    page.press("Enter")
    page.see(f"{LAST} >> text={word} зажигал")
    assert page.complaints() == []

    open_list(page)
    page.call("hover", on=f"css=aside .title >> text={title}")
    page.click(f"role=button[name='More about “{title}”']")
    page.see(f"{PANEL} >> role=link[name=/JSONL/]")
    is_fit(page)
    saved = json.loads(
        page.evaluate(
            "fetch(document.querySelector('aside .panel a[href$=json]').href).then((a) => a.text())"
        )
    )
    assert (saved["title"], len(saved["messages"])) == (title, 3)
    page.press("Escape")

    choose(page, title, "Delete")
    page.see(f"text=“{title}” is deleted.")
    page.see_no(f"css=aside .title >> text={title}")
    is_fit(page)
    page.click("role=button[name='Undo']")
    page.see(f"role=link[name=/{word}/]")
    assert page.complaints() == []
