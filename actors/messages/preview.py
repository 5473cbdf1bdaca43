"""Messages of previews: prompts that are built and not answered, and texts whose tokens are counted.

| message | sender → receiver |
| --- | --- |
| AskPreview, AskCounts | edge → previews; PromptPreviewed, TokensCounted or NoPreview the way back |
| PreviewPrompt, CountTokens | previews → link → GPU actor → engine port |
| PromptPreviewed, TokensCounted | engine port → GPU actor → link → previews |
| AskTurn | edge → session; NextTurn or Problem the way back |

None of them is said twice: what is lost is missed at the deadline, and the page has an estimate meanwhile.
"""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from actors.messages.generation import (
    MANY,
    CharacterSheet,
    Count,
    GenerateReply,
    PromptReport,
    Role,
    ShortText,
)
from actors.messages.lore import BookSheet

LongText = Annotated[str, Meta(max_length=2_000_000)]


class PreviewPrompt(Struct, frozen=True, array_like=True, tag="preview_prompt"):
    """Build the prompt of this request, and make no reply."""

    id: UUID
    request: GenerateReply
    sheet: CharacterSheet
    books: tuple[BookSheet, ...] = ()  # of the turn, in its order


class CountTokens(Struct, frozen=True, array_like=True, tag="count_tokens"):
    """How many tokens has each of these texts?"""

    id: UUID
    texts: tuple[str, ...]


class PreviewMessage(Struct, frozen=True, array_like=True):
    """A message as the model's template is given it."""

    role: Role
    text: LongText


class PromptPreviewed(Struct, frozen=True, array_like=True, tag="prompt_previewed"):
    """`text` is all of the prompt, with the template's own words. `why`: it cannot be built; one line for
    people, and the rest says nothing."""

    id: UUID
    report: PromptReport
    messages: Annotated[tuple[PreviewMessage, ...], Meta(max_length=2 * MANY)] = ()
    text: LongText = ""
    why: ShortText = ""


class TokensCounted(Struct, frozen=True, array_like=True, tag="tokens_counted"):
    """In the order of the texts. `why`: they cannot be counted; one line for people."""

    id: UUID
    counts: Annotated[tuple[Count, ...], Meta(max_length=MANY)]
    model: ShortText = ""
    context: Count = 0
    why: ShortText = ""


# -- within the web process ---------------------------------------------------------------------


class AskPreview(Struct, frozen=True):
    user: UUID
    request: GenerateReply
    sheet: CharacterSheet
    books: tuple[BookSheet, ...]
    reply_to: str


class AskCounts(Struct, frozen=True):
    user: UUID
    texts: tuple[str, ...]
    reply_to: str


class NoPreview(Struct, frozen=True):
    """no_box: none is there that could; busy: as much is under way as the settings allow; late: the box has
    not answered in time."""

    why: Literal["no_box", "busy", "late"]


class AskTurn(Struct, frozen=True):
    """What would the next reply be asked for with, were `text` sent now? "": were nothing sent."""

    text: str
    reply_to: str


class NextTurn(Struct, frozen=True):
    request: GenerateReply
