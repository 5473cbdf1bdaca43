"""Small models with random weights, saved as a Hugging Face folder; and the same weights as a GGUF file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import safetensors.numpy as untyped_safetensors
from tokenizers import AddedToken, Regex
from tokenizers import Tokenizer as UntypedTokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Prepend, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import ByteLevel, Digits, Metaspace, Sequence, Split
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

Floats = npt.NDArray[np.float32]
safetensors: Any = untyped_safetensors
Tokenizer: Any = UntypedTokenizer

CORPUS = [
    "The samovar hums in the corner, and the kettle sings. It isn't late; we'll drink 1234567 cups.",
    "Самовар гудит в углу. Чай уже готов, 2024 год, и мы пьём его с вареньем.",
    "def steep(minutes: int) -> str:\n    return 'tea' * minutes\n\n\tif x == 10:\n\t\tpass",
    "   leading, trailing   and   inner   spaces   \n\n\n",
    "Grüße, naïve café, 你好，世界。 🫖☕ 👩‍🚀 emoji",
] * 4

TEXTS = [
    "The samovar hums; isn't it 12345 o'clock?",
    "Самовар гудит. Привет, мир! Ёлка, 42.",
    "def f(x):\n    return x ** 2  # квадрат\n\n\n\tprint('a')\r\n",
    "🫖☕ 👩‍🚀 👨‍👩‍👧 flags 🇺🇦 and keycaps 1️⃣",
    "  two spaces,   three,\ttab \t mixed \n \n end   ",
    "你好，世界。 ẞ İ ǅ ŉ ﬃ",
    "a\x00b\x7f\u200b\ufeff",
    "CamelCaseIDENTIFIER_and_snake_case/path/to//file.txt",
    "",
    " ",
    "\n",
]

SPECIALS = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"]
CASELESS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = rf"{CASELESS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}|{REST}"
QWEN2 = rf"{CASELESS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}|{REST}"
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS = {"llama-bpe": LLAMA3, "dbrx": LLAMA3, "qwen2": QWEN2, "tekken": TEKKEN, "tekken-merged": TEKKEN}
WHOLE_WORDS = {"llama-bpe", "tekken"}

KINDS = [
    "gpt-2",
    "smollm",
    "llama-bpe",
    "dbrx",
    "qwen2",
    "tekken",
    "tekken-merged",
    "spm",
    "metaspace",
    "gemma",
]


def make_tokenizer(kind: str, size: int = 700) -> Any:
    """A tokenizer as the publishers of such models build it, trained on the corpus."""
    return sentencepiece(kind, size) if kind in {"spm", "metaspace", "gemma"} else byte_level(kind, size)


def byte_level(kind: str, size: int) -> Any:
    tokenizer = Tokenizer(BPE(ignore_merges=kind in WHOLE_WORDS))
    match kind:
        case "gpt-2":
            tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
        case "smollm":
            steps = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
            tokenizer.pre_tokenizer = Sequence(steps)
        case _:
            split = Split(Regex(SPLITS[kind]), behavior="isolated", invert=False)
            tokenizer.pre_tokenizer = Sequence([split, ByteLevel(add_prefix_space=False, use_regex=False)])
    trainer = BpeTrainer(
        vocab_size=size, initial_alphabet=ByteLevel.alphabet(), special_tokens=SPECIALS, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if kind == "qwen2":
        tokenizer.add_tokens([AddedToken("<think>", special=False), AddedToken("</think>", special=False)])
    if kind == "llama-bpe":
        tokenizer.post_processor = TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)]
        )
    return tokenizer


def sentencepiece(kind: str, size: int) -> Any:
    """The forms in which SentencePiece's BPE is converted; its byte tokens stand before the others."""
    trained = Tokenizer(BPE())
    trained.normalizer = Replace(" ", "▁")
    trained.pre_tokenizer = Split(Regex("(?=▁)"), behavior="isolated")
    trained.train_from_iterator(CORPUS, BpeTrainer(vocab_size=size - 260, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    texts = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    texts += [text for text in model["vocab"] if text not in texts]
    merges = [tuple(merge) for merge in model["merges"]]
    bpe = BPE(
        {t: i for i, t in enumerate(texts)}, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    tokenizer = Tokenizer(bpe)
    match kind:
        case "spm":
            tokenizer.normalizer = Normalizers([Prepend("▁"), Replace(" ", "▁")])
        case "metaspace":
            tokenizer.pre_tokenizer = Metaspace("▁", prepend_scheme="always", split=False)
        case _:
            tokenizer.normalizer = Replace(" ", "▁")
            tokenizer.pre_tokenizer = Split(" ", behavior="merged_with_previous")
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def with_nfc(tokenizer: Any) -> Any:
    tokenizer.normalizer = NFC()
    return tokenizer


# -- weights --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TinyFolder:
    """Shape and form of a small model."""

    architecture: str = "LlamaForCausalLM"
    tokenizer: str = "smollm"
    dtype: str = "float32"  # or bfloat16, float16
    hidden: int = 64
    inner: int = 96
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 32
    tied: bool = False
    shards: int = 1
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def gemma(self) -> bool:
        return self.architecture.startswith("Gemma3")


def weights_of(model: TinyFolder, vocabulary: int, seed: int = 0) -> dict[str, Floats]:
    """Random weights of about unit gain, under the names of transformers."""
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> Floats:
        return (rng.standard_normal((rows, columns)) * columns**-0.5).astype(np.float32)

    def vector(size: int, centre: float) -> Floats:
        return (centre + rng.standard_normal(size) * 0.1).astype(np.float32)

    gain = 0.0 if model.gemma else 1.0
    queries, keys = model.heads * model.head_size, model.kv_heads * model.head_size
    weights = {"model.embed_tokens.weight": matrix(vocabulary, model.hidden)}
    for layer in range(model.layers):
        p = f"model.layers.{layer}"
        weights[f"{p}.input_layernorm.weight"] = vector(model.hidden, gain)
        for part, rows in (("q", queries), ("k", keys), ("v", keys)):
            weights[f"{p}.self_attn.{part}_proj.weight"] = matrix(rows, model.hidden)
            if model.architecture == "Qwen2ForCausalLM":
                weights[f"{p}.self_attn.{part}_proj.bias"] = vector(rows, 0)
        if model.architecture == "Qwen3ForCausalLM" or model.gemma:
            for part in "qk":
                weights[f"{p}.self_attn.{part}_norm.weight"] = vector(model.head_size, gain)
        weights[f"{p}.self_attn.o_proj.weight"] = matrix(model.hidden, queries)
        weights[f"{p}.post_attention_layernorm.weight"] = vector(model.hidden, gain)
        if model.gemma:
            for place in ("pre", "post"):
                weights[f"{p}.{place}_feedforward_layernorm.weight"] = vector(model.hidden, gain)
        weights[f"{p}.mlp.gate_proj.weight"] = matrix(model.inner, model.hidden)
        weights[f"{p}.mlp.up_proj.weight"] = matrix(model.inner, model.hidden)
        weights[f"{p}.mlp.down_proj.weight"] = matrix(model.hidden, model.inner)
    weights["model.norm.weight"] = vector(model.hidden, gain)
    if not model.tied:
        weights["lm_head.weight"] = matrix(vocabulary, model.hidden)
    return weights


def rounded(weights: dict[str, Floats], dtype: str) -> dict[str, npt.NDArray[Any]]:
    kind = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}[dtype]
    return {name: array.astype(kind) for name, array in weights.items()}


def config_of(model: TinyFolder, vocabulary: int) -> dict[str, Any]:
    activation = {"hidden_activation": "gelu_pytorch_tanh"} if model.gemma else {"hidden_act": "silu"}
    window = {"sliding_window": 8, "query_pre_attn_scalar": model.head_size} if model.gemma else {}
    return {
        "architectures": [model.architecture],
        "hidden_size": model.hidden,
        "intermediate_size": model.inner,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_size,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0,
        "vocab_size": vocabulary,
        "tie_word_embeddings": model.tied,
        "torch_dtype": model.dtype,
        "eos_token_id": 1,
        "bos_token_id": 0,
        **activation,
        **window,
        **model.config,
    }


def write_folder(folder: Path, model: TinyFolder, *, seed: int = 0) -> dict[str, Floats]:
    """Write it, and give the weights as they are after rounding to the folder's type."""
    folder.mkdir()
    tokenizer = make_tokenizer(model.tokenizer)
    tokenizer.save(str(folder / "tokenizer.json"))
    # As publishers do, more rows than tokens.
    vocabulary = (tokenizer.get_vocab_size() + 63) // 64 * 64
    weights = rounded(weights_of(model, vocabulary, seed), model.dtype)
    save_json(folder / "config.json", config_of(model, vocabulary))
    save_json(folder / "generation_config.json", {"eos_token_id": [1, 3]})
    save_json(folder / "tokenizer_config.json", {"bos_token": "<s>", "eos_token": {"content": "</s>"}})
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}", encoding="utf-8")
    names = sorted(weights)
    if model.shards == 1:
        safetensors.save_file(weights, folder / "model.safetensors", {"format": "pt"})
    else:
        index: dict[str, str] = {}
        for shard in range(model.shards):
            name = f"model-{shard + 1:05}-of-{model.shards:05}.safetensors"
            part = {each: weights[each] for each in names[shard :: model.shards]}
            safetensors.save_file(part, folder / name)
            index |= dict.fromkeys(part, name)
        save_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": index})
    return {name: array.astype(np.float32) for name, array in weights.items()}


def save_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
