"""Versions of a character over REST: history, going back, and conversations that move."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from actors.messages.library import AddCharacterVersion
from tests.actors.character.fixtures import as_json, v3
from tests.web.site import Site, run_at
from tests.web.test_library import bring, gallery


async def further(site: Site, made: dict[str, Any]) -> str:
    """A newer version of an imported character, as an editor would save it."""
    owner = next(one.id for one in await site.edge.records.accounts() if one.name == "Anna")
    found = await site.edge.records.character(UUID(made["version"]), owner)
    assert found is not None
    version = uuid4()
    write = AddCharacterVersion(
        character=found.row.character,
        version=version,
        owner=owner,
        sheet=replace(found.sheet, character=version),
        card=b"{}",
        content_hash=bytes(32),
        tagline="Older and wiser",
        tags=(),
        portrait="",
        created_ms=found.row.created_ms + 1,
        base=found.row.version,
    )
    await site.edge.records.commit(write)
    return str(version)


async def talk(site: Site, cookie: str, version: str) -> dict[str, Any]:
    """A conversation begun with that version, as the list has it."""
    await site.call("POST", "/api/conversations", {"character_version": version}, cookie)
    return (await site.call("GET", "/api/conversations", cookie=cookie)).json[0]


def test_the_owner_sees_the_history_and_goes_back(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        made = await bring(site, anna, as_json(v3()))
        await talk(site, anna, made["version"])
        newer = await further(site, made)
        path = f"/api/characters/{made['character']}"
        history = (await site.call("GET", f"{path}/versions", cookie=anna)).json
        assert [(row["version"], row["current"], row["conversations"]) for row in history] == [
            (newer, True, 0),
            (made["version"], False, 1),
        ]
        assert [row["version"] for row in await gallery(site, anna)] == [newer]
        back = {"version": made["version"], "base": newer}
        assert (await site.call("GET", f"{path}/versions", cookie=boris)).status == 404
        assert (await site.call("PUT", f"{path}/current", back, boris)).status == 404
        assert (
            await site.call("PUT", f"{path}/current", {**back, "version": str(uuid4())}, anna)
        ).status == 404
        assert (await site.call("PUT", f"{path}/current", back, anna)).status == 204
        assert [row["version"] for row in await gallery(site, anna)] == [made["version"]]
        late = await site.call("PUT", f"{path}/current", back, anna)
        assert (late.status, late.json["code"]) == (409, "conflict")

    run_at(ui, test)


def test_a_conversation_moves_to_another_version_of_its_character_and_back(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        made = await bring(site, anna, as_json(v3()))
        other = await bring(site, anna, as_json(v3(name="Pelageya")))
        begun = await talk(site, anna, made["version"])
        assert (begun["character"], begun["character_version"]) == (made["character"], made["version"])
        newer = await further(site, made)
        path = f"/api/conversations/{begun['id']}/version"

        async def moved(version: str, cookie: str = anna) -> int:
            return (await site.call("PUT", path, {"character_version": version}, cookie)).status

        assert await moved(newer, boris) == 404
        assert await moved(other["version"]) == 404
        assert await moved(str(uuid4())) == 404
        for version in (newer, made["version"]):
            assert await moved(version) == 204
            (row,) = (await site.call("GET", "/api/conversations", cookie=anna)).json
            assert row["character_version"] == version

    run_at(ui, test)


def test_who_talks_with_anothers_character_moves_while_it_is_shared(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        made = await bring(site, anna, as_json(v3()))
        share = f"/api/characters/{made['character']}"
        await site.call("PATCH", share, {"shared": True}, anna)
        begun = await talk(site, boris, made["version"])
        newer = await further(site, made)
        path, move = f"/api/conversations/{begun['id']}/version", {"character_version": newer}
        assert (await site.call("PUT", path, move, boris)).status == 204
        await site.call("PATCH", share, {"shared": False}, anna)
        back = {"character_version": made["version"]}
        assert (await site.call("PUT", path, back, boris)).status == 404

    run_at(ui, test)
