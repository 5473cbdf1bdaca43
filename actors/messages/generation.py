"""Messages of one generation: from the session to a GPU box and back.

| message | sender → receiver |
| --- | --- |
| GenerateReply | session → queue → worker (link) → GPU actor |
| Accepted, Traced, Progress, Token, End | GPU actor → link → session |
| Burst | link → session |
| GenerationsLost | link → queue |
| Ack, Resume | session → link |
| Cancel | session → link → GPU actor |
| SheetWanted | link → character; CharacterSheet or SheetMissing the way back |

Every one is array-like on the wire: new fields come last, with a default.
"""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

# What a GPU box sends is bounded here: the envelope refuses anything beyond.
Count = Annotated[int, Meta(ge=0, lt=2**31)]
SHORT = 1_000
ShortText = Annotated[str, Meta(max_length=SHORT)]
TokenText = Annotated[str, Meta(max_length=16_000)]  # what was held back comes out at once
Digest = Annotated[bytes, Meta(max_length=64)]
MANY = 4_096
PARTS = 512

Role = Literal["system", "user", "assistant"]

EndReason = Literal["stop", "length", "cancelled", "refused", "failed"]


ConstraintKind = Literal["", "json_schema", "regex", "lark", "gbnf"]


class Sampling(Struct, frozen=True, array_like=True, omit_defaults=False):
    """How tokens are drawn; what each does stands in gpu_actor/sampler/. Temperature 0 is greedy.

    Thoughts have `max_thought_tokens` beside the `max_tokens` of the reply; where they reach it they are
    ended and the reply begins. 0: they are not ended, and count as part of the reply.

    Off are: top_k 0, top_p 1, min_p 0, typical_p 1, top_n_sigma 0, repetition_penalty 1, the other penalties
    0, a penalty_last_n of 0, dry_multiplier 0, xtc_probability 0, dynamic_range 0, constraint_kind "".
    """

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repetition_penalty: float = 1.1
    stop: tuple[str, ...] = ()
    max_tokens: int = 512
    max_thought_tokens: int = 1_024
    typical_p: float = 1.0
    top_n_sigma: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    penalty_last_n: int = 256  # tokens that the three penalties look back, prompt included; -1: all
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_last_n: int = -1  # tokens that DRY looks back; -1: all
    dry_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    dynamic_range: float = 0.0  # the temperature goes so far up and down with the entropy
    dynamic_exponent: float = 1.0
    logit_bias: tuple[tuple[int, float], ...] = ()  # token id, what is added to its logit
    min_tokens: int = 0  # before so many tokens the model cannot end its turn
    constraint_kind: ConstraintKind = ""  # what `constraint` is written in
    constraint: str = ""  # the whole reply must fit it


class TurnMessage(Struct, frozen=True, array_like=True):
    """One message of the history, oldest first; `name` is who speaks, as shown to people."""

    role: Role
    text: str
    name: str = ""


class Note(Struct, frozen=True, array_like=True):
    """An author's note: a text before the `depth`-th newest message, 0 behind all. `every`: only where the
    number of the user's messages can be divided by it; 1: always, 0: never."""

    text: str = ""
    depth: int = 4
    role: Role = "system"
    every: int = 1


class Circumstances(Struct, frozen=True, array_like=True):
    """What a reply is made under, beside the talk: settled when it is asked for, and the same at every
    attempt, whatever its reader changes meanwhile.

    `user_icon` is the name of the user's picture, "" where there is none; None: not known. `idle_ms`: since
    what the user had said before; -1: not known. `greeting`: the place of the one that the talk began with,
    among the character's greetings that are not empty; in a group among those of whoever speaks, counted
    from the last; -1: not known. `note` is "" where it is not its turn. The card's own instructions replace
    the user's, unless `own_instructions_win`. `format`: the one that the prompt is put in, by its name; "":
    the model's own.
    """

    utc_offset_min: int = 0
    idle_ms: int = -1
    greeting: int = -1
    user_icon: str | None = None
    note: Note = Note()
    system_prompt: str = ""  # the user's own; "": that of Samovar
    post_history_instructions: str = ""  # the user's own
    own_instructions_win: bool = False
    format: ShortText = ""


