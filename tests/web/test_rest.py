"""Characters, pictures and conversations over REST."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from tests.web.site import PICTURE, PICTURE_ID, SETTINGS, SVG_ID, Site, run_at


def test_the_gallery_shows_every_character_with_its_picture(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        version = await site.character("Vesna", "Sit down.")
        (character,) = (await site.call("GET", "/api/characters", cookie=cookie)).json
        assert character["version"] == str(version)
        assert (character["name"], character["tagline"], character["tags"]) == ("Vesna", "Tea", ["warm"])
        portrait = await site.call("GET", character["portrait"], cookie=cookie)
        assert (portrait.body, portrait.headers["content-type"]) == (PICTURE, "image/png")

    run_at(ui, test)


@pytest.mark.parametrize(
    "asset", [SVG_ID, "0" * 64, PICTURE_ID.upper(), "..%2f..%2fsecret", PICTURE_ID + "0"]
)
def test_only_pictures_that_are_there_are_served(ui: Path, asset: str) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        assert (await site.call("GET", f"/api/assets/{asset}", cookie=cookie)).status == 404

    run_at(ui, test)


def test_a_conversation_is_made_renamed_listed_and_deleted(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        first = await site.conversation(cookie, await site.character("Vesna"))
        second = await site.conversation(cookie, await site.character("Fennick"))
        path = f"/api/conversations/{first}"
        assert (await site.call("PATCH", path, {"title": "  Tea \n and  jam "}, cookie)).status == 204
        rows = (await site.call("GET", "/api/conversations", cookie=cookie)).json
        assert {UUID(row["id"]): row["title"] for row in rows} == {first: "Tea and jam", second: "Fennick"}
        assert all(row["portrait"] == f"/api/assets/{PICTURE_ID}" for row in rows)
        assert (await site.call("DELETE", path, cookie=cookie)).status == 204
        rows = (await site.call("GET", "/api/conversations", cookie=cookie)).json
        assert [UUID(row["id"]) for row in rows] == [second]
        assert (await site.call("DELETE", path, cookie=cookie)).status == 404
        assert (await site.call("PATCH", path, {"title": "x"}, cookie)).status == 404

    run_at(ui, test)


def test_conversations_of_others_can_be_neither_seen_nor_touched(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        conversation = await site.conversation(anna, await site.character())
        path = f"/api/conversations/{conversation}"
        assert (await site.call("GET", "/api/conversations", cookie=boris)).json == []
        stranger = await site.call("DELETE", path, cookie=boris)
        missing = await site.call("DELETE", f"/api/conversations/{uuid4()}", cookie=boris)
        assert (stranger.status, stranger.body) == (missing.status, missing.body)
        assert (await site.call("PATCH", path, {"title": "x"}, boris)).status == 404
        assert len((await site.call("GET", "/api/conversations", cookie=anna)).json) == 1

    run_at(ui, test)


def test_a_conversation_needs_a_character_that_is_there(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        answer = await site.call("POST", "/api/conversations", {"character_version": uuid4()}, cookie)
        assert (answer.status, answer.json["code"]) == (404, "not_found")
        assert (await site.call("GET", "/api/conversations", cookie=cookie)).json == []

    run_at(ui, test)


def test_new_conversations_are_counted_for_each_user(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        body = {"character_version": await site.character()}
        statuses = [(await site.call("POST", "/api/conversations", body, anna)).status for _ in range(3)]
        assert statuses == [201, 201, 429]
        assert (await site.call("POST", "/api/conversations", body, boris)).status == 201

    run_at(ui, test, replace(SETTINGS, conversations_per_minute=2))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff", 400),
        ({}, 400),
        ({"character_version": "x"}, 400),
        ({"character_version": 7}, 400),
        ({"character_version": str(uuid4()), "more": 1}, 400),
        (b" " * (SETTINGS.body_bytes + 1), 413),
    ],
)
def test_a_body_that_is_not_exactly_what_is_asked_for_is_refused_in_words(
    ui: Path, body: Any, status: int
) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        headers: dict[str, str | None] = {"Content-Type": "application/json"}
        answer = await site.call("POST", "/api/conversations", body, cookie, headers)
        assert answer.status == status
        assert answer.json["text"].endswith(".")

    run_at(ui, test)


@pytest.mark.parametrize("title", ["", "  ", "x" * 201])
def test_a_title_that_will_not_do_is_refused(ui: Path, title: str) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        path = f"/api/conversations/{await site.conversation(cookie, await site.character())}"
        assert (await site.call("PATCH", path, {"title": title}, cookie)).json["code"] == "title"

    run_at(ui, test)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_of_another_site_cannot_pose_as_json(ui: Path, kind: str) -> None:
    async def test(site: Site) -> None:
        answer = await site.call("POST", "/api/login", b"{}", headers={"Content-Type": kind})
        assert answer.status == 415

    run_at(ui, test)


def test_a_storage_that_does_not_answer_is_said_so_and_waited_for_no_longer(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        site.storage.kill()
        answer = await site.call("GET", "/api/me", cookie=cookie)
        assert (answer.status, answer.json["code"]) == (503, "storage")
        assert answer.headers["retry-after"] == "5"

    run_at(ui, test, replace(SETTINGS, ask_s=0.05))


def test_a_write_that_the_storage_refuses_is_said_so(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        site.storage.fail_next_write("the disk is full")
        site.storage.fail_next_write("the disk is full")
        answer = await site.call("POST", "/api/logout", cookie=cookie)
        assert answer.status == 503
        assert b"disk" not in answer.body

    run_at(ui, test)


def test_a_body_that_never_comes_is_not_waited_for(ui: Path) -> None:
    async def test(site: Site) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        head = (
            f"POST /api/login HTTP/1.1\r\nHost: {site.host}\r\nOrigin: {site.origin}\r\n"
            "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
        )
        writer.write(head.encode())
        status = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert b" 408 " in status

    run_at(ui, test, replace(SETTINGS, body_s=0.05))
