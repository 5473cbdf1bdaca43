"""The page in Russian: whoever's browser speaks it finds it so, and its longer words hang over no edge."""

from collections.abc import Callable

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Page

pytestmark = pytest.mark.timeout(600)

PANEL_IS_WHOLE = """(() => {
  const { left, right } = document.querySelector('.panel')?.getBoundingClientRect() ?? { left: 0, right: 0 };
  return left >= 0 && right <= document.documentElement.clientWidth;
})()"""


def is_fit(page: Page) -> None:
    assert not page.barriers()
    assert page.overhang() == 0
    assert page.evaluate(PANEL_IS_WHOLE)
    assert page.complaints() == []


@pytest.mark.parametrize("is_phone", [False, True], ids=["desk", "phone"])
def test_every_screen_in_russian(browser: Browser, url: str, is_phone: bool) -> None:
    device = browser.phone(360, locale="ru-RU") if is_phone else browser.device(locale="ru-RU", dark=True)
    walk(device.page(url), url, is_fit)
    device.close()


def walk(page: Page, url: str, look: Callable[[Page], None]) -> None:
    """Through every screen, from the login on; `look` is called at each."""
    page.fill("role=textbox[name='Ваше имя']", home.OWNER)
    page.fill("css=input[type=password]", "no such word")
    page.click("role=button[name='Войти']")
    page.see("text=Неверное имя или пароль.")
    page.complaints()  # Chromium's own, of the 401
    look(page)
    page.fill("css=input[type=password]", home.PASSWORD)
    page.click("role=button[name='Войти']")
    page.see("css=.card")
    look(page)
    page.click("role=button[name=/^Состояние сервера/]")
    page.see("role=heading[name='Дома']")
    look(page)
    page.press("Escape")
    page.click("role=button[name='Пробная модель']")
    page.see("role=heading[name='Это пробная модель']")
    look(page)
    page.press("Escape")
    page.click("role=button[name=/^Учётная запись/]")
    page.see("role=button[name='Выйти']")
    look(page)
    page.click("role=button[name='Сочетания клавиш']")
    page.see("text=Изменить своё последнее сообщение")
    look(page)
    page.call("press", "Escape", on="dialog")
    page.click("role=button[name='Господин Хальм']")
    page.see("role=button[name='Начать беседу']")
    look(page)
    page.click("role=button[name='Начать беседу']")
    page.see(home.LAST)
    page.fill("role=textbox[name=/^Скажите/]", home.QUESTION)
    page.press("Enter")
    home.reply_shows(page, 20)
    look(page)
    page.see(f"{home.LAST} >> role=button[name='Написать другой ответ']")
    page.fill("role=textbox[name=/^Скажите/]", home.QUESTION)
    page.press("Enter")
    home.stop_reply(page, 20)
    page.see(f"{home.LAST} >> role=button[name='Написать другой ответ']")
    page.see("text=Ответ остановлен.")
    look(page)
    page.call("goto", f"{url}/boxes")
    page.see("role=heading[name='Компьютеры с видеокартой']")
    look(page)
    page.click("role=button[name='Добавить компьютер']")
    page.see("text=samovar join SAMOVAR1")
    look(page)


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
    page.reload()
    page.see("role=button[name='Войти']")
    page.click("text=English")
    page.see("role=button[name='Come in']")
    assert page.complaints() == []
    device.close()