class TurnMember(Struct, frozen=True, array_like=True):
    """A member of a group. `name` is how it is called. What it is like is filled in by the link, out of its
    sheet, where the turn joins the members' descriptions."""

    character: UUID
    name: str
    muted: bool = False
    description: str = ""
    personality: str = ""


class Turn(Struct, frozen=True, array_like=True):
    """What the prompt is made of, beside the tokenizer, on the GPU box.

    `character` is the one that speaks; in a group it is one of the `members`, which are all that take part.

    `continue_text` is the beginning of the reply that the model is to go on with. `summary` takes the place
    of the first `summarised` messages of the history. `task`: what the model is to do instead of replying.
    `instruction` is asked of this reply alone, after all else.
    """

    character: UUID  # immutable character version: its content id
    user_name: str
    history: tuple[TurnMessage, ...]
    persona: str = ""
    continue_text: str = ""
    locale: str = "en"
    now_ms: int = 0  # UTC; frozen at the first attempt, so that dates expand alike on every attempt
    summary: str = ""
    summarised: int = 0
    task: str = ""
    circumstances: Circumstances = Circumstances()
    books: tuple[UUID, ...] = ()  # versions of the user's lorebooks, in order of precedence; frozen as well
    members: tuple[TurnMember, ...] = ()
    joined: bool = False
    instruction: str = ""  # asked of this reply alone, after all else


class GenerateReply(Struct, frozen=True, array_like=True, tag="generate"):
    """Make a reply. `attempt` is the fence: 0 until the queue leases it to a worker.

    `committed` are the token ids of this reply that are durable already: the worker
    prefills the prompt, replays them one at a time, and emits only what follows.
    `model` and `prompt_digest` are empty on the first attempt; later they bind the
    worker, which refuses where its own differ.

    `background`: no reply, but something for idle time (actors/queueing/background.py). It has one attempt.
    Without a task in its turn nothing is to be written: the conversation's next prompt is to be computed.
    """

    generation: UUID
    conversation: UUID
    user: UUID
    turn: Turn
    sampling: Sampling
    seed: int
    attempt: int = 0
    committed: tuple[int, ...] = ()
    model: str = ""
    prompt_digest: bytes = b""
    background: bool = False


class Accepted(Struct, frozen=True, array_like=True, tag="accepted"):
    """The worker has the prompt. Sent before the first token, and again on each Resume.

    `exact`: committed tokens that an engine of the same `engine_digest` made go on as they would have there.
    """

    generation: UUID
    attempt: Count
    model: ShortText  # hash of the weights
    prompt_digest: Digest
    prompt_tokens: Count
    engine_digest: Digest = b""  # of whatever else the numbers depend on; b"": not known
    exact: bool = True


class Progress(Struct, frozen=True, array_like=True, tag="progress"):
    """Prompt tokens that are prefilled so far, of `total`; may be lost without harm."""

    generation: UUID
    attempt: Count
    done: Count
    total: Count


class Token(Struct, frozen=True, array_like=True, tag="token"):
    """Token `seq` (0-based index in the reply). `text` may be empty: part of a character, or held
    back because a stop string or a tag may be forming. It is a pure function of the ids so far.
    `thought` is what the token adds to the model's thoughts, which stand before the reply and apart."""

    generation: UUID
    attempt: Count
    seq: Count
    token_id: Count
    text: TokenText
    thought: TokenText = ""


class End(Struct, frozen=True, array_like=True, tag="end"):
    """The reply is complete; takes the place `seq` after its last token. `text` and `thought` were held back
    till now."""

    generation: UUID
    attempt: Count
    seq: Count
    reason: EndReason
    text: TokenText = ""
    why: ShortText = ""  # for refused and failed: one line for people
    prompt_tokens: Count = 0
    decode_s: float = 0.0
    thought: TokenText = ""


MOST_TOGETHER = 1_024
"""Frames in a burst; a credit window is far smaller."""


