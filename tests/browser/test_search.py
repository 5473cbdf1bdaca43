"""The search finds more than messages, and opens each where it is: by keyboard, on a desk and a phone."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import is_fit
from tests.browser.test_summaries import TEXT, summarise

pytestmark = pytest.mark.timeout(400)

SEARCH = "role=combobox[name='Search everything']"


def ask(page: Page, method: str, path: str, body: object = None) -> str:
    """REST, as the page does it; the answer's text."""
    request = {"method": method, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
    if body is None:
        del request["body"]
    return page.evaluate(f"fetch({json.dumps(path)}, {json.dumps(request)}).then((a) => a.text())")


def go(page: Page, words: str, group: str, at: str) -> None:
    """Looks for the words, and opens what stands under the name of the group."""
    page.call("press", "Control+k", on="body")
    page.fill(SEARCH, words)
    option = f"role=group[name='{group}'] >> role=option >> text={at}"
    page.see(option)
    is_fit(page)
    for _ in range(12):
        if page.count(f"css=[role=group][aria-label='{group}'] [aria-selected=true] >> text={at}"):
            break
        page.press("ArrowDown")
    page.press("Enter")
    page.see_no(SEARCH)


def test_what_is_found_opens_where_it_is(reader: Device, url: str, tmp_path: Path) -> None:
    word = f"w{uuid4().hex[:8]}"
    page = home.log_in(reader, url)
    file = tmp_path / f"The coast {word}.json"
    entries = {str(n): {"uid": n, "key": [f"key{n}"], "content": f"Place {n}."} for n in range(200)}
    entries["150"]["comment"] = f"Lighthouse {word}"
    file.write_text(json.dumps({"entries": entries}))
    page.click("role=button[name=/^Account/]")
    page.click("role=link[name='Lorebooks']")
    page.see("role=heading[name='Lorebooks']")
    page.call("setInputFiles", [str(file)], on="css=input[type=file]")
    page.see(f"text=The coast {word}: new")
    page.click("css=header a[href='/']")
    home.begin(page, "Mr. Halm")
    home.brief_answer(page)
    home.brief_answer(page, "And what happened then?")
    summarise(page, f"A storm at {word}.")
    conversation = page.evaluate("location.pathname.split('/').pop()")
    path = f"/api/conversations/{conversation}"
    folder = json.loads(ask(page, "POST", "/api/folders", {"name": f"Harbours {word}"}))["id"]
    ask(page, "PUT", f"{path}/filing", {"folder": folder, "tags": [f"slow {word}"]})
    ask(page, "PUT", f"{path}/choices", {"note": {"text": f"It rains on {word}."}})
    ask(page, "POST", "/api/personas", {"name": f"Mira {word}", "description": "A smuggler."})
    go(page, f"lighthouses {word} ", "Lorebooks", "Lighthouse")
    page.see(f"role=form[name='Lighthouse {word}']")
    is_fit(page)

    go(page, f"smugglers {word} ", "Personas", "Mira")
    page.see("role=dialog >> css=#persona-name")  # the entry's form has a name, too
    assert page.evaluate("document.querySelector('#persona-name').value") == f"Mira {word}"
    page.press("Escape")

    go(page, f"storms {word} ", "Summaries", "Summary")
    page.see(TEXT)
    assert page.evaluate("document.querySelector('dialog textarea').value") == f"A storm at {word}."
    is_fit(page)
    page.press("Escape")

    go(page, f"raining {word} ", "Notes and instructions", "Author’s note")
    page.see("role=dialog >> role=tab[name='Note'][selected]")
    page.see("role=dialog >> css=#note-text")
    assert page.evaluate("document.querySelector('#note-text').value") == f"It rains on {word}."
    is_fit(page)
    page.press("Escape")

    go(page, f"harbour {word} ", "Folders and tags", "Harbours")
    page.see(f"css=aside .heading >> text=Harbours {word}")
    page.see("css=aside .heading .toggle:focus")
    is_fit(page)

    go(page, f"slow {word} ", "Folders and tags", "slow")
    page.see(f"css=aside >> text=slow {word}")
    assert page.complaints() == []
