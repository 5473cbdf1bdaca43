"""The page in Russian: whoever's browser speaks it finds it so, and another language is one press away."""

import pytest

from tests.browser import home
from tests.browser.browser import Browser

pytestmark = pytest.mark.timeout(400)


def test_whoevers_browser_speaks_russian_finds_the_page_so(browser: Browser, url: str) -> None:
    device = browser.device(locale="ru-RU")
    page = device.page(url)
    page.fill("role=textbox[name='Ваше имя']", home.OWNER)
    page.fill("css=input[type=password]", home.PASSWORD)
    page.click("role=button[name='Войти']")
    page.click("role=button[name='Господин Хальм']")
    page.click("role=button[name='Начать беседу']")
    page.see(home.LAST)
    page.fill("role=textbox[name=/^Скажите/]", home.QUESTION)
    page.press("Enter")
    home.stop_reply(page, 20)
    page.see(f"{home.LAST} >> role=button[name='Написать другой ответ']")
    page.see("text=Ответ остановлен.")
    home.is_fit(page)
    device.close()


def test_the_language_is_switched_without_loading_the_page(browser: Browser, url: str) -> None:
    device = browser.device()
    page = device.page(url)
    page.see("role=button[name='Come in']")
    page.evaluate("window.isSamePage = true")
    page.fill("role=textbox[name='Your name']", home.OWNER)
    page.click("text=Русский")
    page.see("role=button[name='Войти']")
    assert page.evaluate("window.isSamePage && document.documentElement.lang") == "ru"
    assert page.title() == "С возвращением · Самовар"
    assert page.call("inputValue", on="role=textbox[name='Ваше имя']") == home.OWNER
    other = device.page(url)  # a second tab
    other.see("role=button[name='Войти']")
    other.click("text=English")
    page.see("role=button[name='Come in']")
    page.click("text=Русский")
    other.see("role=button[name='Войти']")
    page.reload()
    page.see("role=button[name='Войти']")
    page.click("text=English")
    page.see("role=button[name='Come in']")
    assert page.complaints() == []
    device.close()
