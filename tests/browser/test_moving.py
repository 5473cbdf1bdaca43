"""Moving in from SillyTavern: a folder is chosen, or a zip dropped, and its chat is read on."""

import base64
import json
import zipfile
from pathlib import Path

import pytest

from tests.actors.character.fixtures import card_chunk, png
from tests.browser import home
from tests.browser.browser import Device, Page
from tests.browser.home import LAST, is_fit
from tests.web import tavern

pytestmark = pytest.mark.timeout(400)


def small_tavern(folder: Path, name: str) -> Path:
    put = tavern.Putter(folder)
    put(f"characters/{name}.png", png(card_chunk("chara", tavern.named(name))))
    talk = (
        tavern.said(name, "Come in.", "Come in.", "Who knocks?"),
        tavern.asked("Good evening."),
        tavern.said(name, "The kettle sings.", "The kettle sings.", "No tea today."),
    )
    put(
        f"chats/{name}/{name} - 2024-05-01@12h30m15s.jsonl",
        tavern.lines(*talk, header={"character_name": name}),
    )
    put(f"chats/{name}/broken.jsonl", b"not a chat")
    put(f"worlds/{name}.json", tavern.world(f"{name} keeps an inn.", "It snows."))
    put("themes/Dark.json", b"{}")
    return folder


def test_a_folder_moves_in_and_its_chat_is_read_on(reader: Device, url: str, tmp_path: Path) -> None:
    name = f"Ulita {tmp_path.name[-3:]}"  # of this run alone
    folder = small_tavern(tmp_path / "default-user", name)
    page = home.log_in(reader, url)
    page.click("role=button[name='Move in from SillyTavern']")
    page.see("text=/data\\/default-user/")
    is_fit(page)
    page.call("setInputFiles", str(folder), on="css=input.folder")
    page.see("role=heading[name='You have moved in']")
    page.see("role=row[name=/^Chats 3 messages, 5 versions with all swipes 2 1/]")
    page.see("role=row[name=/^Lorebooks 2 lore entries 1 1/]")
    page.see("text=This is no chat: neither Samovar's JSON or Markdown nor SillyTavern's lines.")
    is_fit(page)
    page.click("text=/^Came in: /")
    page.click(f"role=link[name='{name}'] >> nth=0")
    page.see(f"{LAST} >> text=The kettle sings.")
    page.see(f"{LAST} >> text=1/2")
    assert page.complaints() == []


def test_a_zip_that_is_dropped_is_recognised_the_second_time(page: Page, tmp_path: Path) -> None:
    name = "Fevronia"
    folder = small_tavern(tmp_path / "tavern", name)
    packed = tmp_path / "tavern.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"default-user/{path.relative_to(folder)}")
    data = json.dumps(base64.b64encode(packed.read_bytes()).decode())
    for said in ("Came in: 3", "Here already: 3"):
        page.see("css=.card")
        page.evaluate(
            f"""(() => {{
              const bytes = Uint8Array.from(atob({data}), (letter) => letter.charCodeAt(0));
              const transfer = new DataTransfer();
              transfer.items.add(new File([bytes], "tavern.zip"));
              const more = {{ dataTransfer: transfer, bubbles: true, cancelable: true }};
              document.body.dispatchEvent(new DragEvent("drop", more));
            }})()"""
        )
        page.see("role=heading[name='You have moved in']")
        page.see(f"text=/^{said}$/")
        page.click("role=button[name='Close'] >> nth=-1")
    assert page.complaints() == []
