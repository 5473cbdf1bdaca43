"""Link: the GPU box's end of the link, with the ring of unacknowledged tokens.

Receives  Welcome, Refused, Greet, Pong, GenerateReply, CharacterSheet, SheetMissing, BookSheet, BookMissing,
          Ack, Resume, Cancel (web node); EngineHello, Accepted, Traced, Progress, Token, End (GPU actor);
          PreviewPrompt, CountTokens (previews); PromptPreviewed, TokensCounted (GPU actor);
          EngineDown (supervisor); KeyRefused (its socket port)
Sends     Hello, Ping, GenerationsLost, SheetWanted, BookWanted, Accepted, Traced, Progress, Token, End,
          Burst (web node); PreviewPrompt, CountTokens (GPU actor); PromptPreviewed, TokensCounted (previews);
          EngineWelcome, EngineJob, Credit, Cancel (GPU actor); Redial, HangUp (its socket port)
Restart   with a new boot: the web node ends the leases of the old one

It keeps every frame until it is acknowledged, has at most a window of them on their way, and
answers GenerationsLost for whatever it does not hold. So each message of the web node may be lost.
"""

from typing import Any
from uuid import UUID

from actors import addresses
from actors.addresses import GPU, PREVIEWS, QUEUE, WEB
from actors.effects import Effect, Send, Started, StartTimer, TimerFired
from actors.link_materials import Materials, missed
from actors.messages.generation import (
    MOST_TOGETHER,
    Accepted,
    Ack,
    Burst,
    Cancel,
    CharacterSheet,
    End,
    GenerateReply,
    GenerationsLost,
    Progress,
    Resume,
    SheetMissing,
    Token,
    Traced,
)
from actors.messages.link import (
    WIRE_VERSION,
    Credit,
    EngineDown,
    EngineHello,
    EngineJob,
    EngineWelcome,
    Greet,
    HangUp,
    Hello,
    KeyRefused,
    Ping,
    Pong,
    Redial,
    Refused,
    Welcome,
)
from actors.messages.lore import BookMissing, BookSheet
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted
from actors.settings import LinkSettings
from actors.wire.reliable import Outbox
from actors.world import World

KEY_REFUSED = (
    "The web node does not let this GPU box in: it was revoked there, or the list of boxes is another one. "
    "To pair anew: samovar pair there, samovar join here"
)

PATIENCE_GROWS = 1.5
"""Each time: a line that was bad and then dead is dialled again soon, a slow one gets its time in the end."""


class Held:
    """A reply in hand: what was asked, and the frames that are not acknowledged."""

    def __init__(self, request: GenerateReply, window: int, now_s: float) -> None:
        self.request = request
        self.attempt = request.attempt
        self.heard_s = now_s  # of its session or the queue
        self.session = addresses.session(request.conversation)
        self.outbox: Outbox[Token | End] = Outbox(len(request.committed), window)
        self.accepted: Accepted | None = None
        self.traced: Traced | None = None
        self.traced_known = False  # the session has it
        self.at_engine = False
        self.credited = 0  # the engine may make tokens below this place
        self.ended = False
        self.resumed, self.resumed_s = -1, 0.0  # from where all was sent again the last time, and when
        self.nudged = -1  # `acked` at the last tick: no progress since means a frame may be lost


