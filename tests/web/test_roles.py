"""Accounts and roles on real sockets: who lets people in, who keeps the queue, and from when on."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from actors.messages.chat import Open, ReplyFinished, ReplyState, SendText, Snapshot
from tests.web.site import SETTINGS, Page, Site, run_at
from web.protocol.frames import RoleChanged, Welcome


async def ask(site: Site, cookie: str, page: Page) -> str:
    """A reply that is asked for in a conversation of its own; the generation's id."""
    conversation = await site.conversation(cookie, await site.character(f"Vesna {uuid4().hex}"))
    await page.say(Open(conversation))
    await page.until(Snapshot)
    await page.say(SendText(conversation, uuid4(), "Who may move this?"))
    while (state := await page.until(ReplyState)).conversation != conversation:
        pass
    return str(state.live.generation)


async def account_of(site: Site, owner: str, name: str) -> Any:
    listed = (await site.call("GET", "/api/accounts", cookie=owner)).json
    return next(account for account in listed if account["name"] == name)


async def give(site: Site, owner: str, name: str, role: str) -> Any:
    account = await account_of(site, owner, name)
    answer = await site.call("PUT", f"/api/accounts/{account['id']}/role", {"role": role}, owner)
    assert answer.status == 200, answer.body
    return {each["name"]: each["role"] for each in answer.json}


def one_slot(site: Site) -> None:
    site.worker.words = None
    site.worker.greet(slots=1)
    site.boxes.door.allowed["key"] = "box"


@pytest.mark.parametrize("stored", [False, True])
def test_an_account_is_made_with_a_password_that_opens_it(ui: Path, tmp_path: Path, stored: bool) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Olga", "owner")
        made = await site.call("POST", "/api/accounts", {"name": "  Anna  Lee "}, owner)
        assert (made.status, made.json["account"]["name"], made.json["account"]["role"]) == (
            201,
            "Anna Lee",
            "user",
        )
        assert re.fullmatch(r"([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}", made.json["password"])
        opened = await site.call(
            "POST", "/api/login", {"name": "anna lee", "password": made.json["password"]}
        )
        assert (opened.status, opened.json["role"]) == (200, "user")
        listed = (await site.call("GET", "/api/accounts", cookie=owner)).json
        assert [(account["name"], account["role"]) for account in listed] == [
            ("Olga", "owner"),
            ("Anna Lee", "user"),
        ]

    run_at(ui, test, data=tmp_path if stored else None)


