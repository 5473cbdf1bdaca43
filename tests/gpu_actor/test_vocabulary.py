"""Which tokens end a turn, against llama.cpp."""

import dataclasses
from pathlib import Path

import pytest

from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.vocabulary import END_NAMES, read_vocabulary
from tests.gpu_actor.llama_cpp import LlamaCpp
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

SHAPE = TinyModel(embedding=32, feed_forward=32, heads=1, kv_heads=1, head_size=32, layers=1)

# Of these llama.cpp takes one a model, and <|end|> ends nothing where <|call|> and <|return|> do.
ALONE = sorted(name for name in END_NAMES if "fim" in name.lower() or "rep" in name.lower() or "PAD" in name)
TOGETHER = sorted(END_NAMES - {*ALONE, "<|end|>"})
HARMLESS = [
    "<|im_start|>",
    "<start_of_turn>",
    "<pad>",
    "<bos>",
    "[/INST]",
    "<|fim_middle|>",
    "<|user|>",
    "<think>",
]


@pytest.mark.parametrize("names", [TOGETHER + HARMLESS, ["<|end|>"], *([name] for name in ALONE)], ids=len)
def test_a_turn_ends_where_llama_cpp_ends_it(names: list[str], tmp_path: Path) -> None:
    file = write_tiny(tmp_path / "model.gguf", dataclasses.replace(SHAPE, specials=("<s>", "<sep>", *names)))
    ends, oracle = read_vocabulary(GgufFile(file)).ends, LlamaCpp(file)
    for token, name in enumerate(names, 2):
        assert oracle.ends_with(token) == (token in ends) == (name not in HARMLESS), name
