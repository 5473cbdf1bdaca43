"""Reads tokenizer.json of a Hugging Face folder into GGUF's tokenizer keys.

Format: the `tokenizers` package writes it; this reads the JSON itself. So the engine's own tokenizer
(gpu_actor/tokenizer.py) is built from it as from a GGUF file, and its rule holds here too: nobody's text
becomes a special token. The patterns that cut a text into words are regular expressions and
would be run on every text; a folder comes from strangers, so only known ones are accepted.
Unicode normalisation (NFC, which Qwen's file asks for) is left out, as in llama.cpp.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct

from gpu_actor.engine.model_file import Value
from gpu_actor.troubles import ModelFileError, UnsupportedModelError
from gpu_actor.vocabulary import (
    BYTE,
    CONTROL,
    END_TOKEN_IDS,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    WHOLE_WORDS_KEY,
)

SPACE = "\u2581"
BYTE_TOKEN = re.compile(r"<0x[0-9A-F]{2}>")
CASELESS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
BYTE_LEVEL = "bytes as letters"
DIGITS = "single digits"

PATTERNS: dict[tuple[str, ...], str] = {
    (BYTE_LEVEL,): "gpt-2",
    (DIGITS, BYTE_LEVEL): "smollm",
    (rf"{CASELESS}|{WORDS}|\p{{N}}{{1,3}}|{REST}",): "llama-bpe",
    (rf"{CASELESS}|{WORDS}|\p{{N}}|{REST}",): "qwen2",
    (
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*"
            r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
    ): "tekken",
}
"""Patterns in their order → name of the pre-tokenizer in GGUF."""


class AddedToken(Struct, frozen=True):
    id: int
    content: str
    special: bool = False


class Model(Struct, frozen=True):
    type: str | None = None
    vocab: Any = None
    merges: list[str | tuple[str, str]] = []
    unk_token: str | None = None
    byte_fallback: bool = False
    ignore_merges: bool = False


class TokenizerJson(Struct, frozen=True):
    model: Model
    added_tokens: list[AddedToken] = []
    normalizer: dict[str, Any] | None = None
    pre_tokenizer: dict[str, Any] | None = None
    post_processor: dict[str, Any] | None = None


class NamedToken(Struct, frozen=True):
    content: str


class TokenizerConfig(Struct, frozen=True):
    """tokenizer_config.json, as far as it is read."""

    add_bos_token: bool | None = None
    bos_token: str | NamedToken | None = None
    eos_token: str | NamedToken | None = None
    chat_template: str | list[dict[str, str]] | None = None

    def template(self) -> str:
        """The chat template; of several the default one."""
        if isinstance(self.chat_template, list):
            named = {each.get("name", ""): each.get("template", "") for each in self.chat_template}
            return named.get("default", "")
        return self.chat_template or ""


class Ends(Struct, frozen=True):
    """BOS and EOS as config.json and generation_config.json give them."""

    bos_token_id: int | list[int] | None = None
    eos_token_id: int | list[int] | None = None

    def eos(self) -> list[int]:
        if self.eos_token_id is None:
            return []
        return self.eos_token_id if isinstance(self.eos_token_id, list) else [self.eos_token_id]


def read_folder_tokenizer(
    content: bytes, config: TokenizerConfig, ends: list[Ends], rows: int
) -> dict[str, Value]:
    """GGUF's tokenizer keys. `rows`: tokens that the model has weights for; ends: the first names win."""
    try:
        read = msgspec.json.decode(content, type=TokenizerJson)
        kind = "" if read.model.type is None else read.model.type
        if kind not in {"BPE", ""}:
            raise UnsupportedModelError(
                f"the folder's tokenizer is of the kind {kind}; this engine reads BPE: "
                "take a GGUF of the model, which llama.cpp may run"
            )
        vocabulary = msgspec.convert(read.model.vocab, dict[str, int])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ModelFileError(f"tokenizer.json of the model is damaged: {error}") from error
    spm = read.model.byte_fallback
    tokens, types = listed_tokens(read, vocabulary, rows, spm=spm)
    ids = {text: index for index, text in enumerate(tokens)}
    eos = [each for end in ends for each in end.eos()]
    bos_token = named(config.bos_token, ids)
    if bos_token is None:
        bos_token = next((end.bos_token_id for end in ends if isinstance(end.bos_token_id, int)), None)
    eos_token = named(config.eos_token, ids)
    if eos_token is None:
        eos_token = eos[0] if eos else None
    adds_bos = config.add_bos_token
    metadata: dict[str, Value] = {
        "tokenizer.ggml.model": "llama" if spm else "gpt2",
        "tokenizer.ggml.pre": "default" if spm else pre_tokenizer(read),
        "tokenizer.ggml.tokens": list(tokens),
        "tokenizer.ggml.token_type": list(types),
        "tokenizer.ggml.merges": list(joined_merges(read.model)),
        "tokenizer.ggml.add_bos_token": begins_with(read, bos_token) if adds_bos is None else adds_bos,
        END_TOKEN_IDS: list(dict.fromkeys(eos)),
    }
    metadata[WHOLE_WORDS_KEY] = read.model.ignore_merges
    if spm:
        metadata["tokenizer.ggml.add_space_prefix"] = prepends_space(read)
    for name, token in (("bos", bos_token), ("eos", eos_token)):
        # A number beyond the vocabulary is that of no token: none is then taken, whatever the usual one.
        metadata[f"tokenizer.ggml.{name}_token_id"] = len(tokens) if token is None else token
    return metadata


