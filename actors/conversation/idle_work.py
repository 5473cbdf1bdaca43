"""IdleWork: what a session does while nobody waits for it: title, summary, the next prompt. Pure.

One thing at a time, through the same queue as replies, which gives it a box that has nothing else to do and
takes the box away as soon as somebody waits. What was written by then is kept, and gone on with.

What is still to be done is read off what is stored (no title given yet, messages that fill the context), so
it survives every restart and is done once. What the model cannot do is left after a few tries: a title stays
as it is, and that is stored; a summary is tried again when the talk has gone on.
"""

from collections import Counter
from uuid import UUID

from msgspec import structs

from actors import addresses
from actors.addresses import QUEUE, SOCKETS
from actors.conversation.background_job import BackgroundJob, JobKind
from actors.conversation.home import Home
from actors.conversation.live_reply import LiveReply
from actors.conversation.summaries import place_of_next
from actors.conversation.summary_keeping import SummaryCommand, SummaryKeeping
from actors.conversation.tasks import summary_in, summary_task, title_in, title_task
from actors.conversation.turn import request_of
from actors.effects import CancelTimer, Effect, Send, StartTimer
from actors.messages.chat import ListChanged, TitleChanged
from actors.messages.conversations import RenameConversation, StoredConversation, StoredMessage
from actors.messages.generation import Accepted, Cancel, End, GenerateReply, Progress, Sampling, Token, Traced
from actors.messages.queueing import BACKGROUND_ATTEMPT, BackgroundLeased, BackgroundLost, ReplyEnded

TIMER = "background"
TITLE_TOKENS = 40
LEAST_THOUGHT = 1  # tokens: a model that thinks is to answer at once
PLAIN = Sampling(temperature=0.4, repetition_penalty=1.0, max_thought_tokens=LEAST_THOUGHT)


