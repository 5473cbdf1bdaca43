"""A conversation in the browser with the real model."""

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Device, Page
from tests.browser.home import LAST

pytestmark = pytest.mark.timeout(400)

PREVIOUS = f"{LAST} >> role=button[name='Previous version']"
NEXT = f"{LAST} >> role=button[name='Next version']"


@pytest.fixture
def answered(page: Page) -> Page:
    """A conversation with one answered question."""
    home.begin(page, "Maren Skye")
    home.brief_answer(page)
    return page


def last_id(page: Page) -> str:
    return page.call("getAttribute", "data-id", on=LAST)


def test_a_reply_can_be_stopped_and_what_came_of_it_stays(page: Page) -> None:
    home.begin(page, "Maren Skye")
    home.say(page, home.QUESTION)
    home.stop_reply(page, 40)
    home.reply_ends(page)
    stopped = home.last_text(page)
    assert len(home.letters(stopped)) >= 40
    page.see(f"{LAST} >> text=Stopped.")
    page.reload()
    page.see(LAST)
    assert home.last_text(page) == stopped
    assert page.complaints() == []


def test_another_reply_is_a_swipe_away(answered: Page) -> None:
    page = answered
    first, first_id = home.last_text(page), last_id(page)
    page.click(f"{LAST} >> role=button[name='Write another reply']")
    page.see(f"{LAST} >> text=2/2")
    home.reply_ends(page)
    second, second_id = home.last_text(page), last_id(page)
    assert second_id != first_id
    assert home.letters(second)
    page.click(PREVIOUS)
    page.see(f"{LAST} >> text=1/2")
    assert (home.last_text(page), last_id(page)) == (first, first_id)
    page.call("press", "ArrowRight", on="body")
    page.see(f"{LAST} >> text=2/2")
    assert (home.last_text(page), last_id(page)) == (second, second_id)
    page.click(NEXT)  # behind the newest one, another is written
    home.stop_reply(page)
    page.see(f"{LAST} >> text=3/3")
    assert page.complaints() == []


def test_an_edited_message_is_answered_anew_beside_the_old_one(answered: Page) -> None:
    page = answered
    mine = "li.message.mine"
    reply = home.last_text(page)
    page.call("hover", on=mine)
    page.click(f"{mine} >> role=button[name='Edit']")
    page.fill("role=textbox[name='Edit your message']", "And the seals, how are they?")
    page.click("role=button[name='Save and send']")
    page.see(f"{mine} >> css=.markdown >> text='And the seals, how are they?'")
    home.reply_ends(page)
    assert page.text(f"{mine} >> css=.markdown") == "And the seals, how are they?"
    assert home.letters(home.last_text(page))
    page.call("hover", on=mine)
    page.click(f"{mine} >> role=button[name='Previous version']")
    page.see(f"{mine} >> text=1/2")
    assert page.text(f"{mine} >> css=.markdown") == home.QUESTION
    assert home.last_text(page) == reply


def test_a_reply_can_be_put_in_other_words_by_its_reader(answered: Page) -> None:
    page = answered
    page.click(f"{LAST} >> role=button[name='Edit']")
    page.fill("role=textbox[name=/^Edit the words/]", "*She looks up.* “Calm as **milk**.”")
    page.click("role=button[name='Save']")
    page.see(f"{LAST} >> text=2/2")
    assert home.last_text(page) == "She looks up. “Calm as milk.”"
    assert page.count(f"{LAST} >> css=em") == 1


def test_a_stopped_reply_goes_on_where_it_stopped(page: Page) -> None:
    home.begin(page, "Mr. Halm")
    home.brief_answer(page)
    begun = home.letters(home.last_text(page))
    page.click(f"{LAST} >> role=button[name='Let it go on']")
    page.see(f"{LAST} >> text=2/2")
    home.reply_ends(page)
    whole = home.letters(home.last_text(page))
    assert whole.startswith(begun)
    assert len(whole) > len(begun)


def test_a_second_tab_and_another_device_read_the_same(page: Page, device: Device, browser: Browser) -> None:
    home.begin(page, "Clover")
    here = page.evaluate("location.href")
    tab = device.page(here)
    other = home.another_device(browser, here)
    for view in (tab, other):
        view.see(LAST)
    home.say(page, home.QUESTION)
    for view in (page, tab, other):
        home.reply_shows(view)
    for view in (page, tab, other):
        home.reply_ends(view)
    assert home.last_text(page) == home.last_text(tab) == home.last_text(other)
    home.say(tab, "Thank you!")
    page.see("text=Thank you!")
    assert page.complaints() + tab.complaints() + other.complaints() == []


