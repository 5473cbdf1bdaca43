"""Instruct formats: templates that a prompt can be put in, whatever template its model came with.

Each is written after what the publisher of its models has told, and takes messages in any order: a system
message within the talk is one where the format has a place for it, and else part of the user's turn; messages
that follow each other there are one turn. A name that the model's vocabulary has as a special token becomes
that token; one that it lacks is text, and so are the ends of a turn, at which a reply is over.

Sources: OpenAI's ChatML (openai-python, chatml.md, 2023); Meta's "Model Cards & Prompt formats" for Llama 2
and 3; Google's "Gemma formatting and system instructions"; Mistral's "Templating" (mistral-common; a system
prompt goes before the first message, so that prompts begin alike); Stanford Alpaca's README; FastChat's
conversation template of Vicuna 1.1; the model cards of Phi-3, Zephyr, Command R and DeepSeek V3.
"""

from functools import cache

from msgspec import Struct

from actors.messages.reply_causes import sentence_of
from gpu_actor.prompt.template import CHATML, ChatTemplate
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.troubles import ChatTemplateError


class InstructFormat(Struct, frozen=True):
    """A template, and what ends a reply in it beside the model's own ends."""

    source: str
    ends: tuple[str, ...]


def by_role(system: str, user: str, assistant: str, end: str, *, begin: str = "") -> str:
    """A format in which every message has a head that tells its role, and one end. The parts are Jinja."""
    heads = f"{{'system': {system}, 'user': {user}, 'assistant': {assistant}}}"
    return (
        f"{{% set heads = {heads} %}}{begin}"
        "{% for message in messages %}"
        f"{{{{ heads[message['role']] + message['content'] + {end} }}}}"
        "{% endfor %}{% if add_generation_prompt %}{{ heads['assistant'] }}{% endif %}"
    )


def in_turns(
    opened: str,
    closed: str,
    answered: str,
    *,
    gap: str = "''",
    system: tuple[str, str] = ("''", "'\\n\\n'"),
    begin: str = "",
) -> str:
    """A format of two voices. `opened` and `closed` stand around what the user says, `gap` and `answered`
    around a reply, `system` around a system message that comes first, within the user's first turn. All are
    Jinja.
    """
    before, behind = system
    return (
        f"{{% set now = namespace(open=false, gap='') %}}{begin}"
        "{% for message in messages %}{% if message['role'] == 'assistant' %}"
        f"{{% if not now.open %}}{{{{ {opened} }}}}{{% endif %}}"
        f"{{{{ {closed} + {gap} + message['content'] + {answered} }}}}"
        "{% set now.open = false %}{% set now.gap = '' %}{% else %}"
        f"{{% if not now.open %}}{{{{ {opened} }}}}{{% set now.open = true %}}{{% endif %}}"
        "{% if message['role'] == 'system' and loop.first %}"
        f"{{{{ {before} + message['content'] }}}}{{% set now.gap = {behind} %}}"
        "{% else %}{{ now.gap + message['content'] }}{% set now.gap = '\\n\\n' %}{% endif %}"
        "{% endif %}{% endfor %}"
        f"{{% if not now.open %}}{{{{ {opened} }}}}{{% endif %}}{{{{ {closed} }}}}"
    )


def apart(system: tuple[str, str], opened: str, closed: str, answered: str) -> str:
    """Like in_turns; a system message that comes first stands before the first turn."""
    before, behind = system
    first = (
        "{{ bos_token }}{% if messages and messages[0]['role'] == 'system' %}"
        f"{{{{ {before} + messages[0]['content'] + {behind} }}}}"
        "{% set messages = messages[1:] %}{% endif %}"
    )
    return first + in_turns(opened, closed, answered, system=("''", "'\\n\\n'"))


EOS = "(eos_token or '</s>')"

ALPACA = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "{{ '### Response:\\n' + message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'system' and loop.first %}{{ message['content'] + '\\n\\n' }}"
    "{% else %}{{ '### Instruction:\\n' + message['content'] + '\\n\\n' }}{% endif %}{% endfor %}"
    "{{ '### Response:\\n' }}"
)
VICUNA = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}"
    f"{{{{ 'ASSISTANT: ' + message['content'] + {EOS} }}}}"
    "{% elif message['role'] == 'system' and loop.first %}{{ message['content'] + ' ' }}"
    "{% else %}{{ 'USER: ' + message['content'] + ' ' }}{% endif %}{% endfor %}{{ 'ASSISTANT:' }}"
)


