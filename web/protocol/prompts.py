"""REST bodies about prompts: the preview, counts of tokens, the trace of a reply."""

from uuid import UUID

from msgspec import Struct

from actors.messages.generation import Role


class PromptPart(Struct, frozen=True):
    """A part of a prompt, or what was left out of it. `kind` is one of gpu_actor/prompt/pieces.py, "more" or
    "other"; `source` and `why` are English. Of lore: its `entry`, the `key` it fired on, "" where it needed
    none, and what was `said` there. `excerpt` is how its text begins. `count`: so many parts are added up.
    `reason` is `why` for programs, `role` who said a message."""

    kind: str
    source: str
    tokens: int
    kept: bool
    why: str = ""
    entry: str = ""
    key: str = ""
    said: str = ""
    excerpt: str = ""
    count: int = 1
    reason: str = ""
    role: str = ""


class PromptMessage(Struct, frozen=True):
    """A message as a model's template is given it."""

    role: Role
    text: str


class PromptPreview(Struct, frozen=True):
    """The answer to both requests for a prompt. `exact`: a GPU box has built it, with its own tokenizer. If
    not, `tokens` and `parts` are an estimate, there is no text, and `why` says why: no_box, busy (too many
    previews), large (character and lorebooks are), late (the box did not answer in time) or failed.
    `trouble`: why the box cannot build it, for people. Parts come in the order of the prompt, those that were
    left out behind them."""

    exact: bool
    tokens: int
    parts: tuple[PromptPart, ...]
    why: str = ""
    trouble: str = ""
    model: str = ""
    engine: str = ""
    context: int = 0  # tokens of prompt and reply together
    budget: int = 0  # … of the prompt
    messages: tuple[PromptMessage, ...] = ()
    text: str = ""
    format: str = ""  # that it was put in, "" for the model's own


class PromptWish(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/prompts/preview → PromptPreview. The character is a card that is being written (`card`, its
    JSON as text, of any version) or one that is there (`character_version`, which with a card says of whom it
    is a further version). The user's lorebooks, persona and choices count as in a new conversation. `history`
    is the talk; where it is empty, the greeting of that number."""

    card: str = ""
    character_version: UUID | None = None
    user_name: str = ""
    persona: str = ""
    history: tuple[PromptMessage, ...] = ()
    greeting: int = 0


class NextPrompt(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/conversations/<id>/prompt → PromptPreview, were `text` sent now; "": were nothing sent."""

    text: str = ""


class TextsToCount(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/prompts/counts → TokenCounts"""

    texts: tuple[str, ...]


class TokenCounts(Struct, frozen=True):
    """In the order of the texts. `exact` and `why` as in PromptPreview."""

    counts: tuple[int, ...]
    exact: bool
    why: str = ""
    model: str = ""
    context: int = 0


class SamplerSetting(Struct, frozen=True):
    """`name` as in Sampling."""

    name: str
    value: str


class MessageTrace(Struct, frozen=True):
    """GET /api/conversations/<id>/messages/<id>/trace: how a reply came about. `tokens` are those of the
    reply, `speed` how many came in a second, 0 where that is not known; `reading_s` is from the prompt to the
    first word. `reused` tokens of the prompt lay in the conversation's cache, `cloned` ones in another's.
    `attempts`: how often a computer was asked."""

    parts: tuple[PromptPart, ...]
    prompt_tokens: int
    reused: int
    cloned: int
    context: int
    budget: int
    model: str
    engine: str
    format: str  # that the prompt was put in, "" for the model's own
    sampling: tuple[SamplerSetting, ...]
    tokens: int
    speed: float
    reading_s: float
    attempts: int