def named(token: str | NamedToken | None, ids: dict[str, int]) -> int | None:
    text = token.content if isinstance(token, NamedToken) else token
    return None if text is None else ids.get(text)


def listed_tokens(
    read: TokenizerJson, vocabulary: dict[str, int], rows: int, *, spm: bool
) -> tuple[list[str], list[int]]:
    """Text and type of each of `rows` tokens. Rows without a token get a name that none has."""
    tokens = [""] * rows
    types = [UNUSED] * rows
    for text, index in vocabulary.items():
        if index < 0:
            raise ModelFileError(f"tokenizer.json gives the token {text!r} the number {index}: damaged")
        if index < rows:
            tokens[index] = text
            unknown = text == read.model.unk_token
            byte = spm and BYTE_TOKEN.fullmatch(text)
            types[index] = UNKNOWN if unknown else BYTE if byte else NORMAL
    for token in read.added_tokens:
        if not 0 <= token.id < rows:
            continue  # weights of other parts (pictures) or none: such a token never appears
        text = token.content
        if token.content == read.model.unk_token:
            types[token.id] = UNKNOWN
        elif token.special:
            types[token.id] = CONTROL
        else:
            types[token.id] = USER_DEFINED
            text = text.replace(SPACE, " ") if spm else text
        tokens[token.id] = text
    taken = {text for text in tokens if text}
    for index, text in enumerate(tokens):
        if not text:
            types[index] = UNUSED
            tokens[index] = free_name(index, taken)
    return tokens, types


def free_name(index: int, taken: set[str]) -> str:
    name = f"[PAD{index}]"
    while name in taken:
        name = f"[{name}]"
    return name


def joined_merges(model: Model) -> Iterator[str]:
    """Both halves with one space between. A half that holds a space itself cannot come up: BPE over
    bytes has no such letter, and SentencePiece writes another sign for it.
    """
    for merge in model.merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if len(pair) == 2 and not any(" " in half for half in pair):
            yield " ".join(pair)


def steps(part: dict[str, Any] | None, key: str) -> list[dict[str, Any]]:
    """The steps of a normalizer, pre-tokenizer or post-processor: itself, or those of a sequence."""
    if part is None:
        return []
    inner: Any = part.get(key)
    if part.get("type") == "Sequence" and isinstance(inner, list):
        return [cast("dict[str, Any]", each) for each in cast("list[Any]", inner) if isinstance(each, dict)]
    return [part]


def pre_tokenizer(read: TokenizerJson) -> str:
    """GGUF's name of the patterns that cut a text into words."""
    found: list[str] = []
    for step in steps(read.pre_tokenizer, "pretokenizers"):
        match step:
            case {"type": "Split", "pattern": {"Regex": str(regex)}, "behavior": "Isolated"}:
                found.append(regex)
            case {"type": "Digits", "individual_digits": True}:
                found.append(DIGITS)
            case {"type": "ByteLevel", "add_prefix_space": False}:
                if step.get("use_regex", True):
                    found.append(BYTE_LEVEL)
            case _:
                found.append(str(step.get("type")))
    name = PATTERNS.get(tuple(found))
    if name is None:
        raise UnsupportedModelError(
            "the folder's tokenizer cuts texts in a way that this engine does not know "
            f"({', '.join(found)[:80] or 'none'}); take a GGUF of the model"
        )
    return name


def prepends_space(read: TokenizerJson) -> bool:
    """Whether a text begins with a space that nobody wrote, as SentencePiece has it. (Where the text has
    one itself, Metaspace adds none; SentencePiece and llama.cpp do, and so does this engine.)
    """
    known = {"Prepend", "Replace", "Metaspace", "Split"}
    made = [*steps(read.normalizer, "normalizers"), *steps(read.pre_tokenizer, "pretokenizers")]
    for step in made:
        if step.get("type") not in known:
            raise UnsupportedModelError(
                f"the folder's tokenizer has the step {step.get('type')}, which this engine does not know; "
                "take a GGUF of the model"
            )
    return any(
        step.get("type") == "Prepend"
        or (step.get("type") == "Metaspace" and step.get("prepend_scheme", "always") != "never")
        for step in made
    )


def begins_with(read: TokenizerJson, bos: int | None) -> bool:
    """Whether the post-processor puts BOS before a text."""
    if bos is None:
        return False
    for step in steps(read.post_processor, "processors"):
        match step:
            case {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": str(name)}}, *_]}:
                listed: Any = step.get("special_tokens")
                entry: Any = cast("dict[str, Any]", listed).get(name) if isinstance(listed, dict) else None
                if isinstance(entry, dict) and cast("dict[str, Any]", entry).get("ids") == [bos]:
                    return True
            case _:
                pass
    return False
