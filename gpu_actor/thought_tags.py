"""ThoughtTags: how a model sets its thoughts apart from its reply, and how that shows among its tokens.

A tag may be a special token (`<think>` of Qwen3), a few of them with words between (the channels of
gpt-oss) or mere text. Special tokens have no text, so in the stream that ReplyText reads each of
those that a tag is made of is a character that no text can hold: half a surrogate pair.
"""

import re
from dataclasses import dataclass

from gpu_actor.settings import EngineSettings
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import ThoughtTagsError

FIRST_MARK = 0xD800
MARK = re.compile("[\ud800-\udfff]")
"""A special token in the stream; no decoder makes one of bytes."""


@dataclass(frozen=True)
class ThoughtTags:
    """`silent`: further marks that are part of no text. `finish`: what ends a thought on the model's behalf.
    `guessed`: nothing says that the model thinks at all.
    """

    open: str
    close: str
    silent: tuple[str, ...] = ()
    finish: str = ""
    guessed: bool = False

    @property
    def ending(self) -> str:
        return self.finish or f"\n{self.close}\n\n"

    def opened_by(self, text: str) -> bool:
        """Whether the text of a template ends inside a thought."""
        return text.rfind(self.open) > text.rfind(self.close)


THINK = ThoughtTags("<think>", "</think>")
GUESS = ThoughtTags("<think>", "</think>", guessed=True)

KNOWN = (
    THINK,  # Qwen3, DeepSeek-R1 and its distills, and most others
    ThoughtTags("[THINK]", "[/THINK]"),  # Magistral
    ThoughtTags("<|channel>thought\n", "<channel|>", finish="<channel|>"),  # Gemma 4
    ThoughtTags(  # gpt-oss (the harmony format)
        "<|channel|>analysis<|message|>",
        "<|end|>",
        silent=("<|start|>assistant", "<|channel|>final<|message|>", "<|channel|>commentary<|message|>"),
        finish="<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    ThoughtTags("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ThoughtTags("<seed:think>", "</seed:think>"),  # Seed-OSS
    ThoughtTags(  # OpenThinker
        "<|begin_of_thought|>", "<|end_of_thought|>", silent=("<|begin_of_solution|>", "<|end_of_solution|>")
    ),
    ThoughtTags("<thinking>", "</thinking>"),
    ThoughtTags("<reasoning>", "</reasoning>"),
    ThoughtTags("<thought>", "</thought>"),
)


def tags_in_use(settings: EngineSettings, template: str, tokenizer: Tokenizer) -> ThoughtTags | None:
    """As `engine.thoughts` says; "auto": those that the model's template or vocabulary names, else GUESS,
    for many a model learnt it without its file telling, or is asked for it by its character.
    ThoughtTagsError where the setting is no such thing.
    """
    match settings.thoughts.split():
        case ["off"]:
            return None
        case ["auto"]:
            return named_tags(template, tokenizer) or GUESS
        case [opening, closing] if opening != closing:
            known = (tags for tags in KNOWN if (tags.open.strip(), tags.close) == (opening, closing))
            return next(known, ThoughtTags(opening, closing))
        case _:
            raise ThoughtTagsError(
                f"engine.thoughts is {settings.thoughts!r}; it must be auto, off, or an opening and "
                'a closing tag with a space between, as in "<think> </think>"'
            )


def named_tags(template: str, tokenizer: Tokenizer) -> ThoughtTags | None:
    """The tags that a model's own files tell of."""
    for tags in KNOWN:
        if tags.open.strip() in template or {tags.open, tags.close} <= tokenizer.specials.keys():
            return tags
    return None


@dataclass(frozen=True)
class ThoughtMarks:
    """Tags as one tokenizer's tokens show them. `of_token`: id → its character in the stream. `ending`: the
    ids that end a thought on the model's behalf.
    """

    of_token: dict[int, str]
    open: str
    close: str
    silent: tuple[str, ...]
    ending: tuple[int, ...]
    guessed: bool

    @property
    def is_special(self) -> bool:
        """Whether opening a thought takes a special token: then no mere text can."""
        return MARK.search(self.open) is not None


def marks_of(tags: ThoughtTags | None, tokenizer: Tokenizer) -> ThoughtMarks | None:
    if tags is None:
        return None
    of_token: dict[int, str] = {}

    def spelt(tag: str) -> str:
        parts: list[str] = []
        for text, token in tokenizer.cut(tag, special=True):
            if token is None or token not in tokenizer.special_ids:
                parts.append(text)
            else:
                parts.append(of_token.setdefault(token, chr(FIRST_MARK + len(of_token))))
        return "".join(parts)

    return ThoughtMarks(
        open=spelt(tags.open),
        close=spelt(tags.close),
        silent=tuple(spelt(tag) for tag in tags.silent),
        ending=tuple(tokenizer.encode(tags.ending, special=True)),
        of_token=of_token,
        guessed=tags.guessed,
    )
