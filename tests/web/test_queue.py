"""The queue as its owner sees and orders it, and what is kept from everybody else."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from actors.messages.chat import Open, ReplyFinished, ReplyState, SendText, Snapshot
from tests.web.site import Page, Site, run_at

TITLE = "A secret affair"
WORDS = "Nobody else may read this."


async def ask(site: Site, cookie: str, page: Page) -> tuple[UUID, UUID]:
    """A conversation with a title, and a reply that is asked for; (conversation, generation)."""
    conversation = await site.conversation(cookie, await site.character(f"Vesna {uuid4().hex}"))
    await site.call("PATCH", f"/api/conversations/{conversation}", {"title": TITLE}, cookie)
    await page.say(Open(conversation))
    await page.until(Snapshot)
    await page.say(SendText(conversation, uuid4(), WORDS))
    while (state := await page.until(ReplyState)).conversation != conversation:
        pass
    return conversation, state.live.generation


async def queue(site: Site, owner: str) -> Any:
    answer = await site.call("GET", "/api/queue", cookie=owner)
    assert answer.status == 200
    return answer.json


def order(view: Any) -> list[str]:
    return [entry["id"] for entry in view["entries"]]


def one_slot(site: Site) -> None:
    site.worker.words = None
    site.worker.greet(slots=1)
    site.boxes.door.allowed["key"] = "box"


def test_the_owner_sees_who_waits_and_nothing_of_what_it_is_about(ui: Path) -> None:
    async def test(site: Site) -> None:
        one_slot(site)
        owner, anna = await site.person("Olga", "owner"), await site.person("Anna")
        async with site.page(anna) as page:
            _, first = await ask(site, anna, page)
            _, second = await ask(site, anna, page)
            answer = await site.call("GET", "/api/queue", cookie=owner)
            entries = answer.json["entries"]
            assert [(entry["user_name"], entry["place"], entry["box"]) for entry in entries] == [
                ("Anna", 0, "box"),
                ("Anna", 1, ""),
            ]
            assert order(answer.json) == [str(first), str(second)]
            for secret in (TITLE, WORDS, "Vesna"):
                assert secret not in answer.body.decode()

    run_at(ui, test)


def test_the_owner_moves_a_reply_and_its_page_hears_of_its_place(ui: Path) -> None:
    async def test(site: Site) -> None:
        one_slot(site)
        owner, anna = await site.person("Olga", "owner"), await site.person("Anna")
        async with site.page(anna) as page:
            made = [await ask(site, anna, page) for _ in range(4)]
            ids = [str(generation) for _, generation in made]
            assert order(await queue(site, owner)) == ids
            await site.call("POST", f"/api/queue/{ids[3]}", {"to": "up"}, owner)
            answer = await site.call("POST", f"/api/queue/{ids[3]}", {"to": "first"}, owner)
            assert order(answer.json) == [ids[0], ids[3], ids[1], ids[2]]
            while True:
                live = (await page.until(ReplyState)).live
                if (live.generation, live.place) == (made[3][1], 1):
                    break

    run_at(ui, test)


def test_a_reply_that_the_owner_ends_is_ended_for_its_page_in_one_clear_sentence(ui: Path) -> None:
    async def test(site: Site) -> None:
        one_slot(site)
        owner, anna = await site.person("Olga", "owner"), await site.person("Anna")
        async with site.page(anna) as page:
            await ask(site, anna, page)
            conversation, second = await ask(site, anna, page)
            await site.call("DELETE", f"/api/queue/{second}", cookie=owner)
            finished = await page.until(ReplyFinished)
            assert (finished.conversation, finished.reason) == (conversation, "dismissed")
            assert finished.why == "A keeper of this node took it out of the queue."
            assert str(second) not in order(await queue(site, owner))

    run_at(ui, test)


def test_a_drained_box_is_shown_so_gets_nothing_and_serves_again(ui: Path) -> None:
    async def test(site: Site) -> None:
        one_slot(site)
        owner, anna = await site.person("Olga", "owner"), await site.person("Anna")
        path = "/api/queue/boxes/box"
        (box,) = (await site.call("PUT", path, {"drained": True}, owner)).json["boxes"]
        assert (box["state"], box["drained"], box["slots"]) == ("drained", True, 1)
        assert list(site.disk.drained) == ["box"]
        async with site.page(anna) as page:
            await ask(site, anna, page)
            assert [entry["place"] for entry in (await queue(site, owner))["entries"]] == [1]
            await site.call("PUT", path, {"drained": False}, owner)
            await site.worker.request()
        assert site.disk.drained == {}

    run_at(ui, test)


def test_a_share_is_durable_and_bounded(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Olga", "owner")
        await site.person("Anna")
        await site.edge.accounts.make_local_user()
        users = {user["name"]: user for user in (await queue(site, owner))["users"]}
        assert "local" not in users  # the terminal's: no person's
        assert users["Anna"]["share"] == 1.0
        path = f"/api/queue/users/{users['Anna']['id']}"
        changed = await site.call("PUT", path, {"share": 2.5}, owner)
        assert {user["name"]: user["share"] for user in changed.json["users"]}["Anna"] == 2.5
        assert list(site.disk.shares.values()) == [2.5]
        for share in (0, -1, 11):
            refused = await site.call("PUT", path, {"share": share}, owner)
            assert (refused.status, refused.json["code"]) == (400, "share")
        assert (await site.call("PUT", f"/api/queue/users/{uuid4()}", {"share": 2}, owner)).status == 404

    run_at(ui, test)


def test_what_is_not_there_is_not_found(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Olga", "owner")
        assert (await site.call("PUT", "/api/queue/boxes/attic", {"drained": True}, owner)).status == 404
        assert (await site.call("DELETE", "/api/queue/nonsense", cookie=owner)).status == 404
        assert (await site.call("POST", "/api/queue/nonsense", {"to": "up"}, owner)).status == 404
        assert (await site.call("POST", f"/api/queue/{uuid4()}", {"to": "down"}, owner)).status == 400
        assert (await site.call("POST", f"/api/queue/{uuid4()}", {"to": "up"}, owner)).status == 200

    run_at(ui, test)
