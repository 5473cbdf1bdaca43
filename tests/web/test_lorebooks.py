"""Lorebooks over REST: they come in from files, are changed, attached, tried out, removed, and go out."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from actors import addresses
from actors.messages.chat import ChangeVersion, Open, ReplyFinished, SendText, Snapshot
from actors.messages.generation import GenerateReply
from tests.actors.character.fixtures import as_json, card_chunk, png, v3
from tests.web.site import Answer, Site, run_at
from tests.web.test_library import bring as bring_character
from tests.web.test_versions import further

IMPORT = "/api/lorebooks/import"
WORLD: dict[str, Any] = {
    "entries": {"4": {"uid": 4, "key": ["tea"], "content": "Hot.", "order": 5, "ofAnother": 1}},
    "x": [2],
}
BOOK: dict[str, Any] = {
    "spec": "lorebook_v3",
    "data": {"name": "Tea", "extensions": {}, "entries": [{"keys": ["tea"], "content": "Hot."}]},
}


async def bring(site: Site, cookie: str, tree: Any, name: str = "Travels.json") -> dict[str, Any]:
    """What became of one file."""
    data = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    headers: dict[str, str | None] = {"Content-Type": "application/octet-stream", "X-File-Name": quote(name)}
    answer = await site.call("POST", IMPORT, data, cookie, headers)
    assert answer.status == 200, answer.body
    (file,) = answer.json["files"]
    return file


async def shelf(site: Site, cookie: str) -> list[dict[str, Any]]:
    return (await site.call("GET", "/api/lorebooks", cookie=cookie)).json


async def opened(site: Site, cookie: str, book: str) -> dict[str, Any]:
    return (await site.call("GET", f"/api/lorebooks/{book}", cookie=cookie)).json


async def attach(site: Site, cookie: str, book: str, scope: str, target: str | None = None) -> Answer:
    body = {"scope": scope, "target": target, "attached": True}
    return await site.call("PUT", f"/api/lorebooks/{book}/uses", body, cookie)


async def said(site: Site, cookie: str, conversation: UUID, text: str) -> GenerateReply:
    """What a worker is asked when somebody says this; the reply is made."""
    site.worker.asked.clear()
    async with site.page(cookie) as page:
        await page.say(Open(conversation))
        await page.say(SendText(conversation, uuid4(), text))
        await page.until(ReplyFinished)
    return await site.worker.request()


async def begun(site: Site, cookie: str) -> UUID:
    site.worker.greet()
    return await site.conversation(cookie, await site.character())


def test_books_of_all_formats_come_in_and_go_out_as_they_came(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        world = await bring(site, cookie, WORLD, "Путешествия.json")
        assert (world["status"], world["book_name"]) == ("imported", "Путешествия")
        assert (await bring(site, cookie, BOOK))["book_name"] == "Tea"
        assert (await bring(site, cookie, WORLD, "Путешествия.json"))["status"] == "known"
        assert (await bring(site, cookie, {"name": "no book"}))["status"] == "refused"
        assert (await bring(site, cookie, b"no JSON"))["status"] == "refused"
        file = f"/api/lorebooks/{world['book']}/file"
        original = await site.call("GET", f"{file}/original", cookie=cookie)
        assert original.body == json.dumps(WORLD).encode()
        assert "attachment" in original.headers["content-disposition"]
        v3_file = (await site.call("GET", f"{file}/v3", cookie=cookie)).json
        assert v3_file["data"]["entries"][0]["keys"] == ["tea"]
        back = await bring(site, cookie, v3_file, "back.json")
        again = await site.call("GET", f"/api/lorebooks/{back['book']}/file/sillytavern", cookie=cookie)
        assert again.json == WORLD
        assert (await site.call("GET", f"{file}/docx", cookie=cookie)).status == 404
        assert [row["name"] for row in await shelf(site, cookie)] == ["back", "Tea", "Путешествия"]

    run_at(ui, test)


def test_a_card_gives_its_lorebook(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, png(card_chunk("ccv3", v3())), "агафья.png")
        assert made["status"] == "imported"
        (row,) = await shelf(site, cookie)
        assert row["entries"] == 3
        bare = v3()
        del bare["data"]["character_book"]
        refused = await bring(site, cookie, as_json(bare), "bare.json")
        assert (refused["status"], refused["why"]) == ("refused", "The card has no lorebook.")

    run_at(ui, test)


def test_a_change_names_the_version_that_it_was_made_of(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, WORLD)
        path = f"/api/lorebooks/{made['book']}"
        found = await opened(site, cookie, made["book"])
        found["book"]["entries"].append({"keys": ["cup"], "content": "Round.", "extensions": {}})
        body = {"version": found["lorebook"]["version"], "book": found["book"]}
        saved = await site.call("PUT", path, body, cookie)
        assert (saved.status, saved.json["entries"]) == (200, 2)
        assert saved.json["version"] != found["lorebook"]["version"]
        late = await site.call("PUT", path, body, cookie)
        assert (late.status, late.json["code"]) == (409, "changed")
        file = (await site.call("GET", f"{path}/file/original", cookie=cookie)).json
        assert file["entries"]["4"] == WORLD["entries"]["4"]  # what was not touched
        assert file["x"] == [2]
        broken = {"version": saved.json["version"], "book": {"entries": 3}}
        assert (await site.call("PUT", path, broken, cookie)).status == 422

    run_at(ui, test)


def test_a_book_is_made_named_removed_and_comes_back(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = (await site.call("POST", "/api/lorebooks", {"name": " Tea  time "}, cookie)).json
        assert (made["name"], made["entries"], made["uses"]) == ("Tea time", 0, [])
        assert (await site.call("POST", "/api/lorebooks", {"name": " "}, cookie)).status == 400
        path = f"/api/lorebooks/{made['id']}"
        renamed = await site.call("PATCH", path, {"name": "Чай"}, cookie)
        assert renamed.json["name"] == "Чай"
        assert (await opened(site, cookie, made["id"]))["book"]["name"] == "Чай"
        assert (await site.call("PATCH", path, {"removed": True}, cookie)).status == 200
        assert await shelf(site, cookie) == []
        assert (await site.call("PATCH", path, {"removed": False}, cookie)).status == 200
        assert [row["name"] for row in await shelf(site, cookie)] == ["Чай"]
        boris = await site.person("Boris")
        calls: list[tuple[str, str, Any]] = [
            ("GET", "", None),
            ("PATCH", "", {"removed": True}),
            ("GET", "/file/original", None),
            ("PUT", "", {"version": made["version"], "book": {"entries": []}}),
            ("PUT", "/uses", {"scope": "user", "target": None, "attached": True}),
        ]
        for method, more, body in calls:
            assert (await site.call(method, f"{path}{more}", body, boris)).status == 404

    run_at(ui, test)


def test_a_book_counts_in_the_replies_of_what_it_is_attached_to(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        book = (await bring(site, cookie, WORLD))["book"]
        chat = await begun(site, cookie)
        assert (await attach(site, cookie, book, "conversation", str(uuid4()))).status == 404
        assert (await attach(site, cookie, book, "character", str(uuid4()))).status == 404
        assert (await attach(site, cookie, book, "user", str(uuid4()))).status == 404
        assert (await said(site, cookie, chat, "Tea?")).turn.books == ()
        attached = await attach(site, cookie, book, "conversation", str(chat))
        assert attached.json["uses"] == [{"scope": "conversation", "target": str(chat)}]
        asked = await said(site, cookie, chat, "And now?")
        assert [str(version) for version in asked.turn.books] == [attached.json["version"]]
        other = await begun(site, cookie)
        assert (await said(site, cookie, other, "Tea?")).turn.books == ()

    run_at(ui, test)


def test_a_book_of_a_character_counts_with_a_version_that_its_owner_chooses(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring_character(site, cookie, as_json(v3()))
        book = (await bring(site, cookie, WORLD))["book"]
        attached = await attach(site, cookie, book, "character", made["character"])
        site.worker.greet()
        chat = await site.conversation(cookie, UUID(made["version"]))
        newer = await further(site, made)  # nobody has told the conversation of it
        path = f"/api/characters/{made['character']}/current"
        back, forth = ({"version": to, "base": of} for to, of in permutations((made["version"], newer)))
        assert (await site.call("PUT", path, back, cookie)).status == 204
        assert (await site.call("PUT", path, forth, cookie)).status == 204
        async with site.page(cookie) as page:
            await page.say(Open(chat))
            await page.until(Snapshot)
            site.runtime.tell(addresses.session(chat), ChangeVersion(UUID(newer), "asks/1"), "asks/1")
            await page.until(Snapshot, lambda event: str(event.character_version) == newer)
        asked = await said(site, cookie, chat, "And now?")
        assert str(asked.turn.character) == newer
        assert [str(version) for version in asked.turn.books] == [attached.json["version"]]

    run_at(ui, test, data=tmp_path)


def test_a_trial_says_what_fires_on_a_text_and_in_a_conversation(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        book = {
            "entries": [{"keys": ["samovar"], "content": "It is hot."}, {"keys": ["("], "use_regex": True}]
        }
        lines = [{"role": "user", "text": "Is the samovar on?"}]
        answer = await site.call("POST", "/api/lore/trial", {"book": book, "lines": lines}, cookie)
        assert answer.status == 200, answer.body
        fired, silent = answer.json["entries"]
        assert (fired["outcome"], fired["key"], fired["message"]) == ("fired", "samovar", 0)
        assert (silent["entry"], silent["outcome"], silent["reason"]) == (1, "silent", "keys")
        (trouble,) = answer.json["troubles"]
        assert (trouble["field"], trouble["key"]) == ("keys", "(")
        other = await bring(site, cookie, WORLD)
        await attach(site, cookie, other["book"], "user")
        chat = await begun(site, cookie)
        await said(site, cookie, chat, "Tea, from the samovar?")
        asked = {"book": book, "conversation": str(chat)}
        found = (await site.call("POST", "/api/lore/trial", asked, cookie)).json
        assert [line["text"] for line in found["lines"]][-2:] == ["Tea, from the samovar?", "Hello, you."]
        assert [each["name"] for each in found["books"]] == ["Travels", ""]
        assert [(e["book"], e["entry"]) for e in found["entries"] if e["outcome"] == "fired"] == [
            (0, 0),
            (1, 0),
        ]
        stranger = await site.person("Boris")
        assert (await site.call("POST", "/api/lore/trial", asked, stranger)).status == 404
        assert (await site.call("POST", "/api/lore/trial", {"book": []}, cookie)).status == 422

    run_at(ui, test)
