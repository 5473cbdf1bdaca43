"""Why a reply is as it is, and what the next prompt would be: on the page of a real model."""

from pathlib import Path

import pytest

from tests.actors.character.fixtures import as_json, v3
from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import DRAWER, LAST, bring, is_fit, open_trace

pytestmark = pytest.mark.timeout(400)


def meet(page: Page, folder: Path) -> None:
    """An innkeeper with lore, and a conversation with her."""
    name = f"Agafya {folder.name[-3:]}"
    card = folder / "agafya.json"
    card.write_bytes(as_json(v3(name=name, character_book=home.INN_BOOK)))
    bring(page, card)
    page.see("text=1 character came in.")
    page.click("role=button[name='Close'] >> nth=-1")
    page.fill("role=searchbox", name)
    home.begin(page, name)


def test_a_reply_says_which_lore_came_up_and_why(reader: Device, url: str, tmp_path: Path) -> None:
    page = home.log_in(reader, url)
    meet(page, tmp_path)
    home.brief_answer(page, "Is there any tea left in this house?")
    open_trace(page)
    page.see(f"{DRAWER} >> css=.lore li >> text=The brass samovar")
    page.see(f"{DRAWER} >> text=“tea” was said:")
    assert page.text(f"{DRAWER} >> css=.lore li:has-text('The brass samovar') >> css=mark") == "tea"
    page.see(f"{DRAWER} >> text=Always there.")
    page.see(f"{DRAWER} >> text=The model’s own format")
    is_fit(page)
    page.click(f"{DRAWER} >> text=Everything it read, in order")
    page.see(f"{DRAWER} >> css=ol li >> text=Is there any tea left in this house?")
    page.click(f"{DRAWER} >> text=How it was written")
    page.see(f"{DRAWER} >> text=Temperature")
    is_fit(page)
    page.press("Escape")
    page.see_no(DRAWER)
    page.reload()  # it was kept with the message
    page.see(LAST)
    page.call("focus", on="css=.scroller")
    page.press("Alt+w")
    page.see(f"{DRAWER} >> text=“tea” was said:")


def test_the_next_prompt_is_shown_before_it_is_used(reader: Device, url: str, tmp_path: Path) -> None:
    page = home.log_in(reader, url)
    meet(page, tmp_path)
    text = "Pour me some tea, and tell me of the pass."
    page.fill("role=textbox[name=/^Say something/]", text)
    page.click("role=button[name=/Preview the next prompt/]")
    page.see(f"{DRAWER} >> text=Nothing is sent yet")
    page.see(f"{DRAWER} >> text=“tea” was said:")
    is_fit(page)
    page.click(f"{DRAWER} >> text=The text, as the model gets it")
    page.see(f"{DRAWER} >> css=p.text:has-text('{text}')")
    page.click(f"{DRAWER} >> text=With the model’s own marks")
    page.see(f"{DRAWER} >> css=pre:has-text('<|im_start|>')")
    is_fit(page)
    page.press("Escape")
    assert page.call("inputValue", on="role=textbox[name=/^Say something/]") == text
    assert page.count("css=li.message.mine") == 0
