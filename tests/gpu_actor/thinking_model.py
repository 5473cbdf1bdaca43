"""A small model of random weights whose template opens a thought, as those of DeepSeek-R1's distills do."""

from pathlib import Path

from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SPECIALS = ("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
OPEN, CLOSE = SPECIALS.index("<think>"), SPECIALS.index("</think>")
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + message['content'] + '<|im_end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant<think>\n' }}{% endif %}"
)


def write_thinking(path: Path) -> Path:
    metadata: dict[str, str | int | float] = {"tokenizer.chat_template": TEMPLATE}
    return write_tiny(path, TinyModel(metadata=metadata, specials=SPECIALS, context=4096))
