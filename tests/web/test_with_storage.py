"""The edge over the real storage: what only a real table can promise."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

from actors.messages.chat import Open, ReplyFinished, SendText, Snapshot
from actors.messages.generation import Sampling
from tests.web.site import Site, run_at
from web.starter import add_starter_characters
from web.terminal import chat

OWNER = {"name": "Olga", "password": "samovar and jam"}


def test_two_first_visits_at_once_make_one_owner(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        visits = [OWNER | {"name": f"Olga {number}"} for number in range(4)]
        answers = await asyncio.gather(*[site.call("POST", "/api/setup", visit) for visit in visits])
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
        roles = [account.role for account in await site.edge.records.accounts()]
        assert sorted(roles) == ["local", "owner"]

    run_at(ui, test, data=tmp_path)


def test_logins_and_conversations_outlive_the_process(ui: Path, tmp_path: Path) -> None:
    kept: dict[str, str] = {}

    async def before(site: Site) -> None:
        cookie = (await site.call("POST", "/api/setup", OWNER)).cookie
        pictures: dict[str, bytes] = {}
        assert await add_starter_characters(site.edge.records, site.world, lambda data: keep(pictures, data))
        characters = (await site.call("GET", "/api/characters", cookie=cookie)).json
        assert len(characters) == len(pictures)
        conversation = await site.conversation(cookie, UUID(characters[0]["version"]))
        async with site.page(cookie) as page:
            await page.say(Open(conversation))
            await page.until(Snapshot)
            await page.say(SendText(conversation, uuid4(), "Good evening."))
            assert (await page.until(ReplyFinished)).message.text == "Hello, you."
        kept.update(cookie=cookie, conversation=str(conversation), name=characters[0]["name"])

    async def after(site: Site) -> None:
        assert await add_starter_characters(site.edge.records, site.world, lambda _: "") == 0
        assert (await site.call("GET", "/api/me", cookie=kept["cookie"])).json["user_name"] == "Olga"
        (row,) = (await site.call("GET", "/api/conversations", cookie=kept["cookie"])).json
        assert (row["id"], row["character_name"], row["last_line"], row["live"]) == (
            kept["conversation"],
            kept["name"],
            "Hello, you.",
            False,
        )
        async with site.page(kept["cookie"]) as page:
            await page.say(Open(UUID(kept["conversation"])))
            texts = [message.text for message in (await page.until(Snapshot)).messages]
            assert texts[1:] == ["Good evening.", "Hello, you."]
        login = await site.call("POST", "/api/login", OWNER, kept["cookie"])
        assert login.status == 200
        assert (await site.call("GET", "/api/me", cookie=kept["cookie"])).json["user"] is None
        path = f"/api/conversations/{kept['conversation']}"
        assert (await site.call("DELETE", path, cookie=login.cookie)).status == 204
        assert (await site.call("GET", "/api/conversations", cookie=login.cookie)).json == []

    run_at(ui, before, data=tmp_path)
    run_at(ui, after, data=tmp_path)


def keep(pictures: dict[str, bytes], data: bytes) -> str:
    name = f"{len(pictures):064x}"
    pictures[name] = data
    return name


def test_the_terminal_chats_over_the_real_storage(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        await site.character()
        (tmp_path / "run").mkdir()
        node = f'{{"pid": {site.pid}, "token": "{site.edge.control_token}", "url": "{site.origin}"}}'
        await asyncio.to_thread((tmp_path / "run" / "node.json").write_text, node)
        assert await asyncio.to_thread(chat, tmp_path, "Hi", None, 7, 20.0, Sampling()) == 0

    run_at(ui, test, data=tmp_path)
