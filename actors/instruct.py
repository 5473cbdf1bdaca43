"""Instruct: the names of the formats that a prompt can be put in, whatever template its model came with.

What they are is gpu_actor/prompt/instruct.py's to say: only the GPU box has a tokenizer.
"""

from typing import Literal

PromptFormat = Literal[
    "model",  # the model's own
    "chatml",
    "llama-3",
    "llama-2",
    "gemma",
    "mistral",
    "mistral-tekken",
    "mistral-v7",
    "alpaca",
    "vicuna",
    "phi-3",
    "zephyr",
    "command-r",
    "deepseek",
]

MODELS_OWN: PromptFormat = "model"