def test_a_page_that_is_reloaded_in_the_middle_of_a_reply_shows_all_of_it(page: Page, device: Device) -> None:
    home.begin(page, "Fennick Vale")
    witness = device.page(page.evaluate("location.href"))
    witness.see(LAST)
    home.say(page, home.QUESTION)
    home.reply_begins(page, 40)
    before = home.letters(home.last_text(page))
    page.reload()
    home.reply_shows(page, len(before))
    for view in (page, witness):
        home.reply_ends(view)
    assert home.letters(home.last_text(page)).startswith(before)
    assert home.last_text(page) == home.last_text(witness)


def test_a_page_that_slept_through_a_reply_wakes_with_all_of_it(page: Page, device: Device) -> None:
    home.begin(page, "Fennick Vale")
    witness = device.page(page.evaluate("location.href"))
    witness.see(LAST)
    home.say(page, home.QUESTION)
    home.reply_begins(page, 20)
    page.sleep()
    home.reply_ends(witness)
    page.wake()
    home.reply_ends(page)
    assert home.last_text(page) == home.last_text(witness)
    assert page.count("css=li.message") == witness.count("css=li.message") == 3
    assert page.complaints() == []


def test_what_is_written_without_a_connection_is_sent_once_when_it_is_back(
    page: Page, device: Device
) -> None:
    home.begin(page, "Soot")
    device.offline(is_offline=True)
    page.evaluate("dispatchEvent(new Event('offline'))")  # an open socket does not notice by itself
    page.see("text=The connection is lost.")
    home.say(page, "Shall we bake?")
    page.see("text=Kept here.")
    device.offline(is_offline=False)
    page.evaluate("dispatchEvent(new Event('online'))")
    home.reply_shows(page)
    home.reply_ends(page)
    assert page.count("css=li.message.mine") == 1
    page.reload()
    page.see(LAST)
    assert page.count("css=li.message.mine") == 1


def test_a_draft_waits_in_its_own_conversation(page: Page) -> None:
    box = "role=textbox[name=/^Say something/]"
    home.begin(page, "Soot")
    page.fill(box, "Half a thou")
    page.reload()
    page.see(LAST)
    assert page.call("inputValue", on=box) == "Half a thou"
    page.click("role=link[name='New conversation']")
    home.begin(page, "Clover")
    assert page.call("inputValue", on=box) == ""


def test_a_conversation_can_be_renamed_and_deleted(page: Page) -> None:
    home.begin(page, "Clover")
    row = "css=li.row.current"
    page.call("hover", on=row)
    page.click(f"{row} >> role=button[name=/^More about/]")
    page.click("role=button[name='Rename']")
    page.fill("role=textbox[name='New title']", "My poor basil")
    page.click("role=button[name='Save']")
    page.see(f"{row} >> text=My poor basil")
    page.call("hover", on=row)
    page.click(f"{row} >> role=button[name=/^More about/]")
    page.click("role=button[name='Delete']")
    page.see("role=heading[name=/Anna/]")
    page.see_no("css=li.row >> text=My poor basil")


def test_the_reader_who_scrolls_up_is_left_where_he_reads(browser: Browser, url: str) -> None:
    device = browser.device(1000, 480)
    page = home.log_in(device, url)
    home.begin(page, "Maren Skye")
    home.say(page, home.QUESTION)
    home.reply_begins(page, 60)
    at_end = (
        "(({scrollHeight: h, clientHeight: c, scrollTop: t}) => h - c - t < 4)"
        "(document.querySelector('.scroller'))"
    )
    page.wait_for(at_end)
    page.call("hover", on="css=.scroller")
    page.evaluate("document.querySelector('.scroller').scrollTop = 20")
    page.see("role=button[name='Jump to the newest message']")
    home.reply_ends(page)
    assert page.evaluate("document.querySelector('.scroller').scrollTop") == 20
    page.click("role=button[name='Jump to the newest message']")
    page.wait_for(at_end)
    device.close()


def test_a_link_shows_where_it_leads_before_it_opens(answered: Page) -> None:
    page = answered
    page.click(f"{LAST} >> role=button[name='Edit']")
    page.fill(
        "role=textbox[name=/^Edit the words/]",
        "[jam](https://example.org/jam?x=1) ![x](https://example.org/x.png)",
    )
    page.click("role=button[name='Save']")
    page.see(f"{LAST} >> text=2/2")
    assert page.count(f"{LAST} >> css=img") == 0
    page.click(f"{LAST} >> role=link[name='jam']")
    page.see("text=https://example.org/jam?x=1")
    page.click("role=button[name='Stay here']")
    page.see_no("role=dialog")
