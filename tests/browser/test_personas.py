"""Who one is in a conversation: a persona is made, chosen, and speaks; and how the replies are made."""

import json
from pathlib import Path

import pytest

from tests.actors.character.fixtures import png, v3
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


# What is fetched of personas and of a character waits until it is let go.
HOLD = """(() => {
    const really = window.fetch;
    const free = new Promise((go) => { window.letGo = go; });
    window.fetch = async (path, how) => {
        if (/api\\/(personas|characters\\/)/.test(path)) await free;
        return really(path, how);
    };
})()"""
MAKE = """fetch('/api/personas', {method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({name: NAME, description: 'A smuggler.'})}).then((answer) => answer.status)"""
PLACE = """(async () => {
    const button = document.querySelector('dialog .begin .button');
    await Promise.allSettled(document.querySelector('dialog').getAnimations().map((one) => one.finished));
    const {x, y, width, height} = button.getBoundingClientRect();
    return [x, y, width, height].map(Math.round).join(' ');
})()"""


def test_who_one_is_is_chosen_before_a_conversation_and_the_button_stays_where_it_is(
    reader: Device, url: str, tmp_path: Path
) -> None:
    name, host = f"Vera {tmp_path.name[-3:]}", f"Zoya {tmp_path.name[-3:]}"
    about = "Zoya keeps the inn at the pass. " * 18  # of a length with which the sheet could grow
    greetings = {"first_mes": "Come in.", "alternate_greetings": ["Sit down."]}
    (tmp_path / "zoya.json").write_text(
        json.dumps(v3(name=host, creator_notes=about, character_book=None, **greetings))
    )
    page = home.log_in(reader, url)
    assert page.evaluate(MAKE.replace("NAME", repr(name))) == 201
    home.bring(page, tmp_path / "zoya.json")
    page.see("text=1 character came in.")
    page.click("role=button[name='Close'] >> nth=-1")
    page.see(f"role=button[name='{host}']")
    page.evaluate(HOLD)
    page.click(f"role=button[name='{host}']")
    page.see(f"role=button[name='Talk with {host}']")
    before = page.evaluate(PLACE)
    page.evaluate("letGo()")
    page.see("role=combobox[name='You speak as']")
    page.see("css=dialog .greeting fieldset")
    assert page.evaluate(PLACE) == before
    is_fit(page)
    page.call("selectOption", {"label": name}, on="role=combobox[name='You speak as']")
    page.click(f"role=button[name='Talk with {host}']")
    page.see(home.LAST)
    home.brief_answer(page)
    page.see(f"css=li.message.mine .byline >> text={name}")
    is_fit(page)


def test_a_character_has_choices_for_all_conversations_with_it(
    reader: Device, url: str, tmp_path: Path
) -> None:
    name, host = f"Lada {tmp_path.name[-3:]}", f"Ruta {tmp_path.name[-3:]}"
    (tmp_path / "ruta.json").write_text(
        json.dumps(v3(name=host, character_book=None, system_prompt="Rhyme.", post_history_instructions=""))
    )
    page = home.log_in(reader, url)
    assert page.evaluate(MAKE.replace("NAME", repr(name))) == 201
    home.bring(page, tmp_path / "ruta.json")
    page.see("text=1 character came in.")
    page.click("role=button[name='Close'] >> nth=-1")
    page.click(f"role=button[name='{host}']")
    page.see("role=button[name='You, notes and replies as everywhere']")
    is_fit(page)
    page.call("focus", on="css=button.chosen")
    page.press("Enter")
    page.see(f"role=heading[name='All conversations with {host}']")
    page.see(f"css=#choices-panel label >> text={name}")
    is_fit(page)
    page.call("check", {"force": True}, on=f"css=#choices-panel label:has-text('{name}') input")
    page.click("role=tab[name='Note']")
    page.fill("role=textbox[name='Author’s note']", "Snow falls.")
    page.click("role=tab[name='Instructions']")
    page.click("text=Show the card’s")
    page.see("css=#choices-panel blockquote >> text=Rhyme.")
    is_fit(page)
    page.click("role=tab[name='Replies']")
    page.call("selectOption", "steady", on="role=combobox[name='Preset']")
    page.see("css=dialog >> text=Saved")
    is_fit(page)
    page.press("Escape")
    page.see("role=button[name='You, notes and replies You · Note · Replies']")
    page.click(f"role=button[name='Talk with {host}']")
    page.see(home.LAST)
    open_choices(page)
    page.see(f"css=#choices-panel label:has-text('{name}') >> css=input:checked")
    page.click("role=tab[name='Note']")
    page.see("text=Nothing is chosen here: it is as with this character.")
    assert page.evaluate("document.querySelector('#note-text').value") == "Snow falls."
    page.press("Escape")

    page.call("goto", url)
    page.click(f"role=button[name='{host}']")
    page.click("role=link[name='Edit']")
    page.click("role=button[name='More about this character']")
    page.click("role=button[name='You, notes and replies']")
    page.see(f"role=heading[name='All conversations with {host}']")
    page.click("role=tab[name='Note']")
    page.click("role=button[name='Reset']")
    page.see("css=dialog >> text=Saved")
    assert page.evaluate("document.querySelector('#note-text').value") == ""
    is_fit(page)
