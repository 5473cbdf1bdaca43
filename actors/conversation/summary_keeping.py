"""SummaryKeeping: the summaries of a conversation: what people and the model write, what is shown. Pure.

While a reply is made nothing is changed, for its prompt must be the same at every attempt.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import structs

from actors.conversation.background_job import BackgroundJob
from actors.conversation.home import Home
from actors.conversation.summaries import ContextUse, Summaries, fill_of, use_of
from actors.effects import Effect, Send
from actors.messages.chat import (
    ContextChanged,
    Done,
    Problem,
    ProblemCode,
    RemoveSummary,
    SaveSummary,
    SetSummaries,
    ShownContext,
    ShownSummaries,
    SummariesChanged,
    WriteSummary,
)
from actors.messages.conversations import (
    Author,
    DropSummary,
    OutdateSummaries,
    PutSummary,
    SetSummarise,
    StoredConversation,
    StoredMessage,
    StoredSummary,
)
from actors.messages.generation import PromptReport

SummaryCommand = SaveSummary | RemoveSummary | WriteSummary | SetSummaries


class SummaryKeeping:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.of_branch = Summaries()
        self.asked_for: UUID | None = None  # a person wants the one up to there written
        self.next_is_new = False  # the next prompt is another than the box has computed
        self.use: ContextUse | None = None  # None: no prompt was made yet

    def loaded(self, stored: Iterable[StoredSummary], report: PromptReport | None) -> None:
        self.of_branch = Summaries(stored)
        self.use = use_of(report) if report is not None else None

    def reported(self, report: PromptReport) -> list[Effect]:
        """A prompt was made."""
        self.use = use_of(report)
        return self.tell_context()

    # -- people -------------------------------------------------------------------------------

    def command(self, message: SummaryCommand) -> list[Effect]:
        home, talk = self.home, self.home.conversation
        if talk is None:
            text = "There is no such conversation; it may have been deleted."
            return [Send(message.reply_to, Problem("not_found", text, home.id))]
        refused = self.refusal(message, talk)
        if refused is not None:
            return [Send(message.reply_to, Problem(*refused, home.id))]
        match message:
            case SaveSummary(upto, text, reply_to):
                return self.put(upto, text.strip(), "person", reply_to)
            case RemoveSummary(upto, reply_to):

                def removed() -> list[Effect]:
                    self.of_branch.drop(upto)
                    return self.changed(reply_to)

                return home.saving.write(lambda: (DropSummary(home.id, upto),), removed)
            case SetSummaries(wanted, reply_to):

                def chosen() -> list[Effect]:
                    home.conversation = structs.replace(talk, summarise=wanted)
                    return self.changed(reply_to)

                return home.saving.write(lambda: (SetSummarise(home.id, wanted),), chosen)
            case WriteSummary(upto, reply_to):
                self.asked_for = upto if upto is not None else self.place_by_hand(talk)
                return [Send(reply_to, Done()), *self.tell()]

    def refusal(self, message: SummaryCommand, talk: StoredConversation) -> tuple[ProblemCode, str] | None:
        if (busy := self.home.busy()) is not None:
            return busy
        if isinstance(message, SetSummaries):
            return None
        if message.upto is not None and message.upto not in self.home.tree.messages:
            return "not_found", "That message is not in this conversation."
        if isinstance(message, WriteSummary) and message.upto is None and self.place_by_hand(talk) is None:
            return "bad_request", "There is nothing to summarise yet."
        if isinstance(message, SaveSummary):
            limit = self.home.settings.summary_chars
            if not message.text.strip():
                return "bad_request", "The summary is empty."
            if len(message.text) > limit:
                return "too_long", f"The summary is longer than {limit} characters: shorten it."
        return None

    def place_by_hand(self, talk: StoredConversation) -> UUID | None:
        """The last reply before the two newest messages, where that is beyond what stands."""
        path = self.home.tree.path(talk.head)
        standing = self.of_branch.standing(path)
        before = [message.id for message in path[:-2] if message.role == "assistant"]
        return before[-1] if before and (standing is None or before[-1] != standing.upto) else None

    # -- what is written ----------------------------------------------------------------------

    def put(self, upto: UUID, text: str, by: Author, reply_to: str = "") -> list[Effect]:
        made = StoredSummary(self.home.id, upto, text, by, self.home.world.utc_ms())

        def written() -> list[Effect]:
            self.of_branch.put(made)
            if self.asked_for == upto:
                self.asked_for = None
            return self.changed(reply_to)

        return self.home.saving.write(lambda: (PutSummary(made),), written)

    def outdating(self, message: UUID) -> tuple[OutdateSummaries, ...]:
        """What is to be written where the message becomes another, or goes."""
        told = self.of_branch.telling_of(message, self.home.tree.stored)
        return (OutdateSummaries(self.home.id, told),) if told else ()

    def outdated(self, writes: Iterable[OutdateSummaries]) -> list[Effect]:
        """That was written, and the message is as it is now."""
        for write in writes:
            self.of_branch.outdate(write.upto)
        return self.tell()

    def forget(self, uptos: Iterable[UUID]) -> None:
        """They are stored no more."""
        for upto in uptos:
            self.of_branch.drop(upto)

    def stale(self, path: Sequence[StoredMessage]) -> list[UUID]:
        """Those of the branch that the model should write anew, the first one first; a person's words are
        left to the person.
        """
        return [each.upto for each in self.of_branch.of(path) if each.stale and each.by == "model"]

    def changed(self, reply_to: str) -> list[Effect]:
        self.next_is_new = True
        return [*self.tell(), *([Send(reply_to, Done())] if reply_to else [])]

    # -- what readers see ---------------------------------------------------------------------

    def standing(self, head: UUID) -> StoredSummary | None:
        """The one that a reply below `head` is made with."""
        talk = self.home.conversation
        if talk is None or not talk.summarise:
            return None
        return self.of_branch.standing(self.home.tree.path(head))

    def shown(self, job: BackgroundJob | None = None) -> ShownSummaries:
        talk = self.home.conversation
        if talk is None:
            return ShownSummaries()
        head = self.home.live.generation.parent if self.home.live is not None else talk.head
        writing = job.about if job is not None and job.about is not None else self.asked_for
        return ShownSummaries(talk.summarise, self.of_branch.shown(self.home.tree.path(head)), writing)

    def context(self) -> ShownContext | None:
        """None: it is not known yet."""
        home, talk, use = self.home, self.home.conversation, self.use
        if talk is None or use is None:
            return None
        head = home.live.generation.parent if home.live is not None else talk.head
        path = home.tree.path(head)
        summarises = home.settings.summaries and talk.summarise
        return fill_of(path, self.standing(head), use, home.settings, summarises=summarises)

    def tell(self, job: BackgroundJob | None = None) -> list[Effect]:
        shown = SummariesChanged(self.home.id, self.shown(job))
        return [*self.home.to_readers(shown), *self.tell_context()]

    def tell_context(self) -> list[Effect]:
        context = self.context()
        return self.home.to_readers(ContextChanged(self.home.id, context)) if context is not None else []
