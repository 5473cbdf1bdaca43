"""Writing a character: edited, saved as a version, compared, gone back to; a conversation moves along."""

from pathlib import Path

import pytest

from tests.actors.character.fixtures import as_json, png, v3
from tests.browser import home
from tests.browser.browser import Browser, Page
from tests.browser.home import LAST, is_fit

pytestmark = pytest.mark.timeout(400)

SAVE = "role=button[name='Save']"


def bring(page: Page, card: Path) -> None:
    page.see("role=button[name='Bring a character']")
    page.call("setInputFiles", [str(card)], on="css=input[type=file] >> nth=0")
    page.see("text=1 character came in.")
    page.click("role=button[name='Close'] >> nth=-1")


def saved(page: Page) -> None:
    page.click(SAVE)
    page.see("text=All saved")


def test_a_character_is_edited_and_its_conversation_moves_along(page: Page, url: str, tmp_path: Path) -> None:
    name = f"Lukerya {tmp_path.name[-3:]}"
    card = tmp_path / "lukerya.json"
    card.write_bytes(as_json(v3(name=name, description="She keeps bees.")))
    bring(page, card)
    home.begin(page, name)
    talk = page.evaluate("location.href")
    page.call("goto", url)
    page.click(f"role=button[name='{name}']")
    page.click("role=link[name='Edit']")
    page.see("role=heading[name='Who they are']")
    is_fit(page)
    page.fill("role=textbox[name='Description']", "She keeps bees and goats.")
    page.see("text=Not saved yet")
    page.wait_for("Object.keys(localStorage).some((key) => key.startsWith('samovar.draft.card.'))")
    page.reload()
    page.see("text=Your unsaved changes are back.")
    page.click("role=button[name='How it begins']")
    page.click("role=button[name='Add one'] >> nth=0")
    page.call("pressSequentially", "You again!", on="*:focus")
    is_fit(page)
    page.click("role=button[name='Pictures']")
    portrait = tmp_path / "portrait.png"
    portrait.write_bytes(png())
    page.call("setInputFiles", [str(portrait)], on="css=input[type=file] >> nth=0")
    page.see("role=button[name='Keep the old one']")
    is_fit(page)
    saved(page)
    page.click("role=button[name='Versions']")
    page.see("role=heading[name=/^Versions of/]")
    page.see("text=1 conversation uses it")
    is_fit(page)
    page.click("role=button[name=/^Compare/]")
    page.see("css=ins >> text=and goats")
    is_fit(page)
    page.call("goto", talk)
    page.see(f"text={name} has changed since this conversation began.")
    is_fit(page)
    page.click("role=button[name='Use the new version']")
    page.see(f"text=From now on this is the new {name}.")
    page.click("role=button[name='Undo']")
    page.see_no("text=From now on this is the new")
    page.reload()
    page.see(f"text={name} has changed since this conversation began.")
    page.click("role=button[name='Use the new version']")
    page.see(f"text=From now on this is the new {name}.")
    page.reload()
    page.see(LAST)
    page.see_no("text=has changed since this conversation began")
    assert page.complaints() == []


def test_a_character_is_written_on_a_phone_and_left_with_its_draft(browser: Browser, url: str) -> None:
    device = browser.phone(360, dark=True)
    page = home.log_in(device, url)
    page.click("role=link[name='Write a character']")
    page.click(SAVE)
    page.see("text=A character needs a name.")
    page.fill("role=textbox[name='Name']", "Praskovya")
    is_fit(page)
    page.click("role=link[name='To the gallery']")
    page.see("role=heading[name='Leave without saving?']")
    is_fit(page)
    page.click("role=button[name='Leave']")
    page.click("role=link[name='Write a character']")
    page.see("text=Your unsaved changes are back.")
    saved(page)
    for part in ("Lore", "Instructions", "About the card", "Other data"):
        page.click(f"role=button[name='{part}']")
        page.see(f"role=heading[name='{part}']")
        is_fit(page)
    page.click("role=button[name='More about this character']")
    page.see("role=link[name=/CHARX/]")
    is_fit(page)
    page.click("role=button[name='Make a copy']")
    page.see("role=heading[name='Praskovya (copy)']")
    device.close()


def test_two_who_save_the_same_character_lose_nothing(
    page: Page, browser: Browser, url: str, tmp_path: Path
) -> None:
    card = tmp_path / "akulina.json"
    card.write_bytes(as_json(v3(name="Akulina", scenario="A mill.")))
    bring(page, card)
    page.click("role=button[name='Akulina']")
    page.click("role=link[name='Edit']")
    page.fill("role=textbox[name='Scenario']", "A mill by night.")
    other = home.another_device(browser, page.evaluate("location.href"))
    other.fill("role=textbox[name='Scenario']", "A mill in winter.")
    saved(other)
    page.click(SAVE)
    page.see("role=heading[name='Somebody saved meanwhile']")
    (refused,) = page.complaints()
    assert "409" in refused
    is_fit(page)
    page.click("role=button[name='Save mine as the newest']")
    page.see("text=All saved")
    page.click("role=button[name='Versions']")
    page.wait_for("document.querySelectorAll('dialog ol > li').length === 3")
    page.click("role=button[name=/^Go back to it/] >> nth=0")
    page.see("text=It is the current version now.")
    page.click("role=button[name='Close']")
    page.wait_for(
        "[...document.querySelectorAll('textarea')].some((one) => one.value === 'A mill in winter.')"
    )
    assert page.complaints() == []
