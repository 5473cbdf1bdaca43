"""Folders, removal, search, and files of conversations, over the real storage."""

import asyncio
import io
import json
import re
import zipfile
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from actors.messages.chat import Open, ReplyFinished, SendText, Snapshot
from tests.web.site import SETTINGS, Site, run_at

LIST = "/api/conversations"
DEADLINE_S = 30.0


async def rows(site: Site, cookie: str, query: str = "") -> list[Any]:
    return (await site.call("GET", LIST + query, cookie=cookie)).json


async def talked(site: Site, cookie: str, *texts: str) -> UUID:
    """A conversation in which these were said, and answered."""
    conversation = await site.conversation(cookie, await site.character("Vesna", "Sit down."))
    async with site.page(cookie) as page:
        await page.say(Open(conversation))
        await page.until(Snapshot)
        for text in texts:
            await page.say(SendText(conversation, uuid4(), text))
            await page.until(ReplyFinished)
    return conversation


async def search(site: Site, cookie: str, text: str) -> Any:
    async with asyncio.timeout(DEADLINE_S):
        for pause_s in repeat(0.02):
            found = (await site.call("GET", f"/api/search?text={text}", cookie=cookie)).json
            if not found["waiting"]:
                return found
            await asyncio.sleep(pause_s)
    return None


def test_conversations_are_filed_searched_removed_and_brought_back(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        conversation = await talked(site, anna, "Where is my kettle?")
        path = f"{LIST}/{conversation}"
        folder = (await site.call("POST", "/api/folders", {"name": " At  work "}, anna)).json
        assert folder["name"] == "At work"
        filing = {"pinned": True, "folder": folder["id"], "tags": ["tea", "tea", "slow"]}
        assert (await site.call("PUT", f"{path}/filing", filing, anna)).status == 204
        (row,) = await rows(site, anna)
        assert (row["folder"], row["tags"], row["pinned_ms"] > 0) == (folder["id"], ["tea", "slow"], True)

        found = await search(site, anna, "kettles%20")
        (one,) = found["conversations"]
        assert (one["id"], one["character_name"]) == (str(conversation), "Vesna")
        assert one["matches"][0]["pieces"] == ["Where is my ", "kettle", "?"]
        answers = (await search(site, anna, "hello%20"))["conversations"][0]["matches"]
        assert [(match["speaker"], match["role"]) for match in answers] == [("Vesna", "assistant")]
        assert (await search(site, boris, "kettle"))["conversations"] == []
        assert (
            await site.call("GET", f"/api/search?text=x&conversation={conversation}", cookie=boris)
        ).status == 404

        for method, what, body in (
            ("PUT", f"{path}/filing", {"pinned": False}),
            ("POST", f"{path}/restore", None),
            ("GET", f"{path}/file/json", None),
            ("PATCH", f"/api/folders/{folder['id']}", {"name": "mine"}),
            ("DELETE", f"/api/folders/{folder['id']}", None),
        ):
            assert (await site.call(method, what, body, boris)).status == 404, what

        assert (await site.call("DELETE", path, cookie=anna)).status == 204
        assert await rows(site, anna) == []
        assert (await search(site, anna, "kettle"))["conversations"] == []
        assert (await site.call("GET", f"{path}/file/json", cookie=anna)).status == 404
        assert [row["id"] for row in await rows(site, anna, "?removed=1")] == [str(conversation)]
        assert (await site.call("POST", f"{path}/restore", cookie=anna)).status == 204
        async with site.page(anna) as page:
            await page.say(Open(conversation))
            assert [m.text for m in (await page.until(Snapshot)).messages][1] == "Where is my kettle?"
        assert (await site.call("DELETE", f"/api/folders/{folder['id']}", cookie=anna)).status == 204
        (row,) = await rows(site, anna)
        assert row["folder"] is None

    run_at(ui, test, data=tmp_path)


def test_conversations_go_out_as_files_and_come_in_again(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await talked(site, cookie, "Чаю?", "And jam.")
        path = f"{LIST}/{conversation}/file"
        headers: dict[str, str | None] = {"Content-Type": "application/octet-stream", "X-File-Name": "a.json"}
        out: dict[str, bytes] = {}
        for form in ("json", "jsonl", "markdown"):
            answer = await site.call("GET", f"{path}/{form}", cookie=cookie)
            assert answer.headers["content-disposition"].startswith("attachment")
            out[form] = answer.body
        assert re.search(r"\*\*Anna\*\* <!-- user .* -->\n\nЧаю\?", out["markdown"].decode())
        for form in ("json", "jsonl", "markdown"):
            answer = await site.call("POST", f"{LIST}/import", out[form], cookie, headers)
            (report,) = answer.json["files"]
            assert (report["status"], report["messages"]) == ("imported", 5)
            assert [one["code"] for one in report["warnings"]] == ["chat_path"] * (form == "markdown")
            again = await site.call("GET", f"{LIST}/{report['conversation']}/file/{form}", cookie=cookie)
            assert again.body == out[form]

        whole = await site.call("GET", f"{LIST}/files/jsonl", cookie=cookie)
        with zipfile.ZipFile(io.BytesIO(whole.body)) as archive:
            assert archive.testzip() is None
            assert sorted(archive.namelist()) == [
                *(f"Vesna ({n}).jsonl" for n in (2, 3, 4)),
                "Vesna.jsonl",
            ]
            assert out["jsonl"] in [archive.read(name) for name in archive.namelist()]

        strange = json.loads(out["json"]) | {"character": "", "character_name": "Nobody"}
        body = json.dumps(strange).encode()
        (report,) = (await site.call("POST", f"{LIST}/import", body, cookie, headers)).json["files"]
        assert (report["status"], report["character_name"]) == ("character", "Nobody")
        (character,) = (await site.call("GET", "/api/characters", cookie=cookie)).json
        chosen = f"{LIST}/import?character={character['version']}"
        (report,) = (await site.call("POST", chosen, body, cookie, headers)).json["files"]
        assert report["status"] == "imported"
        (report,) = (await site.call("POST", f"{LIST}/import", b"hello", cookie, headers)).json["files"]
        assert report["status"] == "refused"
        unknown = f"{LIST}/import?character={uuid4()}"
        assert (await site.call("POST", unknown, body, cookie, headers)).status == 404
        assert len(await rows(site, cookie)) == 5

    run_at(ui, test, replace(SETTINGS, searches_burst=1_000), data=tmp_path)
