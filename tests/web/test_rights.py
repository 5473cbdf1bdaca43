"""A matrix made from the code itself: every role × every endpoint, every role × every frame."""

from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest

from actors.messages.chat import Open, Problem, Snapshot
from tests.web.site import TOKEN, Site, run_at
from web.protocol.frames import ClientFrame, Farewell, Greeting, Welcome
from web.rights import ENDPOINTS, FRAMES, ROLES, may_call, may_send

COMMANDS: list[type[msgspec.Struct]] = [kind for kind in get_args(ClientFrame) if kind is not Greeting]

# What each role is let do, written down a second time, by hand: a slip in one table shows.
OPEN_TO_ALL = {"page", "me", "setup", "login", "logout", "control"}
OF_OWNERS = {
    *("list_boxes", "offer_box", "withdraw_offer", "rename_box", "revoke_box", "rotate_keys"),
    *("set_share", "list_accounts", "add_account", "set_role"),
}
OF_ADMINS = {"show_queue", "move_reply", "dismiss_reply", "drain_box"}
BODIES: dict[str, Any] = {
    "setup": {"name": "x", "password": "y"},
    "login": {"name": "x", "password": "y"},
    "control": {"token": TOKEN},
    "new_conversation": {"character_version": str(uuid4())},
    "rename_conversation": {"title": "x"},
    "file_conversation": {"pinned": True},
    "new_folder": {"name": "x"},
    "change_folder": {"name": "x"},
    "change_group": {"members": [{"version": str(uuid4())}]},
    "offer_box": {},
    "rename_box": {"name": "x"},
    "move_reply": {"to": "first"},
    "drain_box": {"drained": True},
    "change_character": {"favourite": True},
    "set_share": {"share": 2.0},
    "add_account": {"name": "x"},
    "set_role": {"role": "admin"},
    "new_persona": {"name": "x"},
    "change_persona": {"name": "x"},
    "new_preset": {"name": "x", "settings": {}},
    "import_preset": {"name": "x", "data": "{}"},
    "change_preset": {"name": "x"},
    "choose_for_conversation": {},
    "choose_for_character": {},
    "choose_everywhere": {},
    "new_character": {"texts": {"name": "x"}},
    "save_character": {"texts": {"name": "x"}, "base": str(uuid4())},
    "choose_version": {"version": str(uuid4()), "base": str(uuid4())},
    "move_conversation": {"character_version": str(uuid4())},
    "new_lorebook": {"name": "x"},
    "save_lorebook": {"version": str(uuid4()), "book": {}},
    "change_lorebook": {"removed": True},
    "attach_lorebook": {"scope": "user", "target": None, "attached": True},
    "try_lore": {"book": {"entries": []}},
}


async def cookie_of(site: Site, role: str) -> str:
    """A fresh login of somebody with that role."""
    if role == "nobody":
        return ""
    for account in await site.edge.records.accounts():
        if account.role == role:
            return await site.log_in(account)
    return await site.person(f"a {role}", role)


def test_every_endpoint_of_the_app_stands_in_the_table_and_no_other(ui: Path) -> None:
    async def test(site: Site) -> None:
        rules = list(site.server.app.url_map.iter_rules())
        assert {rule.endpoint for rule in rules} == set(ENDPOINTS)
        assert all(rule.endpoint == "page" or rule.rule.startswith("/api/") for rule in rules)

    run_at(ui, test)


def test_every_command_of_the_protocol_stands_in_the_table_and_no_other() -> None:
    assert set(FRAMES) == set(COMMANDS)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_an_endpoint_serves_the_roles_of_the_table_and_no_other(ui: Path, role: str) -> None:
    async def test(site: Site) -> None:
        for rule in site.server.app.url_map.iter_rules():
            endpoint = rule.endpoint
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                cookie = await cookie_of(site, role)  # logins and logouts use it up
                path = rule.rule.replace("<path:path>", "page")
                path = path.replace("<asset_id>", "0").replace("<conversation_id>", str(uuid4()))
                path = path.replace("<box_id>", "attic").replace("<form>", "png")
                path = path.replace("<character_id>", str(uuid4())).replace("<version_id>", str(uuid4()))
                path = path.replace("<generation_id>", str(uuid4())).replace("<user_id>", str(uuid4()))
                path = path.replace("<account_id>", str(uuid4()))
                answer = await site.call(method, path, BODIES.get(endpoint), cookie)
                refused = answer.status in {401, 403} and answer.json["text"] in {
                    "Log in first.",
                    "This account may not do that.",
                }
                allowed = endpoint in OPEN_TO_ALL or role in {"owner", "local"}
                allowed = allowed or (role == "admin" and endpoint not in OF_OWNERS)
                allowed = allowed or (role == "user" and endpoint not in OF_OWNERS | OF_ADMINS)
                assert refused is not allowed, f"{role} {method} {path}: {answer.status}"
                assert may_call(role, endpoint) is allowed

    run_at(ui, test)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_socket_takes_every_command_from_those_who_are_logged_in_and_none_from_nobody(
    ui: Path, role: str
) -> None:
    async def test(site: Site) -> None:
        cookie = await cookie_of(site, role)
        of_another = await site.conversation(await site.person("Boris"), await site.character())
        async with site.page(cookie) as page:
            first = await page.next()
            if role == "nobody":
                assert isinstance(first, Farewell)
                assert not any(may_send(role, kind) for kind in COMMANDS)
                return
            assert isinstance(first, Welcome)
            for kind in COMMANDS:
                assert may_send(role, kind)
                fields = {"conversation": of_another, "request_key": uuid4(), "message": uuid4()}
                fields |= {"generation": uuid4(), "text": "x", "before": uuid4(), "branch": True, "name": "x"}
                wanted = {name: fields[name] for name in kind.__struct_fields__ if name in fields}
                await page.say(kind(**wanted))
                problem = await page.until(Problem)
                assert problem.code == "not_found", kind

    run_at(ui, test)


def test_a_role_that_nobody_knows_may_do_nothing(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Mallory", "janitor")
        assert (await site.call("GET", "/api/characters", cookie=cookie)).status == 403
        async with site.page(cookie) as page:
            assert (await page.next()).code == "login"

    run_at(ui, test)
    assert not any(may_call("janitor", endpoint) for endpoint in ENDPOINTS)
    assert not any(may_send("janitor", kind) for kind in FRAMES)


def test_nobody_may_call_what_the_table_does_not_name() -> None:
    assert not any(may_call(role, "made_up") for role in ROLES)
    assert not any(may_send(role, Greeting) for role in ROLES)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_who_keeps_the_node_reads_no_conversation_of_others(ui: Path, role: str) -> None:
    async def test(site: Site) -> None:
        version = await site.character()
        conversation = await site.conversation(await site.person("Boris"), version)
        async with site.page(await site.person("Olga", role)) as page:
            await page.say(Open(conversation))
            assert (await page.until(Problem)).code == "not_found"
            assert not any(isinstance(event, Snapshot) for event in page.seen)

    run_at(ui, test)
