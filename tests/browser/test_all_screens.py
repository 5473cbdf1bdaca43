"""Each screen at its address, in both languages, light and dark, wide and narrow: nobody is kept out, nothing
hangs over the edge, nothing that is tapped is too small; and the keyboard comes back to where it was.
"""

from collections.abc import Iterator

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Device, Page

pytestmark = pytest.mark.timeout(600)

SCREENS = ("", "lorebooks", "personas", "boxes", "queue", "people", "characters/new", "nowhere/at/all")
READY = "css=main h1, .editor h1"

# What a finger has to hit and is smaller than 40 pixels. What lies in a line of text is as high as the line,
# and a card is hit anywhere.
SMALL = """[...document.querySelectorAll('button, select, summary, a.button, a.menu-item, a.icon-button')]
    .filter((e) => e.checkVisibility({opacityProperty: true, visibilityProperty: true}))
    .filter((e) => !e.matches('.link-button, .demo-badge, h3 > button'))
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, r]) => r.width > 0 && (r.width < 39.5 || r.height < 39.5))
    .map(([e]) => e.getAttribute('aria-label') || e.innerText || e.className)"""


@pytest.fixture(params=["light", "dark"])
def dark(request: pytest.FixtureRequest) -> bool:
    return request.param == "dark"


@pytest.fixture(params=["en-GB", "ru-RU"])
def locale(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["desk", "phone"])
def reader(browser: Browser, dark: bool, locale: str, request: pytest.FixtureRequest) -> Iterator[Device]:
    is_phone = request.param == "phone"
    device = browser.phone(360, dark=dark, locale=locale) if is_phone else None
    device = device or browser.device(1280, dark=dark, locale=locale)
    yield device
    device.close()


def come_in(device: Device, url: str) -> Page:
    """Whatever the language."""
    page = device.page(url)
    page.fill("css=input[autocomplete=username]", home.OWNER)
    page.fill("css=input[type=password]", home.PASSWORD)
    page.press("Enter")
    page.see_no("css=input[type=password]")
    return page


def is_fit(page: Page, what: str) -> None:
    assert not page.barriers(), what
    assert page.overhang() == 0, what
    assert page.evaluate(f"matchMedia('(pointer: coarse)').matches ? {SMALL} : []") == [], what
    assert page.complaints() == [], what


def test_each_address_keeps_nobody_out(reader: Device, url: str) -> None:
    page = come_in(reader, url)
    for address in SCREENS:
        page.call("goto", f"{url}/{address}")
        page.see(READY)
        page.see_no("css=.placeholder >> nth=0")
        is_fit(page, address)


def test_a_dialog_and_a_menu_give_the_keyboard_back_to_what_opened_them(device: Device, url: str) -> None:
    page = home.log_in(device, f"{url}/people")
    adding = "role=button[name='Add a person']"
    page.call("focus", on=adding)
    page.press("Enter")
    page.see("role=textbox[name='Name']")
    page.press("Escape")
    page.see_no("role=dialog")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Add a person"
    page.call("focus", on="role=button[name=/^Account of/]")
    page.press("Enter")
    page.see("role=button[name='Log out']")
    page.press("Escape")
    page.see_no("role=button[name='Log out']")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Account of {home.OWNER}"


def test_the_owner_lets_somebody_in_who_becomes_an_admin_and_sees_the_queue(
    device: Device, browser: Browser, url: str
) -> None:
    page = home.log_in(device, f"{url}/people")
    page.click("role=button[name='Add a person']")
    page.fill("role=textbox[name='Name']", "Boris")
    page.click("role=button[name='Make the account']")
    page.see("role=heading[name='Boris has an account']")
    is_fit(page, "the password")
    password = page.text("css=dialog dd.password")
    page.click("role=button[name='Done']")
    page.see_no("role=dialog")
    page.click("role=button[name='Make admin: Boris']")
    page.see("role=button[name='Take back the admin rights: Boris']")

    other = browser.device()
    guest = other.page(f"{url}/queue")
    guest.fill("role=textbox[name='Your name']", "boris")
    guest.fill("css=input[type=password]", password)
    guest.click("role=button[name='Come in']")
    guest.see("role=heading[name='Nobody waits']")
    assert guest.count("role=heading[name='Shares']") == 0
    is_fit(guest, "the queue of an admin")
    guest.call("goto", f"{url}/people")
    guest.see("text=Only the owner of this Samovar sees who has an account.")
    page.click("role=button[name='Take back the admin rights: Boris']")
    page.see("role=button[name='Make admin: Boris']")
    guest.call("goto", f"{url}/queue")
    guest.see("text=Only the owner of this Samovar and its admins see the queue.")
    other.close()
    assert page.complaints() == []
