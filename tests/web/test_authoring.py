"""Writing characters over REST: new ones, further versions, copies, pictures; and what goes in the end."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import read_card
from actors.character.formats.specs import as_spec
from actors.messages.conversations import DropConversation
from tests.actors.character.fixtures import CHARX_FILES, IN_CHARX, V2, as_json, card_chunk, charx, png, v3
from tests.web.site import Answer, Site, run_at
from tests.web.test_library import AS_IT_IS, bring, gallery
from tests.web.test_versions import talk
from web.library.purging import Purging

TEXTS = {"name": "Marfa", "first_mes": "Tea?", "tags": ["tea"], "alternate_greetings": ["Again you."]}


async def card(site: Site, cookie: str, version: str) -> dict[str, Any]:
    answer = await site.call("GET", f"/api/characters/versions/{version}/card", cookie=cookie)
    assert answer.status == 200, answer.body
    return answer.json


async def save(site: Site, cookie: str, made: dict[str, Any], **changes: Any) -> Answer:
    body = {"base": made["version"], **changes}
    return await site.call("POST", f"/api/characters/{made['character']}/versions", body, cookie)


async def file_of(site: Site, cookie: str, version: str, form: str = "original") -> bytes:
    return (await site.call("GET", f"/api/characters/versions/{version}/file/{form}", cookie=cookie)).body


def test_a_character_is_written_from_nothing_and_talks(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        answer = await site.call("POST", "/api/characters", {"texts": TEXTS}, cookie)
        assert (answer.status, answer.json["changed"]) == (201, True)
        (row,) = await gallery(site, cookie)
        assert (row["id"], row["name"], row["tags"]) == (answer.json["character"], "Marfa", ["tea"])
        assert (await talk(site, cookie, row["version"]))["last_line"] == "Tea?"
        seen = await card(site, cookie, row["version"])
        assert (seen["texts"]["alternate_greetings"], seen["book"], seen["assets"]) == (
            ["Again you."],
            "",
            [],
        )
        for odd in ({}, {"texts": {**TEXTS, "name": " "}}, {"texts": {**TEXTS, "name": "x" * 201}}):
            refused = await site.call("POST", "/api/characters", odd, cookie)
            assert (refused.status, refused.json["code"]) == (400, "card_name")

    run_at(ui, test)


def test_a_save_is_a_further_version_and_who_saves_over_another_is_told(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, as_json(v3()))
        texts = (await card(site, cookie, made["version"]))["texts"]
        same = await save(site, cookie, made, texts=texts)
        assert (same.status, same.json) == (200, {**same.json, "version": made["version"], "changed": False})
        first = await save(site, cookie, made, texts={**texts, "scenario": "A street."})
        assert first.status == 201
        late = await save(site, cookie, made, texts={**texts, "scenario": "A garden."})
        assert (late.status, late.json["code"]) == (409, "conflict")
        seen = await card(site, cookie, made["version"])
        assert (seen["current"], seen["texts"]) == (first.json["version"], texts)
        after = first.json["version"]
        assert (await card(site, cookie, after))["texts"]["scenario"] == "A street."
        over = await save(site, cookie, made, texts={**texts, "scenario": "A garden."}, over=after)
        assert (over.status, (await gallery(site, cookie))[0]["version"]) == (201, over.json["version"])
        after = over.json["version"]
        again = {**made, "version": after}
        assert (await save(site, cookie, again, texts={**texts, "scenario": "A forest."})).status == 201
        assert (
            len((await site.call("GET", f"/api/characters/{made['character']}/versions", cookie=cookie)).json)
            == 4
        )
        boris = await site.person("Boris")
        assert (await save(site, boris, again, texts=texts)).status == 404
        assert (await save(site, cookie, {**again, "character": str(uuid4())}, texts=texts)).status == 404

    run_at(ui, test)


def test_what_the_form_does_not_show_is_kept_in_every_carrier(ui: Path) -> None:
    odd = {"other/program": {"z": 1}}

    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        for given in (
            as_json(v3(mine=odd)),
            png(card_chunk("ccv3", v3(mine=odd, name="Png"))),
            charx({**IN_CHARX, "data": {**IN_CHARX["data"], "mine": odd}}, *CHARX_FILES),
            as_json({**V2, "data": {**V2["data"], "mine": odd}}),
        ):
            made = await bring(site, cookie, given)
            before = read_card(given, CardLimits())
            seen = await card(site, cookie, made["version"])
            assert "mine" in {one["where"] for one in seen["other"]}
            saved = await save(site, cookie, made, texts={**seen["texts"], "scenario": "Elsewhere."})
            after = read_card(await file_of(site, cookie, saved.json["version"]), CardLimits())
            tree = (after.origin or after.contents).tree["data"]
            expected = as_spec(before.contents.tree, before.spec, "chara_card_v3")["data"]
            assert tree["modification_date"] > 0
            same = {"scenario": expected["scenario"], "modification_date": 0}
            assert {**tree, **same} == {**expected, **same}
            assert (after.origin or after.contents).files == before.contents.files

    run_at(ui, test)


def test_a_portrait_and_emotions_are_brought_and_go_out_with_the_card(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, as_json(v3()))
        kind: dict[str, str | None] = {"Content-Type": AS_IT_IS}
        brought = await site.call("POST", "/api/characters/pictures", png(), cookie, kind)
        assert (brought.status, brought.json["width"] > 0, brought.json["thumb"] != "") == (201, True, True)
        picture = brought.json["id"]
        emotion = {"type": "emotion", "name": "happy", "picture": picture}
        saved = await save(site, cookie, made, portrait=picture, assets=[emotion])
        assert saved.status == 201, saved.body
        (row,) = await gallery(site, cookie)
        assert (await site.call("GET", row["portrait"], cookie=cookie)).headers[
            "content-type"
        ] == "image/webp"
        seen = await card(site, cookie, row["version"])
        shown = [(one["type"], one["name"], one["where"], one["thumb"] != "") for one in seen["assets"]]
        assert shown == [("icon", "main", "default", True), ("emotion", "happy", "embedded", True)]
        out = read_card(await file_of(site, cookie, row["version"], "charx"), CardLimits())
        assert len(out.contents.files) == 2
        gone = await save(site, cookie, {**made, "version": row["version"]}, portrait="0" * 64)
        assert (gone.status, gone.json["cause"]) == (422, "picture_gone")
        odd = await site.call("POST", "/api/characters/pictures", b"<svg/>", cookie, kind)
        assert (odd.status, odd.json["cause"]) == (422, "picture")

    run_at(ui, test, data=tmp_path)


def test_a_copy_is_a_character_of_its_own_also_of_what_another_shares(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        made = await bring(site, anna, png(card_chunk("ccv3", v3())))
        copy = {"base": made["version"], "name": "Another"}
        assert (await site.call("POST", "/api/characters", copy, boris)).status == 404
        await site.call("PATCH", f"/api/characters/{made['character']}", {"shared": True}, anna)
        saved = await site.call("POST", "/api/characters", copy, boris)
        assert saved.status == 201
        mine = next(row for row in await gallery(site, boris) if row["mine"])
        assert (mine["name"], mine["id"] != made["character"], mine["shared"]) == ("Another", True, False)
        tree = json.loads(await file_of(site, boris, mine["version"], "json"))
        assert tree["data"]["creator"] == v3()["data"]["creator"]

    run_at(ui, test)


def test_a_refused_card_has_a_code_and_facts_for_pages_with_words_of_their_own(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        report = await bring(site, cookie, b'{"spec": ,')
        assert (report["code"], report["facts"]) == ("broken_json", ["1", "10"])
        report = await bring(site, cookie, png())
        assert (report["code"], report["facts"]) == ("no_card_picture", [])

    run_at(ui, test)


def test_what_was_removed_goes_after_its_time_with_its_pictures(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, png(card_chunk("ccv3", v3())))
        (row,) = await gallery(site, cookie)
        await talk(site, cookie, row["version"])
        await site.call("PATCH", f"/api/characters/{made['character']}", {"removed": True}, cookie)
        edge = site.edge
        days = replace(edge.library.bench.settings, keep_removed_days=1e-9, purge_every_s=0.0)
        purging = Purging(edge.records, edge.world, days, site.assets, site.drafts)
        picture = row["portrait"].rpartition("/")[2]
        await asyncio.sleep(0.002)
        assert await purging.run() == 0  # a conversation has it
        (begun,) = (await site.call("GET", "/api/conversations", cookie=cookie)).json
        await edge.records.commit(DropConversation(UUID(begun["id"])))
        kept = Purging(
            edge.records, edge.world, replace(days, keep_removed_days=0.0), site.assets, site.drafts
        )
        assert await kept.run() == 0  # for ever
        assert site.assets.read(picture) is not None
        assert await purging.run() == 1
        assert site.assets.read(picture) is None

    run_at(ui, test)
