"""Who one is in a conversation: a persona is made, chosen, and speaks; and how the replies are made."""

from pathlib import Path

import pytest

from tests.actors.character.fixtures import png
from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import is_fit

pytestmark = pytest.mark.timeout(400)

CHOICES = "role=button[name='You, notes and replies']"


def open_choices(page: Page) -> None:
    """Beside the name; on a phone, in the menu there."""
    menu = "role=button[name='More about this conversation']"
    if page.count(menu):
        page.click(menu)
    page.click(CHOICES)


def test_a_persona_is_made_chosen_and_speaks(reader: Device, url: str, tmp_path: Path) -> None:
    name, picture = f"Mira {tmp_path.name[-3:]}", tmp_path / "mira.png"
    picture.write_bytes(png())
    page = home.log_in(reader, url)
    page.click("role=button[name=/^Account of/]")
    page.click("role=link[name='Personas']")
    page.click("role=button[name='New persona']")
    page.fill("role=textbox[name='Name']", name)
    page.fill("role=textbox[name='Description']", "A smuggler with a soft spot for tea.")
    page.call("setInputFiles", [str(picture)], on="css=dialog input[type=file]")
    is_fit(page)
    page.click("role=button[name='Save']")
    page.see(f"role=button[name=/^Edit {name}/] >> css=img")
    is_fit(page)

    page.call("goto", url)
    home.begin(page, "Clover")
    open_choices(page)
    page.see(f"css=dialog label >> text={name}")
    is_fit(page)
    page.call("check", {"force": True}, on=f"css=dialog label:has-text('{name}') input")
    page.see("css=dialog >> text=Saved")
    page.click("role=tab[name='Note']")
    page.fill("role=textbox[name='Author’s note']", "It rains.")
    is_fit(page)
    page.click("role=tab[name='Instructions']")
    page.see("role=textbox[name='System prompt']")
    is_fit(page)
    page.click("role=tab[name='Replies']")
    page.call("selectOption", "steady", on="role=combobox[name='Preset']")
    page.see("css=dialog >> text=Saved")
    page.click("text=All settings")
    is_fit(page)
    page.press("Escape")
    page.see_no("css=dialog")
    home.brief_answer(page)
    page.see(f"css=li.message.mine .byline >> text={name}")
    open_choices(page)
    page.click("role=tab[name='Note']")
    assert page.evaluate("document.querySelector('#note-text').value") == "It rains."
    page.press("Escape")
    is_fit(page)

    page.call("goto", f"{url}/personas")
    page.click(f"role=button[name=/^Edit {name}/]")
    page.click("role=button[name='Remove']")
    page.click("role=button[name='Undo']")
    page.see(f"role=button[name=/^Edit {name}/]")
    assert page.complaints() == []
