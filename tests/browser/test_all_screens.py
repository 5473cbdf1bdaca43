"""Past every screen, dialog and menu, in both languages, light and dark, wide and narrow: nobody is kept out,
nothing hangs over the edge, nothing that is tapped is too small; and the keyboard comes back to where it was.
"""

from pathlib import Path

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Device, Page
from tests.browser.tour import Tour

pytestmark = pytest.mark.timeout(1200)

# What a finger has to hit and is smaller than 44 pixels. What lies in a line of text is as high as the line,
# and a card is hit anywhere.
SMALL = """[...document.querySelectorAll(`button, select, summary, a.button, a.menu-item, a.icon-button,
        label:has(> input:is([type="checkbox"], [type="radio"]))`)]
    .filter((e) => e.checkVisibility({opacityProperty: true, visibilityProperty: true}))
    .filter((e) => !e.matches('.link-button, .demo-badge, h3 > button'))
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, r]) => r.width > 0 && (r.width < 43.5 || r.height < 43.5))
    .map(([e]) => e.getAttribute('aria-label') || e.innerText || e.className)"""
PANEL_HANGS_OVER = """[...document.querySelectorAll('.panel')].filter((one) => {
    const { left, right } = one.getBoundingClientRect();
    return left < 0 || right > document.documentElement.clientWidth;
})"""
ROOT = "document.documentElement"
GUISES = {"desk": (("en", "light"), ("ru", "dark")), "phone": (("ru", "light"), ("en", "dark"))}
"""Each screen is seen in four: what keeps somebody out is a matter of the words, or of the colours."""


def is_fit(page: Page, what: str) -> None:
    assert not page.barriers(), what
    assert page.overhang() == 0, what
    assert page.evaluate(f"matchMedia('(pointer: coarse)').matches ? {SMALL} : []") == [], what
    assert page.evaluate(f"{PANEL_HANGS_OVER}.length") == 0, what
    assert page.complaints() == [], what


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_nobody_is_kept_out_of_any_screen(browser: Browser, url: str, tmp_path: Path, kind: str) -> None:
    is_phone = kind == "phone"
    device = browser.phone() if is_phone else browser.device(1280)
    other, page = device.page(f"{url}/theme.js"), device.page(url)

    def put_on(language: str, theme: str) -> None:
        """What is chosen in one tab holds in the other: nothing has to be loaded, or opened, anew."""
        chosen = f"{{'samovar.language': '{language}', 'samovar.theme': '{theme}'}}"
        other.evaluate(f"Object.assign(localStorage, {chosen})")
        page.wait_for(f"[{ROOT}.lang, {ROOT}.dataset.theme].join() === '{language},{theme}'")

    seen: list[str] = []
    for stop in Tour(page, url, tmp_path, is_phone=is_phone).stops():
        for language, theme in GUISES[kind]:
            put_on(language, theme)
            is_fit(page, f"{stop}, {language}, {theme}")
        put_on("en", "light")
        seen.append(stop)
    assert len(seen) == len(set(seen)) > 70
    device.close()


def test_the_first_answer_of_a_lost_connection_is_calm(device: Device, url: str) -> None:
    page = home.log_in(device, url)
    home.begin(page, "Soot")
    device.offline(is_offline=True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.see("text=The connection is lost.")
    assert not page.barriers()


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