def llama_3(role: str) -> str:
    return f"'<|start_header_id|>{role}<|end_header_id|>\\n\\n'"


def command_r(role: str) -> str:
    return f"'<|START_OF_TURN_TOKEN|><|{role}_TOKEN|>'"


FORMATS: dict[str, InstructFormat] = {
    "chatml": InstructFormat(CHATML, ("<|im_end|>", "<|im_start|>")),
    "llama-3": InstructFormat(
        by_role(
            llama_3("system"),
            llama_3("user"),
            llama_3("assistant"),
            "'<|eot_id|>'",
            begin="{{ bos_token }}",
        ),
        ("<|eot_id|>", "<|start_header_id|>"),
    ),
    "llama-2": InstructFormat(
        in_turns(
            "bos_token + '[INST] '",
            "' [/INST]'",
            f"' ' + {EOS}",
            gap="' '",
            system=("'<<SYS>>\\n'", "'\\n<</SYS>>\\n\\n'"),
        ),
        ("[INST]",),
    ),
    "gemma": InstructFormat(
        in_turns(
            "'<start_of_turn>user\\n'",
            "'<end_of_turn>\\n<start_of_turn>model\\n'",
            "'<end_of_turn>\\n'",
            begin="{{ bos_token }}",
        ),
        ("<end_of_turn>", "<start_of_turn>"),
    ),
    "mistral": InstructFormat(
        in_turns("'[INST] '", "'[/INST]'", EOS, gap="' '", begin="{{ bos_token }}"), ("[INST]",)
    ),
    "mistral-tekken": InstructFormat(
        in_turns("'[INST]'", "'[/INST]'", EOS, begin="{{ bos_token }}"), ("[INST]",)
    ),
    "mistral-v7": InstructFormat(
        apart(("'[SYSTEM_PROMPT]'", "'[/SYSTEM_PROMPT]'"), "'[INST]'", "'[/INST]'", EOS), ("[INST]",)
    ),
    "alpaca": InstructFormat(ALPACA, ("### Instruction:",)),
    "vicuna": InstructFormat(VICUNA, ("USER:",)),
    "phi-3": InstructFormat(
        by_role("'<|system|>\\n'", "'<|user|>\\n'", "'<|assistant|>\\n'", "'<|end|>\\n'"),
        ("<|end|>", "<|user|>"),
    ),
    "zephyr": InstructFormat(
        by_role("'<|system|>\\n'", "'<|user|>\\n'", "'<|assistant|>\\n'", f"{EOS} + '\\n'"), ("<|user|>",)
    ),
    "command-r": InstructFormat(
        by_role(
            command_r("SYSTEM"),
            command_r("USER"),
            command_r("CHATBOT"),
            "'<|END_OF_TURN_TOKEN|>'",
            begin="{{ bos_token }}",
        ),
        ("<|END_OF_TURN_TOKEN|>", "<|START_OF_TURN_TOKEN|>"),
    ),
    "deepseek": InstructFormat(
        apart(("''", "''"), "'<｜User｜>'", "'<｜Assistant｜>'", EOS), ("<｜User｜>", "<｜end▁of▁sentence｜>")
    ),
}


def format_of(name: str) -> InstructFormat:
    """Raises ChatTemplateError."""
    found = FORMATS.get(name)
    if found is None:
        raise ChatTemplateError(sentence_of("unknown_format", repr(name)))
    return found


@cache
def template_of(name: str, bos: str, eos: str) -> ChatTemplate:
    """Raises ChatTemplateError."""
    return ChatTemplate(format_of(name).source, bos, eos)


def ends_of(name: str) -> tuple[str, ...]:
    """Texts at which a reply in this format is over; none for the model's own."""
    return FORMATS[name].ends if name in FORMATS else ()


def end_tokens_of(name: str, tokenizer: Tokenizer) -> frozenset[int]:
    """Of those texts the ones that are a special token of the model."""
    return frozenset(tokenizer.specials[end] for end in ends_of(name) if end in tokenizer.specials)