def test_a_name_that_is_taken_or_is_none_and_an_account_too_many_are_refused(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Olga", "owner")
        for name, status, code in (
            ("olga", 409, "name_taken"),
            ("local", 400, "name_taken"),
            (" ", 400, "name"),
        ):
            refused = await site.call("POST", "/api/accounts", {"name": name}, owner)
            assert (refused.status, refused.json["code"]) == (status, code)
        assert (await site.call("POST", "/api/accounts", {"name": "Anna"}, owner)).status == 201
        refused = await site.call("POST", "/api/accounts", {"name": "Boris"}, owner)
        assert (refused.status, refused.json["code"], refused.json["limit"]) == (409, "too_many_accounts", 2)

    run_at(ui, test, replace(SETTINGS, accounts=2))


def test_an_admin_sees_and_orders_the_queue_from_the_next_request_on_until_it_is_taken_back(
    ui: Path, tmp_path: Path
) -> None:
    async def test(site: Site) -> None:
        one_slot(site)
        owner, anna, boris = (
            await site.person("Olga", "owner"),
            await site.person("Anna"),
            await site.person("Boris"),
        )
        async with site.page(anna) as page:
            made = [await ask(site, anna, page) for _ in range(3)]
            assert (await site.call("GET", "/api/queue", cookie=boris)).status == 403
            assert await give(site, owner, "Boris", "admin") == {
                "Olga": "owner",
                "Anna": "user",
                "Boris": "admin",
            }
            assert (await site.call("GET", "/api/me", cookie=boris)).json["role"] == "admin"

            view = (await site.call("GET", "/api/queue", cookie=boris)).json
            assert [entry["user_name"] for entry in view["entries"]] == ["Anna"] * 3
            assert view["users"] == []
            moved = await site.call("POST", f"/api/queue/{made[2]}", {"to": "first"}, boris)
            assert [entry["id"] for entry in moved.json["entries"]] == [made[0], made[2], made[1]]
            await site.call("DELETE", f"/api/queue/{made[1]}", cookie=boris)
            assert (await page.until(ReplyFinished)).reason == "dismissed"
            left = (await site.call("GET", "/api/queue", cookie=boris)).json["entries"]
            assert [entry["id"] for entry in left] == [made[0], made[2]]
            for drained in (True, False):
                drain = await site.call("PUT", "/api/queue/boxes/box", {"drained": drained}, boris)
                assert drain.json["boxes"][0]["drained"] is drained

            assert (await give(site, owner, "Boris", "user"))["Boris"] == "user"
            for method, path, body in (
                ("GET", "/api/queue", None),
                ("POST", f"/api/queue/{made[2]}", {"to": "first"}),
                ("DELETE", f"/api/queue/{made[2]}", None),
                ("PUT", "/api/queue/boxes/box", {"drained": True}),
            ):
                assert (await site.call(method, path, body, boris)).status == 403, path

    run_at(ui, test, data=tmp_path)


def test_an_admin_gives_no_shares_no_roles_no_accounts_and_touches_no_keys(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner, boris = await site.person("Olga", "owner"), await site.person("Boris")
        await give(site, owner, "Boris", "admin")
        own = (await account_of(site, owner, "Boris"))["id"]
        for method, path, body in (
            ("PUT", f"/api/queue/users/{own}", {"share": 10}),
            ("GET", "/api/accounts", None),
            ("POST", "/api/accounts", {"name": "Mallory"}),
            ("PUT", f"/api/accounts/{own}/role", {"role": "admin"}),
            ("GET", "/api/boxes", None),
            ("POST", "/api/boxes/offer", {}),
            ("PATCH", "/api/boxes/box", {"name": "mine"}),
            ("DELETE", "/api/boxes/box", None),
            ("POST", "/api/keys/rotate", None),
        ):
            answer = await site.call(method, path, body, boris)
            assert (answer.status, answer.json["code"]) == (403, "forbidden"), path

    run_at(ui, test)


def test_the_owner_stays_the_owner_and_nobody_else_becomes_one(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Olga", "owner")
        own = (await account_of(site, owner, "Olga"))["id"]
        refused = await site.call("PUT", f"/api/accounts/{own}/role", {"role": "user"}, owner)
        assert (refused.status, refused.json["code"]) == (409, "owner_role")
        local = next(row.id for row in await site.edge.records.accounts() if row.role == "local")
        for who in (local, uuid4(), "nonsense"):
            assert (
                await site.call("PUT", f"/api/accounts/{who}/role", {"role": "admin"}, owner)
            ).status == 404
        for role in ("owner", "local", "janitor"):
            assert (await site.call("PUT", f"/api/accounts/{own}/role", {"role": role}, owner)).status == 400

    run_at(ui, test)


def test_a_page_that_is_open_hears_of_its_new_role_and_one_that_comes_later_is_told_it(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner, anna = await site.person("Olga", "owner"), await site.person("Anna")
        async with site.page(anna) as page, site.page(anna) as second, site.page(owner) as other:
            assert [(await one.until(Welcome)).role for one in (page, second, other)] == [
                "user",
                "user",
                "owner",
            ]
            await give(site, owner, "Anna", "admin")
            assert await page.until(RoleChanged) == RoleChanged("admin")
            assert await second.until(RoleChanged) == RoleChanged("admin")
            await give(site, owner, "Anna", "user")
            assert await page.until(RoleChanged) == RoleChanged("user")
            await give(site, owner, "Anna", "admin")
            async with site.page(anna) as later:
                assert (await later.until(Welcome)).role == "admin"
            assert not any(isinstance(event, RoleChanged) for event in other.seen)

    run_at(ui, test)
