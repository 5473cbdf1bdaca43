"""The format of the prompt in the browser: chosen, seen in the next prompt, and told by the trace."""

import pytest

from tests.browser import home
from tests.browser.browser import Page
from tests.browser.home import LAST

pytestmark = pytest.mark.timeout(400)

CHOICES = "role=button[name='You, notes and replies']"
DRAWER = "css=dialog.drawer"


def test_a_format_is_chosen_and_honoured_and_told(page: Page) -> None:
    home.begin(page, "Clover")
    page.click(CHOICES)
    page.click("role=tab[name='Replies']")
    page.click("text=All settings")
    page.call("selectOption", "alpaca", on="role=combobox[name='Format of the prompt']")
    page.see("css=dialog >> text=Saved")
    assert page.barriers() == ""
    page.press("Escape")
    page.see_no("css=dialog")

    page.fill("role=textbox[name=/^Say something/]", "Who grows here?")
    page.click("role=button[name=/Preview the next prompt/]")
    page.see(f"{DRAWER} >> text=It is put in the format that was chosen: Alpaca.")
    page.click(f"{DRAWER} >> text=The text, as the model gets it")
    page.click(f"{DRAWER} >> text=With the model’s own marks")
    page.see(f"{DRAWER} >> css=pre:has-text('### Response:')")
    assert page.count(f"{DRAWER} >> css=pre:has-text('<|im_start|>')") == 0
    page.press("Escape")
    page.see_no(DRAWER)

    home.brief_answer(page, "Who grows here?")
    page.call("focus", on=f"{LAST} >> css=.ask-why")
    page.press("Enter")
    page.click(f"{DRAWER} >> text=How it was written")
    page.see(f"{DRAWER} >> css=dd:has-text('Alpaca')")
    assert page.barriers() == ""
    assert page.complaints() == []
