"""What every storage port does with how messages came about."""

from pathlib import Path

from msgspec.structs import replace

from actors.messages.conversations import AddMessage, DropConversation
from actors.messages.generation import PromptReport, PromptTrace, Sampling
from actors.messages.replies import EndGeneration, FindTrace, KeepTrace, ReplyTrace
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import CHAT, GENERATION, HELLO, REPLY, Store, begin_reply, reply, said, uid

LORE = PromptTrace(
    "lore of the card", 9, True, "“tea” in message 1", "Tea", "tea", 0, "lore", 1, "Чай", "tea?"
)
REPORT = PromptReport((LORE,), 90, 4_096, 3_584, 60, 20, "model", "engine")
SAMPLING = Sampling(temperature=0.5, stop=("\nAda:",))
TRACE = KeepTrace(CHAT, REPLY, ReplyTrace(REPORT, SAMPLING, 5, 4, 0.5, 2.0, 2))
END = EndGeneration(GENERATION, "done", "stop", reply("Tea."))


class TraceContract(OpenedStorage):
    """Traces."""

    def test_a_trace_is_found_as_it_was_kept_with_its_message(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            assert await store.find(FindTrace(CHAT, REPLY)) is None
            await store.put(END, TRACE)
            await store.again()
            assert await store.find(FindTrace(CHAT, REPLY)) == TRACE.trace
            assert await store.find(FindTrace(CHAT, HELLO)) is None
            assert await store.find(FindTrace(uid(99), REPLY)) is None

        self.run(tmp_path, scenario)

    def test_a_conversation_wakes_with_the_newest_of_its_reports(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            assert (await store.session(CHAT)).report is None
            await store.put(END, TRACE)
            assert (await store.session(CHAT)).report == REPORT
            second = said(90_000, REPLY, body="And more?")
            newer = replace(REPORT, prompt_tokens=91)
            trace = replace(TRACE, message=second.id, trace=replace(TRACE.trace, report=newer))
            await store.put(AddMessage(second), trace)
            await store.again()
            assert (await store.session(CHAT)).report == newer

        self.run(tmp_path, scenario)

    def test_a_trace_belongs_to_a_message_of_its_conversation_and_never_changes(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.refused(TRACE)  # its message is not there yet
            await store.put(END, TRACE)
            await store.refused(replace(TRACE, conversation=uid(99)))
            await store.refused(TRACE)

        self.run(tmp_path, scenario)

    def test_traces_go_with_their_conversation(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            await begin_reply(store)
            await store.put(END, TRACE)
            await store.put(DropConversation(CHAT))
            assert await store.find(FindTrace(CHAT, REPLY)) is None

        self.run(tmp_path, scenario)