class Link:
    def __init__(self, settings: LinkSettings, world: World, software: str) -> None:
        self.settings = settings
        self.world = world
        self.software = software
        self.boot = world.new_id()
        self.engine: EngineHello | None = None
        self.welcomed = False
        self.revision = 0
        self.refusal = ""
        self.heard_s = world.monotonic_s()
        self.patience_s = settings.silence_s  # grows with each dialling in vain: a slow line needs time
        self.held: dict[UUID, Held] = {}
        self.materials = Materials(settings)

    def start(self) -> list[Effect]:
        """Greet both sides, and keep greeting; an engine that knew another boot drops what it has."""
        return [
            Send(GPU, EngineWelcome(self.boot)),
            *self.hello(),
            StartTimer("ping", self.settings.ping_s),
            StartTimer("hello", self.settings.hello_s),
            StartTimer("nudge", self.settings.nudge_s),
        ]

    def receive(self, message: Any, sender: str) -> list[Effect]:
        if sender == WEB:
            self.heard_s = self.world.monotonic_s()
            self.patience_s = self.settings.silence_s
        match message:
            case Token() | End():
                return self.frame_made(message)
            case Ack():
                return self.acknowledged(message)
            case Pong():
                return []
            case Accepted():
                return self.accepted(message)
            case Traced():
                return self.traced(message)
            case Progress(generation, attempt):
                held = self.current(generation, attempt)
                return [Send(held.session, message)] if held else []
            case GenerateReply():
                return self.asked(message)
            case Resume():
                return self.resume(message)
            case Cancel():
                return self.cancelled(message)
            case CharacterSheet() | BookSheet():
                return self.material_came(message)
            case SheetMissing() | BookMissing():
                return self.material_missing(message)
            case EngineHello():
                return self.engine_up(message)
            case EngineDown():
                return self.engine_down()
            case Welcome(revision=revision):
                self.welcomed, self.refusal = revision == self.revision, ""
                return []
            case Refused(why):
                return self.refused(why)
            case KeyRefused():
                self.welcomed, self.refusal = False, self.refusal or KEY_REFUSED
                return []
            case PreviewPrompt() | CountTokens():
                return [Send(GPU, message)] if self.engine is not None else []
            case PromptPreviewed() | TokensCounted():
                return [Send(PREVIEWS, message)]
            case Greet():
                return self.hello()
            case TimerFired(name):
                return self.timer_fired(name)
            case Started():
                return self.start()
            case _:
                raise TypeError(f"link got {type(message).__name__}")

    # -- the connection -----------------------------------------------------------------------

    def hello(self) -> list[Effect]:
        self.welcomed = False
        self.revision += 1
        engine = self.engine
        hello = Hello(
            version=WIRE_VERSION,
            boot=self.boot,
            software=self.software,
            engine=engine.engine if engine else "",
            model=engine.model if engine else "",
            model_hash=engine.model_hash if engine else "",
            slots=min(engine.slots, self.settings.generations) if engine else 0,
            context=engine.context if engine else 0,
            generations=tuple((generation, held.attempt) for generation, held in self.held.items()),
            demonstration=engine.demonstration if engine else False,
            revision=self.revision,
        )
        return [Send(QUEUE, hello)]

    def refused(self, why: str) -> list[Effect]:
        """Nothing is wanted of this box: let go of the work, and of the line until the next dialling."""
        self.welcomed, self.refusal = False, why
        dropped: list[Effect] = []
        for generation in list(self.held):
            dropped += self.forget(generation)
        return [*dropped, Send(WEB, HangUp())]

    def timer_fired(self, name: str) -> list[Effect]:
        match name:
            case "ping":
                return self.ping()
            case "hello":
                again = StartTimer("hello", self.settings.hello_s)
                return [again] if self.welcomed else [again, *self.hello()]
            case "nudge":
                return [StartTimer("nudge", self.settings.nudge_s), *self.nudge(), *self.ask_if_wanted()]
            case _:
                raise ValueError(name)

    def ask_if_wanted(self) -> list[Effect]:
        """A session asks about a silent reply each second. One that nobody asks about may be over, its Cancel
        lost: the queue answers a greeting with Cancel for every reply that is not leased.
        """
        now = self.world.monotonic_s()
        forgotten = [held for held in self.held.values() if now - held.heard_s > self.settings.forgotten_s]
        for held in forgotten:
            held.heard_s = now
        return self.hello() if forgotten else []

    def ping(self) -> list[Effect]:
        ping = Ping(self.boot, self.revision)
        effects: list[Effect] = [Send(QUEUE, ping), StartTimer("ping", self.settings.ping_s)]
        now = self.world.monotonic_s()
        if now - self.heard_s > self.patience_s:
            self.heard_s = now
            self.patience_s = min(PATIENCE_GROWS * self.patience_s, self.settings.patience_s)
            self.welcomed = False
            effects.insert(0, Send(WEB, Redial()))
        return effects

    # -- replies ------------------------------------------------------------------------------

    def current(self, generation: UUID, attempt: int) -> Held | None:
        held = self.held.get(generation)
        return held if held is not None and held.attempt == attempt else None

    def asked(self, request: GenerateReply) -> list[Effect]:
        effects: list[Effect] = []
        held = self.held.get(request.generation)
        if held is not None:
            if held.attempt >= request.attempt:
                return []  # repeated, or of a lease that is over
            effects += self.forget(request.generation)
        if self.engine is None or len(self.held) >= self.settings.generations:
            return [*effects, self.not_held(request.generation, request.attempt, request.conversation)]
        held = Held(request, self.settings.window, self.world.monotonic_s())
        self.held[request.generation] = held
        return effects + self.to_engine(held)

    def to_engine(self, held: Held) -> list[Effect]:
        """Give the work to the engine, or ask for the character and the lorebooks first."""
        asks = self.materials.wanted(held.request.turn)
        if asks:
            return [*asks]
        held.at_engine = True
        sheet, books = self.materials.used(held.request.turn)
        request = self.materials.joined(held.request)
        return [Send(GPU, EngineJob(request, sheet, books)), self.credit(held)]

    def credit(self, held: Held) -> Send:
        held.credited = held.outbox.acked + self.settings.ring
        return Send(GPU, Credit(held.request.generation, held.attempt, held.credited))

    def credit_is_due(self, held: Held) -> bool:
        """A quarter of the ring is free again: often enough for an engine that is never to wait."""
        free = held.outbox.acked + self.settings.ring - held.credited
        return held.at_engine and not held.ended and 4 * free >= self.settings.ring

    def waiting(self) -> list[Held]:
        """Replies that lack what they are made of."""
        return [held for held in self.held.values() if not held.at_engine and not held.ended]

    def material_came(self, came: CharacterSheet | BookSheet) -> list[Effect]:
        waiting = self.waiting()
        self.materials.keep(came, [held.request.turn for held in waiting])
        effects: list[Effect] = []
        for held in waiting:
            if not self.materials.wanted(held.request.turn):
                effects += self.to_engine(held)
        return effects

    def material_missing(self, missing: SheetMissing | BookMissing) -> list[Effect]:
        effects: list[Effect] = []
        for held in self.waiting():
            if why := missed(held.request.turn, missing):
                end = End(held.request.generation, held.attempt, held.outbox.next_seq, "refused", why=why)
                effects += [*self.accept_empty(held), *self.push(held, end)]
        return effects

    def accept_empty(self, held: Held) -> list[Effect]:
        """No prompt was made; what was begun keeps its digest."""
        request = held.request
        held.accepted = Accepted(request.generation, held.attempt, request.model, request.prompt_digest, 0)
        return [Send(held.session, held.accepted)]

    def cancelled(self, message: Cancel) -> list[Effect]:
        held = self.held.get(message.generation)
        if held is None or held.attempt > message.attempt:
            return []
        return self.forget(message.generation)

    def forget(self, generation: UUID) -> list[Effect]:
        held = self.held.pop(generation)
        return [Send(GPU, Cancel(generation, held.attempt))] if held.at_engine and not held.ended else []

    def lost(self, gone: list[Held]) -> Send:
        pairs = ((held.request.generation, held.attempt, held.request.conversation) for held in gone)
        return Send(QUEUE, GenerationsLost(self.boot, tuple(pairs)))

    def not_held(self, generation: UUID, attempt: int, conversation: UUID) -> Send:
        return Send(QUEUE, GenerationsLost(self.boot, ((generation, attempt, conversation),)))

    # -- frames -------------------------------------------------------------------------------

    def accepted(self, message: Accepted) -> list[Effect]:
        held = self.current(message.generation, message.attempt)
        if held is None:
            return [Send(GPU, Cancel(message.generation, message.attempt))]
        held.accepted = message
        return [Send(held.session, message)]

    def traced(self, message: Traced) -> list[Effect]:
        held = self.current(message.generation, message.attempt)
        if held is None:
            return []
        held.traced = message
        return [Send(held.session, message)]

    def frame_made(self, frame: Token | End) -> list[Effect]:
        held = self.current(frame.generation, frame.attempt)
        if held is None or held.ended:
            return [Send(GPU, Cancel(frame.generation, frame.attempt))]
        if frame.seq != held.outbox.next_seq:  # the inner hop has lost something: begin anew
            return [*self.forget(frame.generation), self.lost([held])]
        if held.accepted is None and isinstance(frame, End):  # refused before a prompt was made
            return [*self.accept_empty(held), *self.push(held, frame)]
        return self.push(held, frame)

    def push(self, held: Held, frame: Token | End) -> list[Effect]:
        held.outbox.push(frame)
        held.ended = isinstance(frame, End)
        return [*(self.untold(held) if held.ended else []), *self.due(held)]

    def untold(self, held: Held) -> list[Effect]:
        """What the prompt was made of, where it was lost on its way; or the session is another one now."""
        return [Send(held.session, held.traced)] if held.traced and not held.traced_known else []

    def due(self, held: Held) -> list[Effect]:
        frames = held.outbox.due()
        if len(frames) < 2:
            return [Send(held.session, frame) for frame in frames]
        return [
            Send(held.session, Burst(tuple(frames[at : at + MOST_TOGETHER])))
            for at in range(0, len(frames), MOST_TOGETHER)
        ]

    def acknowledged(self, message: Ack) -> list[Effect]:
        held = self.current(message.generation, message.attempt)
        if held is None:
            return []
        held.heard_s = self.world.monotonic_s()
        held.traced_known = message.traced
        if not held.outbox.acknowledged(message.next_seq):
            return []
        effects = self.due(held)
        if self.credit_is_due(held):
            effects.append(self.credit(held))
        return effects

    def resume(self, message: Resume) -> list[Effect]:
        held = self.current(message.generation, message.attempt)
        if held is None:
            return [self.not_held(message.generation, message.attempt, message.conversation)]
        now = held.heard_s = self.world.monotonic_s()
        if not held.at_engine and not held.ended:
            return self.to_engine(held)  # what it lacks may have been lost on its way
        if message.next_seq == held.resumed and now - held.resumed_s < self.settings.resume_s:
            return []  # a session that has just waked asks, and again when it hears of us: it is on its way
        if not held.outbox.resumed(message.next_seq):
            return [*self.forget(message.generation), self.lost([held])]
        held.resumed, held.resumed_s = message.next_seq, now
        again: list[Effect] = [Send(held.session, held.accepted)] if held.accepted else []
        return again + self.untold(held) + self.due(held)

    def nudge(self) -> list[Effect]:
        """The last frames of a burst may be lost with nothing behind them to show the gap."""
        effects: list[Effect] = []
        for held in self.held.values():
            frame = held.outbox.nudge()
            if frame is not None and held.nudged == held.outbox.acked:
                effects += [Send(held.session, held.accepted)] if held.accepted else []
                effects.append(Send(held.session, frame))
            held.nudged = held.outbox.acked
        return effects

    # -- the engine ---------------------------------------------------------------------------

    def engine_up(self, hello: EngineHello) -> list[Effect]:
        effects: list[Effect] = [Send(GPU, EngineWelcome(self.boot))]
        if self.engine is not None and self.engine.boot == hello.boot:
            return effects  # greeted twice
        lost = self.engine_lost()
        self.engine = hello
        return [*effects, *self.hello(), *lost]

    def engine_down(self) -> list[Effect]:
        if self.engine is None:
            return []
        lost = self.engine_lost()
        self.engine = None
        return [*self.hello(), *lost]  # in this order: the queue must not give it anything new

    def engine_lost(self) -> list[Effect]:
        """What the engine was working on is lost; what it had finished is still in the ring."""
        gone = [held for held in self.held.values() if not held.ended]
        for held in gone:
            del self.held[held.request.generation]
        return [self.lost(gone)] if gone else []
