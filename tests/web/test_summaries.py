"""Summaries over REST, and titles that the model gives."""

from pathlib import Path
from uuid import uuid4

from actors.addresses import SOCKETS
from actors.messages.chat import ListChanged, Open, Snapshot, SummariesChanged
from tests.web.site import Page, Site, run_at
from web.protocol.frames import ConversationsChanged


async def opened(site: Site, page: Page, cookie: str) -> tuple[str, str]:
    """The path of a conversation's summaries, and its first message."""
    conversation = await site.conversation(cookie, await site.character())
    await page.say(Open(conversation))
    snapshot = await page.until(Snapshot)
    return f"/api/conversations/{conversation}/summaries", str(snapshot.messages[0].id)


def test_a_person_writes_a_summary_and_takes_it_away(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        async with site.page(cookie) as page:
            path, message = await opened(site, page, cookie)
            body = {"text": " Vesna asks Anna to sit down. "}
            assert (await site.call("PUT", f"{path}/{message}", body, cookie)).status == 204
            (shown,) = (
                await page.until(SummariesChanged, lambda event: event.summaries.shown)
            ).summaries.shown
            assert (str(shown.upto), shown.text, shown.by) == (message, body["text"].strip(), "person")
            assert (await site.call("DELETE", f"{path}/{message}", cookie=cookie)).status == 204
            gone = await page.until(SummariesChanged, lambda event: not event.summaries.shown)
            assert gone.summaries.wanted

    run_at(ui, test)


def test_summaries_are_asked_for_and_done_without(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        async with site.page(cookie) as page:
            path, message = await opened(site, page, cookie)
            assert (await site.call("POST", f"{path}/{message}", cookie=cookie)).status == 202
            asked = await page.until(SummariesChanged, lambda event: event.summaries.writing)
            assert str(asked.summaries.writing) == message
            assert (await site.call("POST", path, cookie=cookie)).status == 400  # there is only the greeting
            assert (await site.call("PUT", path, {"wanted": False}, cookie)).status == 204
            await page.until(SummariesChanged, lambda event: not event.summaries.wanted)

    run_at(ui, test)


def test_what_makes_no_sense_or_is_anothers_is_refused(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        async with site.page(anna) as page:
            path, message = await opened(site, page, anna)
            for method in ("PUT", "POST", "DELETE"):
                body = {"text": "x"} if method == "PUT" else None
                assert (await site.call(method, f"{path}/{message}", body, boris)).status == 404
                assert (await site.call(method, f"{path}/{uuid4()}", body, anna)).status == 404
                assert (await site.call(method, f"{path}/x", body, anna)).status == 404
            for text, code in ((" ", "bad_request"), ("x" * 10_000, "too_long")):
                refused = await site.call("PUT", f"{path}/{message}", {"text": text}, anna)
                assert (refused.status, refused.json["code"]) == (400, code)

    run_at(ui, test)


def test_every_page_of_the_user_hears_of_a_title_that_was_given(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        (account,) = [each for each in await site.edge.records.accounts() if each.name == "Anna"]
        async with site.page(cookie) as page:
            site.runtime.tell(SOCKETS, ListChanged(account.id), "session/x")
            await page.until(ConversationsChanged)

    run_at(ui, test)
