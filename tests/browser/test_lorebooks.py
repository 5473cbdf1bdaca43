"""A lorebook of one's own: brought, edited, tried out, attached, removed and back."""

import json
from pathlib import Path

import pytest

from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import is_fit

pytestmark = pytest.mark.timeout(400)

PATTERNS = {"uid": 300, "key": ["(", "/tea/i"], "use_regex": True, "content": "Hot."}
ENTRIES = {
    str(n): {"uid": n, "key": [f"place {n}"], "content": f"Place {n}: by the sea.", "comment": f"Place {n}"}
    for n in range(300)
}
WORLD = {"entries": {**ENTRIES, "300": PATTERNS}}


def test_a_lorebook_comes_in_is_edited_tried_out_and_counts(reader: Device, url: str, tmp_path: Path) -> None:
    name = f"The long coast of Vell and all its hamlets {tmp_path.name[-3:]}"  # of this run alone
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(WORLD))
    page = home.log_in(reader, url)
    page.click("role=button[name=/^Account/]")
    page.click("role=link[name='Lorebooks']")
    page.see("role=heading[name='Lorebooks']")
    page.call("setInputFiles", [str(file)], on="css=input[type=file]")
    page.see(f"text={name}: new")
    is_fit(page)

    page.click(f"role=link[name='{name}']")
    page.see("text=301 of 301 entries")
    page.fill("role=searchbox", "place 277")
    page.see("text=1 of 301 entries")
    page.click("role=button[name=/^Place 277/]")
    page.fill("role=textbox[name=/^What enters the prompt/]", "@@depth 2\nPlace 277 has a lighthouse.")
    page.see("text=stands so many messages from the end")
    page.fill("role=textbox[name='Keys']", "lighthouse")
    page.press("Enter")
    page.see("role=button[name='Remove the key lighthouse']")
    is_fit(page)
    if page.count("role=button[name='All entries']"):
        page.click("role=button[name='All entries']")
    page.fill("role=searchbox", "")
    page.click("role=button[name='Would this fire?']")
    page.fill("role=textbox[name='Text']", "Is that a lighthouse? I need tea.")
    page.see("text=Fires: 2 entries")
    page.see("text=/on “lighthouse” · 2 messages from the end/")
    is_fit(page)
    page.click("css=button.tried.fired >> nth=-1")
    page.click("role=button[name='Save']")
    page.see("role=button[name='Save'][disabled]")
    assert page.complaints() == []

    page.click("role=button[name='Where it counts']")
    page.call("check", on="role=checkbox[name='In all my conversations']")
    page.click("role=button[name='Done']")
    page.click("role=link[name='All lorebooks']")
    page.see("text=In all my conversations")
    page.click(f"role=button[name='More about {name}']")
    is_fit(page)
    page.click("role=button[name='Remove']")
    page.see(f"text={name} is removed.")
    page.click("role=button[name='Undo']")
    page.see(f"role=link[name='{name}']")
    is_fit(page)


def test_a_pattern_that_is_none_is_shown_at_its_field(page: Page, url: str, tmp_path: Path) -> None:
    file = tmp_path / "Patterns.json"
    file.write_text(json.dumps(WORLD))
    page.call("goto", f"{url}/lorebooks")
    page.see("role=heading[name='Lorebooks']")
    page.call("setInputFiles", [str(file)], on="css=input[type=file]")
    page.click("role=link[name='Patterns']")
    page.fill("role=searchbox", "tea")
    page.click("css=.row >> nth=0")
    page.see("text=/“\\(” is no pattern: /")
    is_fit(page)


def test_an_entry_is_for_some_characters_alone(reader: Device, url: str, tmp_path: Path) -> None:
    name = f"Roles {tmp_path.name[-3:]}"
    said = {"isExclude": False, "names": ["Halm"], "tags": [], "of_another_program": 1}
    entry = {"uid": 0, "key": ["tea"], "content": "Hot.", "comment": "Tea", "characterFilter": said}
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps({"entries": {"0": entry}}))
    page = home.log_in(reader, url)
    page.call("goto", f"{url}/lorebooks")
    page.see("role=heading[name='Lorebooks']")
    page.call("setInputFiles", [str(file)], on="css=input[type=file]")
    page.click(f"role=link[name='{name}']")
    page.click("css=.row >> nth=0")
    page.click("text=/^For which characters/")
    page.see("role=button[name='Remove the name Halm']")
    page.fill("role=combobox[name='Characters']", "Clover, the robot")
    page.press("Enter")
    page.see("role=button[name='Remove the name Clover, the robot']")
    page.fill("role=combobox[name='Tags']", "garden")
    page.press("Enter")
    page.call("selectOption", "but", on="role=combobox[name='It is']")
    is_fit(page)
    page.click("role=button[name='Save']")
    page.wait_for("document.querySelector('.state').textContent === 'Saved'")
    page.reload()
    page.click("css=.row >> nth=0")
    page.see("text=/^For which characters\\s*3 set/")
    opened = json.loads(
        page.evaluate(
            "fetch(location.pathname.replace('/lorebooks', '/api/lorebooks')).then((answer) => answer.text())"
        )
    )
    kept = opened["book"]["entries"][0]["extensions"]["characterFilter"]
    assert kept == {**said, "isExclude": True, "names": ["Halm", "Clover, the robot"], "tags": ["garden"]}
    assert page.complaints() == []
