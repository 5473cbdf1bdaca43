"""The library over REST: characters come in from files, are shared, removed, and go out as they came."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import read_card
from tests.actors.character.fixtures import V2, as_json, card_chunk, charx, png, v3
from tests.web.site import Answer, Site, run_at
from web.library.settings import LibrarySettings
from web.roomy import roomy_request

IMPORT = "/api/characters/import"
AS_IT_IS = "application/octet-stream"


async def bring(site: Site, cookie: str, data: bytes, name: str = "card.png") -> dict[str, Any]:
    """What became of one file."""
    headers: dict[str, str | None] = {"Content-Type": AS_IT_IS, "X-File-Name": quote(name)}
    answer = await site.call("POST", IMPORT, data, cookie, headers)
    assert answer.status == 200, answer.body
    (file,) = answer.json["files"]
    return file


async def gallery(site: Site, cookie: str) -> list[dict[str, Any]]:
    return (await site.call("GET", "/api/characters", cookie=cookie)).json


def form_of(files: dict[str, bytes]) -> tuple[bytes, str]:
    """A multipart body, and its content type."""
    edge = "the-edge"
    body = b"".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + data
        + b"\r\n"
        for name, data in files.items()
    )
    return body + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def test_a_card_becomes_a_character_with_its_greetings_and_lore(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        report = await bring(site, cookie, png(card_chunk("ccv3", v3())), "агафья.png")
        found = (report["name"], report["status"], report["character_name"])
        assert found == ("агафья.png", "imported", "Агафья")
        (row,) = await gallery(site, cookie)
        assert (row["name"], row["tagline"], row["tags"]) == (
            "Агафья",
            "For long evenings.",
            ["inn", "winter"],
        )
        assert (row["mine"], row["shared"], row["favourite"]) == (True, False, False)
        details = (await site.call("GET", f"/api/characters/versions/{row['version']}", cookie=cookie)).json
        assert details["greetings"] == [V2["data"]["first_mes"], "Who knocks?", "Ah, {{user}}."]
        assert (details["creator"], details["lore_entries"]) == ("a maker", 3)
        assert (details["creator_notes"], details["character_version"]) == (
            V2["data"]["creator_notes"],
            V2["data"]["character_version"],
        )
        assert details["nickname"] == "Ага"
        assert details["system_prompt"] == V2["data"]["system_prompt"]
        assert details["post_history_instructions"] == V2["data"]["post_history_instructions"]
        assert details["creator_notes_multilingual"] == [
            {"language": "en", "text": "For evenings."},
            {"language": "ru", "text": "Для вечеров."},
        ]

    run_at(ui, test, data=tmp_path)


def test_many_files_are_reported_each(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        body, kind = form_of(
            {"one.json": as_json(V2), "again.png": png(card_chunk("chara", V2)), "odd.png": b"no card"}
        )
        answer = await site.call("POST", IMPORT, body, cookie, {"Content-Type": kind})
        reports = [(f["name"], f["status"]) for f in answer.json["files"]]
        assert reports[0] == ("one.json", "imported")
        assert reports[2] == ("odd.png", "refused")
        assert answer.json["files"][2]["why"].startswith("The file is no card")

    run_at(ui, test)


def test_the_same_card_is_known_and_another_of_its_name_is_a_character_of_its_own(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        first = await bring(site, cookie, as_json(v3()))
        again = await bring(site, cookie, charx(v3()))
        assert (first["status"], again["status"]) == ("imported", "known")
        assert first["version"] == again["version"]
        other = await bring(site, cookie, as_json(v3(description="Another woman.")))
        assert other["status"] == "imported"
        assert len(await gallery(site, cookie)) == 2
        of_another = await bring(site, await site.person("Boris"), as_json(v3()))
        assert of_another["status"] == "imported"
        assert of_another["version"] != first["version"]

    run_at(ui, test)


def test_a_character_is_seen_by_others_only_while_its_owner_shares_it(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        made = await bring(site, anna, as_json(v3()))
        path, begin = f"/api/characters/{made['character']}", {"character_version": made["version"]}
        details = f"/api/characters/versions/{made['version']}"

        async def seen() -> list[int]:
            answers = [
                await site.call("GET", details, cookie=boris),
                await site.call("GET", f"{details}/file/original", cookie=boris),
                await site.call("POST", "/api/conversations", begin, boris),
            ]
            return [answer.status for answer in answers]

        assert await seen() == [404, 404, 404]
        assert (await site.call("PATCH", path, {"shared": True}, boris)).status == 404
        assert (await site.call("PATCH", path, {"shared": True}, anna)).status == 204
        assert await seen() == [200, 200, 201]
        (row,) = await gallery(site, boris)
        assert (row["mine"], row["shared"]) == (False, True)
        assert (await site.call("PATCH", path, {"removed": True}, boris)).status == 404
        assert (await site.call("PATCH", path, {"removed": True}, anna)).status == 204
        assert await seen() == [404, 404, 404]

    run_at(ui, test)


def test_a_removed_character_comes_back_by_undo_and_by_its_file(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, as_json(v3()))
        path = f"/api/characters/{made['character']}"
        await site.call("PATCH", path, {"favourite": True}, cookie)
        await site.call("PATCH", path, {"removed": True}, cookie)
        assert await gallery(site, cookie) == []
        await site.call("PATCH", path, {"removed": False}, cookie)
        assert [row["favourite"] for row in await gallery(site, cookie)] == [True]
        await site.call("PATCH", path, {"removed": True}, cookie)
        back = await bring(site, cookie, as_json(v3()))
        assert (back["status"], back["version"]) == ("imported", made["version"])
        assert len(await gallery(site, cookie)) == 1

    run_at(ui, test)


@pytest.mark.parametrize(
    "make",
    [
        lambda: as_json(v3()),
        lambda: as_json(V2),
        lambda: png(card_chunk("ccv3", v3())),
        lambda: charx(v3()),
    ],
    ids=["json", "json of V2", "png", "charx"],
)
def test_what_goes_out_is_what_came_in(ui: Path, make: Callable[[], bytes]) -> None:
    data = make()
    tree = read_card(data, CardLimits()).contents.tree

    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, data)
        path = f"/api/characters/versions/{made['version']}/file"

        async def file(form: str) -> Answer:
            answer = await site.call("GET", f"{path}/{form}", cookie=cookie)
            assert answer.status == 200, answer.body
            assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
            return answer

        assert (await file("original")).body == data
        assert json.loads((await file("json")).body) == tree
        back = read_card((await file("charx")).body, CardLimits())
        assert (back.origin or back.contents).tree == tree
        third = read_card((await file("png")).body, CardLimits())
        assert third.spec.name == "chara_card_v3"
        second = read_card((await file("png-v2")).body, CardLimits())
        assert second.spec.name == "chara_card_v2"
        assert second.card.first_mes == V2["data"]["first_mes"]
        assert (await site.call("GET", f"{path}/exe", cookie=cookie)).status == 404

    run_at(ui, test)


def test_a_conversation_begins_with_the_greeting_that_was_chosen(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        made = await bring(site, cookie, as_json(v3()))
        begin = {"character_version": made["version"], "greeting": 1}
        answer = await site.call("POST", "/api/conversations", begin, cookie)
        conversation = UUID(answer.json["id"])
        (row,) = (await site.call("GET", "/api/conversations", cookie=cookie)).json
        assert (row["id"], row["last_line"]) == (str(conversation), "Who knocks?")

    run_at(ui, test)


def test_a_greeting_tells_the_time_of_who_begins(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        begin = {"character_version": str(await site.character(greeting="{{datetimeformat mm}}"))}
        for offset_min in (0, 30):
            body = begin | {"utc_offset_min": offset_min}
            assert (await site.call("POST", "/api/conversations", body, cookie)).status == 201
        half_past, full = [
            int(row["last_line"])
            for row in (await site.call("GET", "/api/conversations", cookie=cookie)).json
        ]
        assert (half_past - full) % 60 in (29, 30, 31)

    run_at(ui, test)


def test_greetings_are_previewed_in_words_and_always_in_the_same(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        greeting = "{{char}} pours {{random:tea,milk,rye}} for <USER>, {{pick::a::b}}, {{roll:d1}}.{{// sh}}"
        version = await site.character(greeting=f"{greeting} {{{{datetimeformat mm}}}}")
        texts: list[str] = []
        for clock in ("", "?utc_offset_min=0", "?utc_offset_min=30", "?utc_offset_min=soon"):
            path = f"/api/characters/versions/{version}{clock}"
            (text,) = (await site.call("GET", path, cookie=cookie)).json["greetings"]
            texts.append(text)
        said, minutes = zip(*(text.rsplit(" ", 1) for text in texts), strict=True)
        assert re.fullmatch(r"Vesna pours (tea|milk|rye) for {{user}}, [ab], 1\.", said[0])
        assert len(set(said)) == 1
        assert (int(minutes[2]) - int(minutes[1])) % 60 in (29, 30, 31)

    run_at(ui, test)


def test_a_user_brings_no_more_than_the_server_allows(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        site.edge.library.bench.settings = LibrarySettings(characters=1, file_bytes=1_000_000)
        assert (await bring(site, cookie, as_json(V2)))["status"] == "imported"
        report = await bring(site, cookie, as_json(v3()))
        assert (report["status"], "as many as this server allows" in report["why"]) == ("refused", True)
        site.edge.library.bench.settings = LibrarySettings(file_bytes=1_000)
        report = await bring(site, cookie, as_json(v3()))
        assert (report["status"], "bytes" in report["why"]) == ("refused", True)

    run_at(ui, test)


def test_a_body_is_bounded_everywhere_and_larger_where_files_are_brought(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        large = b" " * (site.settings.body_bytes + 1)
        assert (await bring(site, cookie, large))["status"] == "refused"
        answer = await site.call("POST", "/api/conversations", large, cookie)
        assert answer.status == 413
        site.server.app.request_class = roomy_request(
            LibrarySettings(upload_bytes=100_000, upload_s=5.0), site.settings
        )
        kind: dict[str, str | None] = {"Content-Type": AS_IT_IS}
        assert (await site.call("POST", IMPORT, bytes(100_001), cookie, kind)).status == 413
        assert (await site.call("POST", IMPORT, b"x")).status == 401

    run_at(ui, test)
