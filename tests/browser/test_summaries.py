"""The context and its summary in the browser: a gauge, a mark in the transcript, a panel to change it in."""

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Page
from tests.browser.home import LAST

pytestmark = pytest.mark.timeout(400)

PANEL = "role=dialog[name='What the model keeps in mind']"
MARK = "role=button[name='Summarised up to here']"
TEXT = f"{PANEL} >> role=textbox[name='Text of the summary']"
GAUGE = "role=button[name=/^Room in the model’s context: \\d+% used$/]"
THIRD = "li.message >> nth=2"


def summarise(page: Page, text: str) -> None:
    """A person's words for all that happened up to the third message, as the server takes them."""
    path = page.evaluate(
        f"fetch(`/api/conversations/${{location.pathname.split('/').pop()}}/summaries/"
        f"${{document.querySelectorAll('li.message')[2].dataset.id}}`, {{method: 'PUT', "
        f"headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{text: '{text}'}})}})"
        ".then((answer) => answer.status)"
    )
    assert path == 204


def two_answers(page: Page, character: str) -> None:
    home.begin(page, character)
    home.brief_answer(page)
    home.brief_answer(page, "And what happened then?")


def test_a_summary_is_marked_changed_outdated_written_anew_and_taken_away(page: Page) -> None:
    two_answers(page, "Clover")
    page.see(GAUGE)
    assert page.count(MARK) == 0
    summarise(page, "They spoke of a ship in a storm.")
    page.see(f"{THIRD} >> {MARK}")
    assert page.count("css=li.message") == 5, "nothing is deleted"

    page.click(MARK)
    page.see(f"{PANEL} >> text=in place of messages 1 to 3")
    page.see(f"{PANEL} >> text=In your words")
    assert page.barriers() == ""
    page.fill(TEXT, "They spoke of a lighthouse.")
    page.click(f"{PANEL} >> role=button[name='Save']")
    page.see(f"{PANEL} >> text=Saved.")
    page.press("Escape")
    page.see_no(PANEL)

    page.call("hover", on="li.message.mine >> nth=0")
    page.click("li.message.mine >> nth=0 >> role=button[name='Edit']")
    page.fill("role=textbox[name=/^Edit/]", "Tell me of the lighthouse.")
    page.click("role=button[name='Change in place']")
    page.see("text=Tell me of the lighthouse.")
    page.click(GAUGE)
    page.see(f"{PANEL} >> text=A message that it tells of was changed since.")
    page.click(f"{PANEL} >> role=button[name='Write anew']")
    page.see(f"{PANEL} >> text=A summary is being written.")
    page.fill(TEXT, "The lighthouse, once more.")
    page.click(f"{PANEL} >> role=button[name='Save']")
    page.see_no(f"{PANEL} >> text=A summary is being written.")
    page.see_no(f"{PANEL} >> text=A message that it tells of was changed since.")

    page.click(f"{PANEL} >> role=button[name='Remove']")
    page.see(f"{PANEL} >> text=There is no summary")
    page.click(f"{PANEL} >> role=button[name='Undo']")
    page.see(TEXT)
    page.click(f"{PANEL} >> role=checkbox[name='Summarise the oldest messages']")
    page.see_no(TEXT)
    page.press("Escape")
    page.see_no(MARK)
    assert page.complaints() == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_panel_fits_a_phone(browser: Browser, url: str, *, dark: bool) -> None:
    device = browser.phone(360, dark=dark)
    page = home.log_in(device, url)
    two_answers(page, "Soot")
    summarise(page, "They spoke of a ship in a storm.")
    page.see(f"{LAST} >> role=button[name='Write another reply']")
    page.click(GAUGE)
    page.see(TEXT)
    assert page.barriers() == ""
    assert page.overhang() == 0
    page.click(f"{PANEL} >> role=button[name='Show where it ends']")
    page.see_no(PANEL)
    page.see(f"{THIRD} >> {MARK}")
    assert page.barriers() == ""
    assert page.overhang() == 0
    assert page.complaints() == []
    device.close()
