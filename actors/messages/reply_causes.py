"""Causes: why a reply is refused or breaks off. A box says it in a sentence; its readers hear beside that
which one it is, so that the page has words of its own for it (web/ui/src/messages/causes.ts).
"""

import re

CAUSES = {
    "other_model": "the reply was begun with another model than this one",
    "other_tokens": "the reply so far holds tokens that this model does not have",
    "other_engine": "the reply so far holds tokens that are unknown here: another engine began it",
    "other_prompt": "the prompt differs from the one that the reply was begun with",
    "too_long": (
        "the prompt needs {} tokens more than the {} that this model has room for, "
        "even without examples and earlier messages; shorten the character or the last message"
    ),
    "template": "the model's chat template cannot be used: {}",
    "template_refuses": "the model's chat template leaves out or refuses parts of a conversation",
    "unknown_format": "this GPU box knows no prompt format {}: update it, or choose another format",
    "no_character": "The character of this conversation does not exist any more.",
    "no_lorebook": "A lorebook of this conversation was removed meanwhile: ask for the reply anew.",
    "too_much": "The GPU box made more than it was asked for.",
    "setting": "{} must be between {} and {}.",
    "constraint": "The constraint stopped the reply: {}.",
    "unreadable": "the engine's answer cannot be read: {}",
}
"""Sentences by their codes; {} stands for a fact."""

PATTERNS = {
    code: re.compile(re.escape(sentence).replace(r"\{\}", "(.*)"), re.DOTALL)
    for code, sentence in CAUSES.items()
}


def sentence_of(code: str, *facts: object) -> str:
    return CAUSES[code].format(*facts)


def cause_of(sentence: str) -> tuple[str, tuple[str, ...]]:
    """Its code and facts; "" where it is none of these: one of another program's, or of a newer box."""
    for code, pattern in PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            return code, found.groups()
    return "", ()
