"""Personas, presets and choices over REST, and what a conversation makes of them."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from actors.messages.chat import Open, SendText, Snapshot
from actors.messages.choices import NOBODY
from tests.actors.character.fixtures import png
from tests.web.site import Page, Site, run_at


async def made(site: Site, cookie: str, name: str, description: str = "") -> str:
    body = {"name": name, "description": description}
    answer = await site.call("POST", "/api/personas", body, cookie)
    assert answer.status == 201, answer.body
    return answer.json["id"]


async def personas(site: Site, cookie: str) -> list[dict[str, Any]]:
    return (await site.call("GET", "/api/personas", cookie=cookie)).json


async def begun(site: Site, cookie: str, version: UUID, **more: Any) -> str:
    body = {"character_version": str(version), **more}
    answer = await site.call("POST", "/api/conversations", body, cookie)
    assert answer.status == 201, answer.body
    return answer.json["id"]


async def snapshot(page: Page, conversation: str) -> Snapshot:
    await page.say(Open(UUID(conversation)))
    return await page.until(Snapshot)


def test_personas_are_made_changed_removed_and_brought_back(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        mira, lev = await made(site, cookie, "  Mira  ", "A smuggler."), await made(site, cookie, "Lev")
        path = f"/api/personas/{mira}"
        assert [row["name"] for row in await personas(site, cookie)] == ["Mira", "Lev"]
        change = {"name": "Old Mira", "standard": True}
        assert (await site.call("PATCH", path, change, cookie)).status == 204
        row = (await personas(site, cookie))[0]
        assert (row["name"], row["description"], row["standard"]) == ("Old Mira", "A smuggler.", True)
        await site.call("PATCH", path, {"removed": True}, cookie)
        assert [row["id"] for row in await personas(site, cookie)] == [lev]
        await site.call("PATCH", path, {"removed": False}, cookie)
        assert [row["standard"] for row in await personas(site, cookie)] == [True, False]
        await site.call("PATCH", path, {"standard": False}, cookie)
        assert [row["standard"] for row in await personas(site, cookie)] == [False, False]

    run_at(ui, test)


def test_what_a_persona_may_be_is_checked(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie, other = await site.person("Anna"), await site.person("Boris")
        for body, code in (({"name": " "}, "name"), ({"name": "x" * 101}, "name")):
            answer = await site.call("POST", "/api/personas", body, cookie)
            assert (answer.status, answer.json["code"]) == (400, code)
        long = {"name": "Mira", "description": "x" * 20_001}
        answer = await site.call("POST", "/api/personas", long, cookie)
        assert (answer.status, answer.json["code"], answer.json["limit"]) == (400, "text", 20_000)
        path = f"/api/personas/{await made(site, cookie, 'Mira')}"
        for body in ({"name": "Mine"}, {"removed": True}, {"standard": True}):
            assert (await site.call("PATCH", path, body, other)).status == 404
        assert await personas(site, other) == []

    run_at(ui, test)


def test_a_persona_has_a_picture_that_is_drawn_anew(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        path = f"/api/personas/{await made(site, cookie, 'Mira')}/picture"
        kind: dict[str, str | None] = {"Content-Type": "application/octet-stream"}
        drawn = await site.call("PUT", path, png(), cookie, kind)
        assert drawn.status == 200, drawn.body
        picture = await site.call("GET", drawn.json["portrait"], cookie=cookie)
        assert (picture.status, picture.headers["content-type"]) == (200, "image/webp")
        assert (await personas(site, cookie))[0]["thumb"] == drawn.json["thumb"] != ""
        refused = await site.call("PUT", path, b"<svg/>", cookie, kind)
        assert (refused.status, refused.json["code"]) == (400, "picture")
        assert (await site.call("DELETE", path, cookie=cookie)).status == 204
        assert (await personas(site, cookie))[0]["portrait"] == ""

    run_at(ui, test, data=tmp_path)


def test_a_new_conversation_begins_as_whom_its_user_is_with_that_character(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie, version = await site.person("Anna"), await site.character()
        mira, lev = await made(site, cookie, "Mira"), await made(site, cookie, "Lev")
        await site.call("PATCH", f"/api/personas/{mira}", {"standard": True}, cookie)
        async with site.page(cookie) as page:
            first = await snapshot(page, await begun(site, cookie, version))
            assert (first.user_name, first.messages[0].text) == ("Mira", "Sit down, Mira.")
            second = await snapshot(page, await begun(site, cookie, version, persona=lev))
            assert (second.user_name, str(second.persona)) == ("Lev", lev)
            third = await snapshot(page, await begun(site, cookie, version, persona=str(NOBODY)))
            assert (third.user_name, third.persona) == ("Anna", None)
            # The first stays as it began, whatever is usual later.
            await site.call("PATCH", f"/api/personas/{lev}", {"standard": True}, cookie)
            assert (await snapshot(page, str(first.conversation))).user_name == "Mira"

    run_at(ui, test)


def test_a_change_reaches_the_conversations_that_are_open(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie, version = await site.person("Anna"), await site.character()
        conversation = await begun(site, cookie, version)
        path = f"/api/conversations/{conversation}/choices"
        mira = await made(site, cookie, "Mira", "A smuggler.")
        async with site.page(cookie) as page:
            await snapshot(page, conversation)
            chosen = {
                "persona": mira,
                "note": {"text": "Rain.", "depth": 0},
                "replies": {"preset": "precise", "top_k": 7},
            }
            assert (await site.call("PUT", path, chosen, cookie)).status == 204
            assert (await page.until(Snapshot)).user_name == "Mira"
            await site.call("PATCH", f"/api/personas/{mira}", {"name": "Red Mira"}, cookie)
            assert (await page.until(Snapshot)).user_name == "Red Mira"
            await page.say(SendText(UUID(conversation), uuid4(), "Ahoy."))
            asked = await site.worker.request()
            assert (asked.turn.user_name, asked.turn.persona) == ("Red Mira", "A smuggler.")
            assert asked.turn.circumstances.note.text == "Rain."
            assert (asked.sampling.top_k, asked.sampling.temperature) == (7, 0.3)
        told = (await site.call("GET", path, cookie=cookie)).json
        assert told["conversation"]["persona"] == mira
        assert told["conversation"]["note"] == {"text": "Rain.", "depth": 0, "role": "system", "every": 1}
        assert told["conversation"]["replies"] == chosen["replies"]
        assert told["own_name"] == "Anna"

    run_at(ui, test)


def test_choices_are_checked_and_are_ones_own(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie, other, version = await site.person("Anna"), await site.person("B"), await site.character()
        path = f"/api/conversations/{await begun(site, cookie, version)}/choices"
        for body, code in (
            ({"replies": {"temperature": 99}}, "setting"),
            ({"note": {"text": "x", "depth": -1}}, "setting"),
            ({"note": {"text": "x", "every": -1}}, "setting"),
            ({"system_prompt": "x" * 20_001}, "text"),
            ({"unknown": 1}, "bad_request"),
        ):
            answer = await site.call("PUT", path, body, cookie)
            assert (answer.status, answer.json["code"]) == (400, code), body
        assert (await site.call("PUT", path, {}, other)).status == 404
        assert (await site.call("GET", path, cookie=other)).status == 404
        assert (await site.call("PUT", f"/api/characters/{uuid4()}/choices", {}, cookie)).status == 404

    run_at(ui, test)


def test_a_character_and_everything_have_choices_too(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie, version = await site.person("Anna"), await site.character()
        conversation = await begun(site, cookie, version)
        told = (await site.call("GET", f"/api/conversations/{conversation}/choices", cookie=cookie)).json
        path = f"/api/characters/{told['character_id']}/choices"
        assert (await site.call("PUT", path, {"system_prompt": "Play."}, cookie)).status == 204
        everywhere = {"replies": {"max_tokens": 50}}
        assert (await site.call("PUT", "/api/choices", everywhere, cookie)).status == 204
        found = (await site.call("GET", path, cookie=cookie)).json
        assert found["character"]["system_prompt"] == "Play."
        assert found["everywhere"]["replies"] == everywhere["replies"]

    run_at(ui, test)


def test_presets_of_ones_own_stand_beside_those_that_come_with_samovar(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie, other = await site.person("Anna"), await site.person("Boris")
        body = {"name": "Dreamy", "settings": {"preset": "creative", "temperature": 1.4}}
        dreamy = (await site.call("POST", "/api/presets", body, cookie)).json
        assert (dreamy["own"], dreamy["settings"]["temperature"]) == (True, 1.4)
        again = {"name": "Dreamier", "settings": {"preset": dreamy["id"], "min_p": 0.02}}
        dreamier = (await site.call("POST", "/api/presets", again, cookie)).json
        assert dreamier["settings"]["temperature"] == 1.4  # and does not need the first any more
        await site.call("PATCH", f"/api/presets/{dreamy['id']}", {"removed": True}, cookie)
        change = {"name": "Best", "settings": {"top_p": 0.5}}
        await site.call("PATCH", f"/api/presets/{dreamier['id']}", change, cookie)
        found = (await site.call("GET", "/api/presets", cookie=cookie)).json
        assert [preset["name"] for preset in found["presets"]] == [
            *("greedy", "precise", "steady", "balanced", "creative", "Best")
        ]
        assert found["usual"]["temperature"] == 0.8
        assert len((await site.call("GET", "/api/presets", cookie=other)).json["presets"]) == 5
        path = f"/api/presets/{dreamier['id']}"
        assert (await site.call("PATCH", path, {"name": "Mine"}, other)).status == 404

    run_at(ui, test)


def test_a_sampler_preset_of_sillytavern_is_taken_in(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        file = {"name": "Mine", "data": '{"temp": 0.5, "top_a": 0.2}'}
        answer = await site.call("POST", "/api/presets/import", file, cookie)
        assert (answer.status, answer.json["left_out"]) == (201, ["top_a"])
        assert answer.json["preset"]["settings"]["temperature"] == 0.5
        refused = await site.call("POST", "/api/presets/import", {"name": "x", "data": "{}"}, cookie)
        assert (refused.status, refused.json["code"]) == (400, "preset")

    run_at(ui, test)