class IdleWork:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.settings = home.settings
        self.summaries = SummaryKeeping(home)
        self.job: BackgroundJob | None = None
        self.drafts: dict[tuple[JobKind, UUID | None], str] = {}  # what was written when it was taken away
        self.failures: Counter[tuple[JobKind, UUID | None]] = Counter()
        self.pause_s = self.settings.background_pause_s

    # -- when ---------------------------------------------------------------------------------

    def look(self) -> list[Effect]:
        """The session has nothing to do: perhaps there is something, after a while of quiet."""
        return [] if self.job is not None else [StartTimer(TIMER, self.pause_s)]

    def timer_fired(self) -> list[Effect]:
        job = self.job
        if job is None:
            return self.start()
        if not job.worker:  # a queue that knows of it drops the repetition
            return [Send(QUEUE, job.request), StartTimer(TIMER, self.settings.submit_s)]
        if not job.heard:
            return [*job.let_go(), *self.lost()]
        job.heard = False
        return [StartTimer(TIMER, self.settings.submit_s)]

    def start(self) -> list[Effect]:
        talk = self.home.conversation
        if talk is None or self.home.live is not None or self.home.saving.busy:
            return []
        path = self.home.tree.path(talk.head)
        wanted = self.wanted(talk, path)
        if wanted is None:
            return []
        kind, about = wanted
        self.job = BackgroundJob(kind, self.request(kind, about, talk, path), about)
        return [
            Send(QUEUE, self.job.request),
            StartTimer(TIMER, self.settings.submit_s),
            *self.told(self.job),
        ]

    def stop(self) -> list[Effect]:
        """Something else comes first."""
        self.pause_s = self.settings.background_pause_s
        self.failures.clear()
        job = self.job
        if job is None:
            return [CancelTimer(TIMER)]
        self.keep_draft(job)
        self.job = None
        return [
            *job.let_go(),
            CancelTimer(TIMER),
            *(self.summaries.tell(self.job) if job.kind == "summary" else ()),
        ]

    # -- what ---------------------------------------------------------------------------------

    def wanted(
        self, talk: StoredConversation, path: list[StoredMessage]
    ) -> tuple[JobKind, UUID | None] | None:
        """What is to be done next, and up to which message."""
        asked_for = self.summaries.asked_for
        if any(message.id == asked_for for message in path):
            return "summary", asked_for
        if self.settings.titles and not talk.titled_by and is_exchange(path):
            return "title", None
        if self.settings.summaries and talk.summarise:
            places = [*self.summaries.stale(path), self.place_of_next(path)]
            for upto in places:
                if upto is not None and not self.is_given_up("summary", upto):
                    return "summary", upto
        if self.summaries.next_is_new and path and path[-1].role == "assistant":
            return "ahead", None
        return None

    def place_of_next(self, path: list[StoredMessage]) -> UUID | None:
        use = self.summaries.use
        standing = self.summaries.of_branch.standing(path)
        return place_of_next(path, standing, use, self.settings) if use is not None else None

    def is_given_up(self, kind: JobKind, about: UUID | None) -> bool:
        return self.failures[kind, about] >= self.settings.background_tries

    def request(
        self, kind: JobKind, about: UUID | None, talk: StoredConversation, path: list[StoredMessage]
    ) -> GenerateReply:
        """The turn of a reply as it would be asked for, with a task in the person's place."""
        world = self.home.world
        read = path if about is None else path[: 1 + [message.id for message in path].index(about)]
        earlier = read[:-1] if about is not None else read
        speaker = talk.character_version if talk.group is None else read[-1].character_version
        made = self.home.maker(talk).generation(read, world.new_id(), world.new_seed(), speaker)
        standing = self.summaries.of_branch.standing(earlier) if talk.summarise else None
        asked = request_of(talk, self.home.tree, LiveReply(made, (), ""), self.settings, standing)
        texts = [message.body for message in read[-8:]]
        tokens = self.settings.summary_tokens
        sampling = {
            "title": structs.replace(PLAIN, max_tokens=TITLE_TOKENS),
            "summary": structs.replace(PLAIN, max_tokens=tokens),
            "ahead": made.sampling,
        }[kind]
        task = {"title": title_task(texts), "summary": summary_task(texts, tokens), "ahead": ""}[kind]
        draft = self.drafts.get((kind, about), "")
        turn = structs.replace(asked.turn, task=task, continue_text=draft)
        return structs.replace(asked, turn=turn, sampling=sampling, background=True)

    # -- people -------------------------------------------------------------------------------

    def command(self, message: SummaryCommand) -> list[Effect]:
        return [*self.stop(), *self.summaries.command(message), *self.look()]

    # -- the queue and the box ----------------------------------------------------------------

    def has(self, generation: UUID) -> bool:
        return self.job is not None and self.job.id == generation

    def queue_said(self, message: BackgroundLeased | BackgroundLost) -> list[Effect]:
        job = self.job
        known = job is not None and job.id == message.generation
        if isinstance(message, BackgroundLost):
            return self.lost() if known else []
        if job is not None and known:
            job.leased(message.worker)
            return []
        cancel = Cancel(message.generation, BACKGROUND_ATTEMPT)  # asked for before a restart
        return [
            Send(addresses.worker(message.worker), cancel),
            Send(QUEUE, ReplyEnded(message.generation)),
        ]

    def lost(self) -> list[Effect]:
        """Somebody waits, or no box is there: another time, later and later."""
        job, self.job = self.job, None
        if job is not None:
            self.keep_draft(job)
        self.pause_s = min(2 * self.pause_s, self.settings.background_retry_s)
        return [StartTimer(TIMER, self.pause_s), *self.told(job)]

    def forget_drafts(self) -> None:
        """They tell of what is another now."""
        self.drafts = {}

    def keep_draft(self, job: BackgroundJob) -> None:
        self.drafts = {(job.kind, job.about): job.text} if job.text and job.end is None else {}

    def frame(self, frame: Accepted | Traced | Progress | Token | End, sender: str) -> list[Effect]:
        job = self.job
        if job is None or not job.is_from_worker(sender):
            return []
        if isinstance(frame, Accepted | Traced | Progress):
            job.heard = True
            return []
        effects = job.take(frame)
        if job.is_too_long:
            return [*effects, *job.let_go(), *self.failed(job)]
        return [*effects, *self.ended(job, job.end)] if job.end is not None else effects

    def ended(self, job: BackgroundJob, end: End) -> list[Effect]:
        self.drafts = {}
        if job.kind == "ahead":
            self.summaries.next_is_new = False
            return [*job.let_go(), *self.done()]
        cut = end.reason == "length"
        made = title_in(job.text) if job.kind == "title" else summary_in(job.text, cut=cut)
        if end.reason not in {"stop", "length"} or not made:
            return [*job.let_go(), *self.failed(job)]
        effects = [*job.let_go(), *self.done()]
        if job.about is None:
            return [*effects, *self.entitle(made)]
        return [*effects, *self.summaries.put(job.about, made, "model")]

    def failed(self, job: BackgroundJob) -> list[Effect]:
        """It could not be used."""
        self.failures[job.kind, job.about] += 1
        self.drafts = {}
        given_up = self.is_given_up(job.kind, job.about)
        talk = self.home.conversation
        if given_up and job.kind == "title" and talk is not None:
            return [*self.done(), *self.entitle(talk.title)]
        if given_up and job.kind == "ahead":
            self.summaries.next_is_new = False
        if given_up and job.about == self.summaries.asked_for:
            self.summaries.asked_for = None
            del self.failures[job.kind, job.about]  # the next time that somebody asks
        return [*self.done(), *self.told(job)]

    def told(self, job: BackgroundJob | None) -> list[Effect]:
        """Readers see whether a summary is being written."""
        return self.summaries.tell(self.job) if job is not None and job.kind == "summary" else []

    def done(self) -> list[Effect]:
        self.job = None
        self.pause_s = self.settings.background_pause_s
        return [StartTimer(TIMER, self.pause_s)]

    # -- what comes of it ---------------------------------------------------------------------

    def entitle(self, title: str) -> list[Effect]:
        home = self.home

        def titled() -> list[Effect]:
            talk = home.conversation
            if talk is None:
                return []
            home.conversation = structs.replace(talk, title=title, titled_by="model")
            told = home.to_readers(TitleChanged(home.id, title))
            return [*told, Send(SOCKETS, ListChanged(talk.user))]

        return home.saving.write(lambda: (RenameConversation(home.id, title, "model"),), titled)


def is_exchange(path: list[StoredMessage]) -> bool:
    """A person has said something and was answered."""
    said = next((n for n, message in enumerate(path) if message.role == "user"), len(path))
    return any(message.role == "assistant" for message in path[said:])
