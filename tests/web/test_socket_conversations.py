"""Conversations over a WebSocket: what is sent, what every page of theirs is shown."""

from pathlib import Path
from uuid import uuid4

from msgspec.structs import replace

from actors.addresses import SOCKETS
from actors.messages.chat import (
    Awake,
    Close,
    ConversationGone,
    MessageAdded,
    Open,
    Problem,
    Regenerate,
    ReplyFinished,
    ReplyState,
    ReplyText,
    SendText,
    Snapshot,
)
from actors.messages.generation import Sampling
from tests.web.site import SETTINGS, Site, run_at
from web.protocol.frames import ConversationsChanged, Greeting, Welcome


def test_a_message_is_answered_by_the_character(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            snapshot = await page.opened(conversation)
            assert [message.text for message in snapshot.messages] == ["Sit down, Anna."]
            key = uuid4()
            await page.say(SendText(conversation, key, "Good evening."))
            added = await page.until(MessageAdded)
            assert (added.message.text, added.request_key) == ("Good evening.", key)
            finished = await page.until(ReplyFinished)
            assert finished.message.text == "Hello, you."
        assert site.worker.requests[0].turn.user_name == "Anna"

    run_at(ui, test)


def test_sampling_and_seed_reach_the_worker_as_they_were_sent(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.opened(conversation)
            sampling = Sampling(temperature=0.0, max_tokens=7)
            await page.say(SendText(conversation, uuid4(), "Hi", sampling=sampling, seed=7))
            await page.until(ReplyFinished)
        assert (site.worker.requests[0].sampling, site.worker.requests[0].seed) == (sampling, 7)

    run_at(ui, test)


def test_a_second_page_sees_the_same_reply_at_the_same_time(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.worker.words = None
        async with site.page(cookie) as page, site.page(cookie) as tab:
            await page.opened(conversation)
            await tab.opened(conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            request = await site.worker.request()
            site.worker.speak(request, 0, ("One", " two"))
            site.worker.end(request, 2)
            for one in (page, tab):
                assert (await one.until(ReplyFinished)).message.text == "One two"
                texts = [event.text for event in one.seen if isinstance(event, ReplyText)]
                assert "One two".startswith("".join(texts))

    run_at(ui, test)


def test_a_page_that_comes_back_reads_on_where_it_stopped(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.worker.words = None
        async with site.page(cookie) as page:
            await page.opened(conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            request = await site.worker.request()
            site.worker.speak(request, 0, ("One",))
            first = await page.until(ReplyText)
        site.worker.speak(request, 1, (" two",))
        async with site.page(cookie) as page:
            await page.say(Open(conversation, first.generation, first.next_seq))
            live = (await page.until(Snapshot)).live
            assert live is not None
            assert live.seq == first.next_seq
            text = live.text
            site.worker.speak(request, 2, (" three",))
            while not text.endswith("three"):
                more = await page.until(ReplyText)
                text += more.text
            assert first.text + text == "One two three"
            site.worker.end(request, 3)
            assert (await page.until(ReplyFinished)).message.text == "One two three"

    run_at(ui, test)


def test_a_reply_that_was_taken_up_inexactly_says_where_while_it_comes_and_afterwards(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.worker.words, site.worker.exact = None, False
        async with site.page(cookie) as page:
            await page.opened(conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            request = await site.worker.request()
            site.worker.speak(request, 0, ("One",))
            await page.until(ReplyText)
            request = await site.worker.lose(request)
            assert len(request.committed) == 1
            site.worker.speak(request, 1, (" two",))
            while (await page.until(ReplyState)).live.seam != len("One"):
                pass
            async with site.page(cookie) as tab:
                live = (await tab.opened(conversation)).live
                assert live is not None
                assert live.seam == len("One")
            site.worker.end(request, 2)
            assert (await page.until(ReplyFinished)).message.seam == len("One")
        async with site.page(cookie) as page:
            assert (await page.opened(conversation)).messages[-1].seam == len("One")

    run_at(ui, test)


def test_a_session_that_was_made_anew_is_opened_again_for_its_readers(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        other = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.opened(conversation)
            await page.opened(other)
            await page.say(Close(other))
            await page.say(Greeting(1))
            await page.until(Problem)
            site.runtime.tell(SOCKETS, Awake(other), "session")
            site.runtime.tell(SOCKETS, Awake(conversation), "session")
            assert (await page.until(Snapshot)).conversation == conversation

    run_at(ui, test)


def test_what_belongs_to_others_is_as_if_it_were_not_there(ui: Path) -> None:
    async def test(site: Site) -> None:
        version = await site.character()
        mine = await site.conversation(await site.person("Anna"), version)
        async with site.page(await site.person("Boris")) as page:
            await page.say(Open(mine))
            of_another = await page.until(Problem)
            await page.say(Open(uuid4()))
            of_nobody = await page.until(Problem)
            assert (of_another.code, of_another.text) == (of_nobody.code, of_nobody.text)
            await page.say(SendText(mine, uuid4(), "Hi"))
            assert (await page.until(Problem)).code == "not_found"
        assert not site.worker.requests

    run_at(ui, test)


def test_only_so_many_conversations_are_open_at_once(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        version = await site.character()
        first, second, third = [await site.conversation(cookie, version) for _ in range(3)]
        async with site.page(cookie) as page:
            await page.opened(first)
            await page.opened(second)
            await page.opened(first)
            await page.say(Open(third))
            assert (await page.until(Problem)).code == "too_many"
            await page.say(Close(first))
            assert (await page.opened(third)).conversation == third

    run_at(ui, test, replace(SETTINGS, open_conversations=2))


def test_the_list_of_conversations_is_told_to_have_changed_to_its_user_alone(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        version = await site.character()
        async with site.page(cookie) as page, site.page(await site.person("Boris")) as other:
            await other.until(Welcome)
            await page.until(Welcome)
            conversation = await site.conversation(cookie, version)
            await page.until(ConversationsChanged)
            path = f"/api/conversations/{conversation}"
            assert (await site.call("PATCH", path, {"title": "Tea"}, cookie)).status == 204
            await page.until(ConversationsChanged)
            await page.opened(conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            await page.until(ReplyFinished)
            await page.until(ConversationsChanged)
            assert (await site.call("DELETE", path, cookie=cookie)).status == 204
            await page.until(ConversationGone)
            await page.until(ConversationsChanged)
            await other.say(Greeting(1))
            await other.until(Problem)
            assert not any(isinstance(event, ConversationsChanged) for event in other.seen)

    run_at(ui, test)


def test_a_page_that_leaves_is_forgotten_by_the_sessions_it_read(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.opened(conversation)
            session = site.runtime.cells[f"session/{conversation.hex}"].actor
            assert getattr(session, "readers", None)
        async with site.page(cookie) as page:  # by now the first one is gone
            await page.until(Welcome)
            await site.gone.get()
            await page.say(Regenerate(conversation, uuid4(), uuid4()))
            await page.until(Problem)
            assert getattr(session, "readers", None) == set()

    run_at(ui, test)


def test_a_storage_that_is_away_is_a_problem_and_not_the_end(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        site.edge.ownership.forget(conversation)
        async with site.page(cookie) as page:
            await page.until(Welcome)
            site.storage.kill()
            await page.say(Open(conversation))
            problem = await page.until(Problem)
            assert (problem.code, problem.conversation) == ("storage", conversation)

    run_at(ui, test, replace(SETTINGS, ask_s=0.05))


def test_a_reply_announces_itself_before_its_first_word(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        conversation = await site.conversation(cookie, await site.character())
        async with site.page(cookie) as page:
            await page.opened(conversation)
            await page.say(SendText(conversation, uuid4(), "Hi"))
            await page.until(ReplyFinished)
            kinds: list[type[object]] = [type(event) for event in page.seen]
            assert kinds.index(MessageAdded) < kinds.index(ReplyState)
            if ReplyText in kinds:
                assert kinds.index(ReplyState) < kinds.index(ReplyText)

    run_at(ui, test)
