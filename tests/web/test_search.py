"""What the search finds besides messages, over the real storage and REST."""

import asyncio
import json
from itertools import repeat
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from msgspec.structs import replace

from actors.messages.conversations import PutSummary, StoredSummary
from tests.web.site import SETTINGS, Site, run_at
from tests.web.test_authoring import TEXTS as BLANK

DEADLINE_S = 30.0
TEXTS = {**BLANK, "name": "Vesna", "creator_notes": "Drawn after a woodcut."}
PATIENT = replace(SETTINGS, searches_burst=1_000)
WORLD = {
    "entries": {
        "0": {"uid": 0, "key": ["beacon"], "content": "Nothing."},
        "7": {"uid": 7, "key": ["well"], "content": "A lantern hangs in it.", "comment": "The dry well"},
    }
}


async def search(site: Site, cookie: str, text: str) -> Any:
    async with asyncio.timeout(DEADLINE_S):
        for pause_s in repeat(0.02):
            found = (await site.call("GET", f"/api/search?text={quote(text)}", cookie=cookie)).json
            if not found["waiting"]:
                return found
            await asyncio.sleep(pause_s)
    return None


async def things(site: Site, cookie: str, text: str) -> dict[str, Any]:
    return {thing["kind"]: thing for thing in (await search(site, cookie, text))["things"]}


def test_all_that_is_written_is_found_by_its_owner_and_nobody_else(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        conversation = await site.conversation(anna, await site.character("Vesna", "Sit down."))
        path = f"/api/conversations/{conversation}"

        persona = await site.call(
            "POST", "/api/personas", {"name": "Mira", "description": "A lantern."}, anna
        )
        folder = await site.call("POST", "/api/folders", {"name": "Lanterns"}, anna)
        filing = {"folder": folder.json["id"], "tags": ["lantern light"]}
        assert (await site.call("PUT", f"{path}/filing", filing, anna)).status == 204
        note = {"note": {"text": "Lanterns sway."}, "system_prompt": "Speak of every lantern."}
        assert (await site.call("PUT", f"{path}/choices", note, anna)).status in {200, 204}
        headers: dict[str, str | None] = {
            "Content-Type": "application/octet-stream",
            "X-File-Name": "Coast.json",
        }
        made = await site.call("POST", "/api/lorebooks/import", json.dumps(WORLD).encode(), anna, headers)
        head = await site.edge.records.conversation(conversation)
        assert head is not None
        await site.edge.records.commit(
            PutSummary(StoredSummary(conversation, head.head, "They lit lanterns.", "model", 5))
        )

        found = await things(site, anna, "lantern ")
        assert set(found) == {"persona", "folder", "tag", "note", "instructions", "entry", "summary"}
        assert found["persona"]["id"] == persona.json["id"]
        assert found["persona"]["pieces"] == ["A ", "lantern", "."]
        assert (found["folder"]["id"], found["folder"]["conversation"]) == (
            folder.json["id"],
            str(conversation),
        )
        assert (found["tag"]["id"], found["tag"]["title"]) == (str(conversation), ["", "lantern", " light"])
        assert found["note"]["conversation"] == found["instructions"]["conversation"] == str(conversation)
        assert found["summary"]["id"] == str(head.head)
        entry = found["entry"]
        assert (entry["id"], entry["place"], entry["beside"]) == (made.json["files"][0]["book"], 1, "Coast")
        assert entry["title"] == ["The dry well"]
        assert (await search(site, anna, "lantern "))["counts"] == []
        assert await things(site, boris, "lantern ") == {}

    run_at(ui, test, PATIENT, data=tmp_path)


def test_the_text_of_a_shared_character_is_found_by_all(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        made = await site.call("POST", "/api/characters", {"texts": TEXTS}, anna)
        character = UUID(made.json["character"])
        (found,) = (await search(site, anna, "woodcuts "))["things"]
        assert (found["kind"], found["id"], found["title"]) == ("character", str(character), ["Vesna"])
        assert found["pieces"][1] == "woodcut"
        assert await things(site, boris, "woodcut ") == {}
        change = await site.call("PATCH", f"/api/characters/{character}", {"shared": True}, anna)
        assert change.status == 204
        await search(site, anna, "woodcut ")  # the index has it then
        assert (await things(site, boris, "woodcut "))["character"]["id"] == str(character)
        change = await site.call("PATCH", f"/api/characters/{character}", {"shared": False}, anna)
        assert change.status == 204
        assert await things(site, boris, "woodcut ") == {}

    run_at(ui, test, PATIENT, data=tmp_path)
