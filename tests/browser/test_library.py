"""A character of one's own: from a file into the gallery, into a conversation, and out again."""

import json
from pathlib import Path

import pytest

from tests.actors.character.fixtures import as_json, card_chunk, png, v3
from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import LAST, bring, is_fit

pytestmark = pytest.mark.timeout(400)


def test_a_card_comes_in_by_its_file_and_talks(reader: Device, url: str, tmp_path: Path) -> None:
    name = f"Agafya {tmp_path.name[-3:]}"  # of this run alone
    card, broken = tmp_path / "agafya.png", tmp_path / "holiday.png"
    card.write_bytes(png(card_chunk("ccv3", v3(name=name))))
    broken.write_bytes(png())
    page = home.log_in(reader, url)
    bring(page, card, broken)
    page.see("text=1 character came in. 1 file could not be taken.")
    page.see("css=dialog li.refused >> text=holiday.png")
    page.see("css=dialog li.refused >> text=/The picture is sound, but there is no card in it/")
    is_fit(page)
    page.click("role=button[name='Close'] >> nth=-1")
    page.fill("role=searchbox", name)
    page.click(f"role=button[name='{name}']")
    page.see("role=button[name='Save as a file']")
    page.see("text=/3 lore entries/")
    page.call("check", {"force": True}, on="role=radio[name='Beginning 2']")
    page.see("text=Who knocks?")
    is_fit(page)
    page.click(f"role=button[name='Talk with {name}']")
    page.see(f"{LAST} >> text=Who knocks?")
    page.see(f"{LAST} >> text=2/3")
    home.brief_answer(page)
    assert page.complaints() == []


def test_a_folder_of_cards_is_chosen_beside_the_files(reader: Device, url: str, tmp_path: Path) -> None:
    run = tmp_path.name[-3:]
    folder = tmp_path / "cards"
    (folder / "winter").mkdir(parents=True)
    (folder / "readme.txt").write_text("Not a card.")
    (folder / "olga.png").write_bytes(png(card_chunk("ccv3", v3(name=f"Olga {run}"))))
    (folder / "winter" / "pavel.json").write_bytes(as_json(v3(name=f"Pavel {run}")))
    page = home.log_in(reader, url)
    page.see("role=button[name='A folder of cards']")
    is_fit(page)
    page.call("setInputFiles", str(folder), on="css=input.cards")
    page.see("text=2 characters came in.")
    page.click("role=button[name='Close'] >> nth=-1")
    page.see(f"role=button[name='Olga {run}']")
    page.see(f"role=button[name='Pavel {run}']")
    # The browser tells of the answer that this is no folder of SillyTavern.
    assert all("422" in complaint for complaint in page.complaints())


def test_a_character_is_removed_with_undo_and_saved_as_it_came(page: Page, tmp_path: Path) -> None:
    tree = v3(name="Ulyana")
    card = tmp_path / "ulyana.json"
    card.write_bytes(as_json(tree))
    bring(page, card)
    page.click("role=button[name='Close'] >> nth=-1")
    page.click("role=button[name='Ulyana']")
    href = page.evaluate("document.querySelector('dialog a[href$=json]')?.href ?? ''")
    assert href == ""  # not before the menu is open
    page.click("role=button[name='Save as a file']")
    page.see("role=link[name=/JSON/]")
    is_fit(page)
    text = page.evaluate("fetch(document.querySelector('dialog a[href$=json]').href).then((a) => a.text())")
    assert json.loads(text) == tree
    page.press("Escape")
    page.click("role=button[name='Remove from the gallery']")
    page.see("text=/Ulyana is gone from the gallery/")
    page.see_no("role=button[name='Ulyana']")
    page.click("role=button[name='Undo']")
    page.see("role=button[name='Ulyana']")
    is_fit(page)


def test_a_file_is_dropped_anywhere(page: Page) -> None:
    text = json.dumps(as_json(v3(name="Fedora")).decode())
    page.see("css=.card")
    page.evaluate(
        f"""(() => {{
          const transfer = new DataTransfer();
          transfer.items.add(new File([{text}], "fedora.json"));
          const more = {{ dataTransfer: transfer, bubbles: true, cancelable: true }};
          const event = (type) => new DragEvent(type, more);
          document.body.dispatchEvent(event("dragover"));
          window.shown = new Promise((done) => setTimeout(() => done(document.body.innerText), 100));
          return window.shown.then(() => document.body.dispatchEvent(event("drop")));
        }})()"""
    )
    assert "Let go" in page.evaluate("window.shown")
    page.see("text=1 character came in.")
    page.click("role=button[name='Close'] >> nth=-1")
    page.see("role=button[name='Fedora']")
    is_fit(page)
