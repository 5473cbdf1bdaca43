"""Every screen, light and dark, wide and narrow: nobody is kept out, and nothing hangs over the edge."""

from collections.abc import Iterator

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Device
from tests.browser.home import is_fit

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(params=["light", "dark"])
def dark(request: pytest.FixtureRequest) -> bool:
    return request.param == "dark"


@pytest.fixture
def desk(browser: Browser, dark: bool) -> Iterator[Device]:
    device = browser.device(dark=dark)
    yield device
    device.close()


@pytest.fixture
def phone(browser: Browser, dark: bool) -> Iterator[Device]:
    device = browser.phone(360, dark=dark)
    yield device
    device.close()


def test_the_login(desk: Device, phone: Device, url: str) -> None:
    for device in (desk, phone):
        page = device.page(url)
        page.see("role=button[name='Come in']")
        is_fit(page)


def test_the_gallery_and_a_character(desk: Device, phone: Device, url: str) -> None:
    for device in (desk, phone):
        page = home.log_in(device, url)
        page.see("css=.card")
        is_fit(page)
        page.click("role=button[name=/^State of the node/]")
        page.see("role=heading[name='At home']")
        is_fit(page)
        page.press("Escape")
        page.click("role=button[name='Demonstration model']")
        page.see("text=samovar up --model PATH")
        is_fit(page)
        page.press("Escape")
        page.click("role=button[name=/^Account of/]")
        page.see("role=button[name='Log out']")
        is_fit(page)
        page.press("Escape")
        page.click("role=button[name='Mr. Halm']")
        page.see("role=button[name='Talk with Mr. Halm']")
        is_fit(page)


def test_a_conversation_and_all_that_opens_in_it(desk: Device, url: str) -> None:
    page = home.log_in(desk, url)
    home.begin(page, "Mr. Halm")
    home.say(page, home.QUESTION)
    home.reply_shows(page)
    is_fit(page)
    home.reply_ends(page)
    is_fit(page)
    page.click(f"{home.LAST} >> role=button[name='Edit']")
    page.see("role=textbox[name=/^Edit the words/]")
    is_fit(page)
    page.press("Escape")
    page.call("press", "?", on="body")
    page.see("role=heading[name='Keyboard shortcuts']")
    is_fit(page)
    page.call("press", "Escape", on="dialog")
    row = "css=li.row.current"
    page.call("hover", on=row)
    page.click(f"{row} >> role=button[name=/^More about/]")
    is_fit(page)
    page.click("role=button[name='Delete']")
    page.see("role=button[name='Undo']")
    is_fit(page)


def test_a_conversation_on_a_phone(phone: Device, url: str) -> None:
    page = home.log_in(phone, url)
    home.begin(page, "Grandmother Vesna")
    home.brief_answer(page, f"{home.QUESTION} {'Averyverylongwordthatnobodywrites' * 6}")
    is_fit(page)
    page.click("role=button[name='Show the conversations']")
    page.see("role=link[name='New conversation']")
    is_fit(page)


def test_a_conversation_that_is_not_there_and_an_address_that_is_nowhere(desk: Device, url: str) -> None:
    page = home.log_in(desk, f"{url}/c/00000000-0000-7000-8000-000000000000")
    page.see("role=heading[name='This conversation is no longer here']")
    is_fit(page)
    page = desk.page(f"{url}/nowhere/at/all")
    page.see("role=heading[name='There is nothing at this address']")
    is_fit(page)


def test_the_first_answer_of_a_lost_connection_is_calm(desk: Device, url: str) -> None:
    page = home.log_in(desk, url)
    home.begin(page, "Soot")
    desk.offline(is_offline=True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.see("text=The connection is lost.")
    assert not page.barriers()


def test_the_gpu_boxes_and_how_one_is_added(desk: Device, phone: Device, url: str) -> None:
    for device in (desk, phone):
        page = home.log_in(device, url)
        page.click("role=button[name=/^Account of/]")
        page.click("role=link[name='GPU boxes']")
        page.see("role=heading[name='GPU boxes']")
        page.see("text=Belongs to this machine")
        is_fit(page)
        page.click("role=button[name='Add a GPU box']")
        page.see("text=samovar join SAMOVAR1")
        page.see("role=img[name='The same text as a QR code']")
        is_fit(page)