class Burst(Struct, frozen=True, array_like=True, tag="burst"):
    """What the window lets go at once, where that is more than one: after a pause of the line all that was
    made meanwhile. Those of another reply or attempt than its first are not looked at.
    """

    frames: Annotated[tuple[Token | End, ...], Meta(min_length=1, max_length=MOST_TOGETHER)]

    @property
    def generation(self) -> UUID:
        return self.frames[0].generation

    @property
    def attempt(self) -> int:
        return self.frames[0].attempt


class GenerationsLost(Struct, frozen=True, array_like=True, tag="lost"):
    """The box no longer works on these (generation, attempt, conversation); their leases end at once."""

    boot: UUID
    lost: Annotated[tuple[tuple[UUID, Count, UUID], ...], Meta(max_length=MANY)]


class Ack(Struct, frozen=True, array_like=True, tag="ack"):
    """Everything below `next_seq` is committed: cumulative; the link forgets it and moves its window.
    `traced`: the session has the attempt's Traced."""

    generation: UUID
    attempt: int
    next_seq: int
    traced: bool = False


class Resume(Struct, frozen=True, array_like=True, tag="resume"):
    """Send again from `next_seq`. Asked after a cut, at a gap, and in a long silence.
    A link that does not know the pair answers GenerationsLost; else Accepted comes first."""

    generation: UUID
    attempt: int
    next_seq: int
    conversation: UUID


class Cancel(Struct, frozen=True, array_like=True, tag="cancel"):
    """Stop this attempt and forget it."""

    generation: UUID
    attempt: int


class SheetWanted(Struct, frozen=True, array_like=True, tag="sheet_wanted"):
    """The link lacks this character version."""

    character: UUID


class SheetMissing(Struct, frozen=True, array_like=True, tag="sheet_missing"):
    """There is no such character version."""

    character: UUID


class CharacterSheet(Struct, frozen=True, array_like=True, tag="sheet"):
    """A character version as the prompt needs it (names of the V2/V3 card fields); immutable.
    `character` is the version's id. `card`: all of it, as actors/character/sheet.py packs it; b"": the fields
    here are all there is."""

    character: UUID
    name: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    mes_example: str = ""
    first_mes: str = ""
    alternate_greetings: tuple[str, ...] = ()
    card: bytes = b""


class PromptTrace(Struct, frozen=True, array_like=True):
    """Where a part of the prompt came from, what it cost, and whether it was kept. Of lore: which entry, the
    key it fired on ("" where it needed none), and the message of the talk that has it (-1: none).

    `kind` is what pages know a part by (gpu_actor/prompt/pieces.py). `count`: so many parts that follow each
    other and differ in nothing else. `excerpt`: how its text begins; `said`: where the key stands.
    `reason` is `why` for programs: one of actors/character/lore_fired.py, "context" or "unread". `role`: who
    said a message.
    """

    source: ShortText
    tokens: Count
    kept: bool
    why: ShortText = ""
    entry: ShortText = ""
    key: ShortText = ""
    message: Annotated[int, Meta(ge=-1, lt=2**31)] = -1
    kind: ShortText = ""
    count: Count = 1
    excerpt: ShortText = ""
    said: ShortText = ""
    reason: ShortText = ""
    role: ShortText = ""


class PromptReport(Struct, frozen=True, array_like=True):
    """What a prompt was made of: its parts in their order, then what was left out. Of its tokens `reused` lay
    in the conversation's own cache, and `cloned` in another's. `context` is for prompt and reply together,
    `budget` for the prompt. `format`: the one that the prompt was put in, "" for the model's own."""

    parts: Annotated[tuple[PromptTrace, ...], Meta(max_length=PARTS)]
    prompt_tokens: Count
    context: Count
    budget: Count
    reused: Count = 0
    cloned: Count = 0
    model: ShortText = ""
    engine: ShortText = ""
    format: ShortText = ""


class Traced(Struct, frozen=True, array_like=True, tag="traced"):
    """Of what the attempt's prompt was made. Said after Accepted; until an Ack has `traced`, again on each
    Resume and before the End."""

    generation: UUID
    attempt: Count
    report: PromptReport
