"""HuggingFaceFolder: a model as transformers saves it, presented under GGUF's names.

config.json, *.safetensors (with model.safetensors.index.json where there are several), tokenizer.json,
and where there are such tokenizer_config.json, chat_template.jinja, generation_config.json. Pickle
files (.bin, .pt) run code when they are opened, so they are refused by name.

Two things differ from a GGUF file and are brought into its form when a tensor is read: rows of queries
and keys of the llama architecture (GGUF interleaves the halves of a head), and Gemma's gains
(GGUF adds the one that the model adds).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gpu_actor.engine.block_formats import FORMATS
from gpu_actor.engine.huggingface_config import read_folder_config
from gpu_actor.engine.huggingface_tokenizer import Ends, TokenizerConfig, read_folder_tokenizer
from gpu_actor.engine.model_file import Metadata, TensorPlace
from gpu_actor.engine.safetensors_file import SafetensorsFile
from gpu_actor.troubles import ModelFileError, UnsupportedModelError

CONFIG, TOKENIZER, INDEX = "config.json", "tokenizer.json", "model.safetensors.index.json"
TOKENIZER_CONFIG, GENERATION_CONFIG = "tokenizer_config.json", "generation_config.json"
TEMPLATE = "chat_template.jinja"
NAMED_FILES = (CONFIG, TOKENIZER, INDEX, TOKENIZER_CONFIG, GENERATION_CONFIG, TEMPLATE)
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")

MOST_BYTES = {TOKENIZER: 128 << 20, INDEX: 16 << 20}
MOST_BYTES_ELSE = 4 << 20
MOST_FILES = 1000

F32 = 0  # GGML's type id
T = TypeVar("T")

PREFIXES = ("model.language_model.", "language_model.model.", "language_model.", "model.")
OTHER_PARTS = (
    "vision_tower.",
    "model.vision_tower.",
    "multi_modal_projector.",
    "model.multi_modal_projector.",
)
"""Tensors of a model that also sees: they are left out."""

WHOLE = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}
IN_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
NORMS = {"post_attention_layernorm": "ffn_norm"}
GEMMA_NORMS = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
LAYER = re.compile(r"layers\.(\d+)\.(.+)\.(weight|bias)")


class Index(Struct, frozen=True):
    weight_map: dict[str, str]


class Source(Struct, frozen=True):
    """Where a tensor comes from, and what is done to it. `heads`: of rows to interleave; 0: leave them."""

    part: int
    name: str
    heads: int = 0
    add_one: bool = False


class HuggingFaceFolder(Metadata):
    """An open folder: a ModelFile."""

    kind = "model's folder"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        config = read_folder_config(self.read(CONFIG))
        self.architecture = config.architecture
        self.heads = config.text.num_attention_heads
        self.kv_heads = config.text.num_key_value_heads or self.heads
        self.files = [SafetensorsFile(path) for path in weight_files(folder, self.read)]
        self.sources: dict[str, Source] = {}
        self.tensors: dict[str, TensorPlace] = {}
        self.made: dict[str, npt.NDArray[np.uint8]] = {}
        for part, file in enumerate(self.files):
            for name in file.entries:
                self.add(part, name)
        if config.text.tie_word_embeddings and "output.weight" in self.tensors:
            del self.tensors["output.weight"]  # some folders store the shared table twice
        if config.rope_factors is not None:
            factors = config.rope_factors
            self.tensors["rope_freqs.weight"] = TensorPlace("rope_freqs.weight", factors.shape, F32, 0)
            self.made["rope_freqs.weight"] = factors.view(np.uint8).reshape(1, -1)
        self.metadata |= config.metadata
        self.metadata["general.name"] = folder.name
        self.read_tokenizer()

    # -- small files --------------------------------------------------------------------------

    def read(self, name: str) -> bytes:
        """A file of the folder, whole, where it is not larger than such a file may be."""
        path = self.folder / name
        try:
            with path.open("rb") as stream:
                most = MOST_BYTES.get(name, MOST_BYTES_ELSE)
                content = stream.read(most + 1)
        except OSError as error:
            raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error
        if len(content) > most:
            raise ModelFileError(f"{path} is larger than such a file may be ({most >> 20} MB): damaged")
        return content

    def decoded(self, name: str, kind: type[T], absent: T) -> T:
        if not (self.folder / name).is_file():
            return absent
        return decode(self.read(name), kind, name)

    def read_tokenizer(self) -> None:
        table = self.tensors.get("token_embd.weight")
        if table is None:
            raise ModelFileError(f"{self.folder} has no token table: it is no whole model")
        if not (self.folder / TOKENIZER).is_file():
            raise UnsupportedModelError(
                f"{self.folder} has no {TOKENIZER}: take a newer version of the model, or a GGUF of it"
            )
        config = self.decoded(TOKENIZER_CONFIG, TokenizerConfig, TokenizerConfig())
        ends = [self.decoded(GENERATION_CONFIG, Ends, Ends()), self.decoded(CONFIG, Ends, Ends())]
        self.metadata |= read_folder_tokenizer(self.read(TOKENIZER), config, ends, table.shape[0])
        template = config.template()
        if (self.folder / TEMPLATE).is_file():
            template = self.read(TEMPLATE).decode("utf-8", "replace")
        if template:
            self.metadata["tokenizer.chat_template"] = template

    # -- tensors ------------------------------------------------------------------------------

    def add(self, part: int, name: str) -> None:
        """Take the tensor in under GGUF's name."""
        if name.startswith(OTHER_PARTS) or name.endswith(".rotary_emb.inv_freq"):
            return
        ours = self.ggml_name(name)
        if ours in self.tensors:
            raise ModelFileError(f"{self.folder} has the tensor {name} twice: it is damaged")
        entry = self.files[part].entries[name]
        if not 1 <= len(entry.shape) <= 2:
            raise ModelFileError(f"tensor {name} has {len(entry.shape)} dimensions: the folder is damaged")
        heads = 0
        if self.architecture == "llama" and ".attn_q." in ours:
            heads = self.heads
        elif self.architecture == "llama" and ".attn_k." in ours:
            heads = self.kv_heads
        if heads and entry.shape[0] % (2 * heads):
            raise ModelFileError(f"tensor {name} has {entry.shape[0]} rows for {heads} heads: damaged")
        add_one = self.architecture == "gemma3" and ours.endswith("norm.weight")
        self.sources[ours] = Source(part, name, heads, add_one)
        self.tensors[ours] = TensorPlace(ours, entry.shape, F32 if add_one else entry.type_id, 0, part)

    def ggml_name(self, name: str) -> str:
        if name in {"lm_head.weight", "language_model.lm_head.weight"}:
            return "output.weight"
        prefix = next((each for each in PREFIXES if name.startswith(each)), "")
        inner = name.removeprefix(prefix)
        if prefix and inner in WHOLE:
            return WHOLE[inner]
        matched = LAYER.fullmatch(inner)
        if prefix and matched is not None:
            layer, module, kind = matched.groups()
            known = IN_LAYER | (GEMMA_NORMS if self.architecture == "gemma3" else NORMS)
            if module in known:
                return f"blk.{int(layer)}.{known[module]}.{kind}"
        raise UnsupportedModelError(f"the model has the tensor {name}, which this engine does not know")

    def raw(self, name: str) -> npt.NDArray[np.uint8]:
        """The tensor's bytes [rows, bytes of a row], in the order and form of a GGUF file."""
        if name in self.made:
            return self.made[name]
        source = self.sources[name]
        raw = self.files[source.part].raw(source.name)
        if source.add_one:
            type_id = self.files[source.part].entries[source.name].type_id
            return (FORMATS[type_id].values(raw) + np.float32(1)).view(np.uint8)
        if source.heads:
            place = self.tensors[name]
            rows = raw.reshape(place.shape[0], -1)  # of a bias: its elements
            halves = rows.reshape(source.heads, 2, -1, rows.shape[1])
            return halves.swapaxes(1, 2).reshape(raw.shape)
        return raw

    def close(self) -> None:
        for file in self.files:
            file.close()


