"""ChatTemplate: a conversation in the form its model was trained on, as parts that say whose text they are.

Each person's string is rendered as a sentinel and put back afterwards, so what people and
cards write never passes through the template language, and stays apart from the template's
own text, in which alone the names of special tokens count.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actors.messages.generation import Role
from actors.messages.reply_causes import sentence_of
from gpu_actor.prompt.sandbox import SandboxedTemplate, TemplateRaisedError
from gpu_actor.troubles import ChatTemplateError

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""For models that know its tokens and bring no template of their own."""


@dataclass(frozen=True)
class ChatMessage:
    role: Role
    text: str


Part = tuple[str, bool]
"""A text, and whether names of special tokens in it count (see Tokenizer.encode_parts)."""


class ChatTemplate:
    """A model's template. `bos` and `eos` are the names of those tokens, empty for none."""

    def __init__(self, source: str, bos: str, eos: str) -> None:
        self.hash = hashlib.sha256(source.encode()).digest()
        self.tokens = {"bos_token": bos, "eos_token": eos}
        try:
            self.template = SandboxedTemplate(source)
        except Exception as error:
            raise ChatTemplateError(sentence_of("template", reason(error))) from error

    def parts(self, messages: list[ChatMessage], now_ms: int) -> list[Part]:
        """The conversation, opened for the assistant's next turn. ChatTemplateError where no form of it
        will do.
        """
        rendered = self.try_form(messages, now_ms) or self.try_form(alternating(messages), now_ms)
        if rendered is None:
            raise ChatTemplateError(sentence_of("template_refuses"))
        return rendered

    def try_form(self, messages: list[ChatMessage], now_ms: int) -> list[Part] | None:
        """None where the template refuses these roles in this order, or leaves a message out."""
        sentinels = [sentinel(messages, index) for index in range(len(messages))]
        values: dict[str, Any] = {
            "messages": [
                {"role": message.role, "content": stands_for}
                for message, stands_for in zip(messages, sentinels, strict=True)
            ],
            "add_generation_prompt": True,
            **self.tokens,
        }

        def strftime_now(form: str) -> str:
            return strftime(now_ms, form)

        try:
            text = self.template.render(values, {"strftime_now": strftime_now})
        except TemplateRaisedError:
            return None
        except Exception as error:
            raise ChatTemplateError(f"the model's chat template failed: {reason(error)}") from error
        texts = {stands_for: message.text for message, stands_for in zip(messages, sentinels, strict=True)}
        cut = re.split("(" + "|".join(sentinels) + ")", text) if sentinels else [text]
        if not set(sentinels) <= set(cut):
            return None
        return [(texts[piece], False) if piece in texts else (piece, True) for piece in cut if piece]


def sentinel(messages: list[ChatMessage], index: int) -> str:
    """A word that stands for the message of that index. It holds a hash of all texts, so none of them
    can contain it; letters and digits only, so that trimming and quoting leave it as it is.
    """
    digest = hashlib.sha256()
    for message in messages:
        digest.update(len(message.text).to_bytes(8, "big") + message.text.encode("utf-8", "surrogatepass"))
    return f"text{digest.hexdigest()[:32]}n{index}e"


def alternating(messages: list[ChatMessage]) -> list[ChatMessage]:
    """The same for templates that know only user and assistant, in turn, the user first."""
    folded: list[ChatMessage] = []
    for message in messages:
        role: Role = "user" if message.role == "system" else message.role
        if folded and folded[-1].role == role:
            folded[-1] = ChatMessage(role, f"{folded[-1].text}\n\n{message.text}")
        elif not folded and role == "assistant":
            folded += [ChatMessage("user", "(The conversation begins.)"), ChatMessage(role, message.text)]
        else:
            folded.append(ChatMessage(role, message.text))
    return folded


def strftime(now_ms: int, form: str) -> str:
    """The frozen time of the turn, for templates that state the date."""
    if len(form) > 64:
        raise ValueError("the template asks for an unusual form of date")
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime(form)


def reason(error: Exception) -> str:
    """One line for people."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}"[:200] if first else type(error).__name__