def decode(content: bytes, kind: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ModelFileError(f"{name} of the model is damaged: {error}") from error


def weight_files(folder: Path, read: Callable[[str], bytes]) -> list[Path]:
    """The safetensors files that the weights lie in."""
    if (folder / INDEX).is_file():
        index = decode(read(INDEX), Index, INDEX)
        names = sorted(set(index.weight_map.values()))
        if len(names) > MOST_FILES:
            raise ModelFileError(f"{INDEX} names {len(names)} files: it is damaged")
        for name in names:
            if not plain_file_name(name):
                raise ModelFileError(f"{INDEX} names the file {name!r}, which is not in the folder")
            if not (folder / name).is_file():
                raise ModelFileError(f"{folder} lacks {name}: fetch it from where the others came from")
        return [folder / name for name in names]
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1 or (folder / "model.safetensors") in found:
        return [folder / "model.safetensors"] if len(found) > 1 else found
    if found:
        raise ModelFileError(f"{folder} has {len(found)} safetensors files and no {INDEX} to join them")
    pickles = [each.name for pattern in PICKLES for each in sorted(folder.glob(pattern))]
    if pickles:
        raise UnsupportedModelError(
            f"{folder} has its weights in {pickles[0]}, a pickle file, which can run code and is never "
            "opened; take the model's safetensors files, or a GGUF of it"
        )
    raise ModelFileError(f"{folder} has no safetensors files: it is no whole model")


def plain_file_name(name: str) -> bool:
    return name.endswith(".safetensors") and Path(name).name == name and not set(name) & set("/\\:\0")


def is_model_folder(path: Path) -> bool:
    """A folder with a config.json; but not one that holds GGUF files and came with it from a hub."""
    if not (path / CONFIG).is_file():
        return False
    return any(path.glob("*.safetensors")) or not any(path.glob("*.gguf"))


def folder_files(folder: Path) -> list[Path]:
    """The files that decide what the model computes, in the order of their names."""
    named = [folder / name for name in NAMED_FILES if (folder / name).is_file()]
    return sorted({*named, *folder.glob("*.safetensors")})
