"""Vocabulary: the tokens of a model as its GGUF file lists them, and what each is for.

Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (tokenizer). Defaults that
depend on the kind of tokenizer, and the names of end-of-turn tokens, follow llama.cpp
(src/llama-vocab.cpp), because that is what files in the wild are tried with.
"""

import re
from dataclasses import dataclass
from typing import Literal

from gpu_actor.engine.model_file import ModelFile
from gpu_actor.pre_tokenizers import PRE_TOKENIZERS, WHOLE_WORDS
from gpu_actor.troubles import ModelFileError, UnsupportedModelError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""Token types of the format."""

END_NAMES = frozenset(
    {
        "<|eot_id|>",
        "<|eom_id|>",
        "<|im_end|>",
        "<|end|>",
        "<|return|>",
        "<|call|>",
        "<|calls|>",
        "<|flush|>",
        "<|endoftext|>",
        "<|end_of_text|>",
        "<end_of_turn>",
        "<end_of_utterance>",
        "<turn|>",
        "<eos>",
        "</s>",
        "<EOT>",
        "[EOT]",
        "[EOS]",
        "<｜end▁of▁sentence｜>",
        # Of models of code: what follows belongs to another file.
        "<|fim_pad|>",
        "<fim-pad>",
        "<fim_pad>",
        "<PAD>",
        "[PAD]",
        "<|fim_repo|>",
        "<fim-repo>",
        "<|repo_name|>",
        "<reponame>",
        "<REPO>",
        "<|file_sep|>",
    }
)
"""Tokens that end a turn in whatever model they appear."""

HTML_TAG = re.compile(
    "</?(?:table|caption|thead|tbody|tfoot|tr|th|td|h[1-6]|blockquote|strong|em|b|i|u|s|sub|sup|code|pre"
    "|p|br|hr|ul|ol|li|dl|dt|dd|a|img|div|span)>"
)
"""User-defined tokens of Gemma that are text like any other. All other names between angle brackets are
taken for marks of a model, which no text may spell: such as <think>.
"""

END_TOKEN_IDS = "samovar.end_token_ids"  # noqa: S105 - a key's name
"""A key of our own, for formats that list several: ids that end the model's turn."""

WHOLE_WORDS_KEY = "samovar.whole_words"
"""Another one, for formats that say it apart from the pre-tokenizer."""

ADDS_BOS = frozenset({"llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "tekken"})
"""Pre-tokenizers whose models begin with BOS unless the file says otherwise."""


@dataclass(frozen=True)
class Vocabulary:
    """`kind`: bpe (bytes as letters, merges given) or spm (SentencePiece, scores or merges given)."""

    kind: Literal["bpe", "spm"]
    pre: str
    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int | None
    eos: int | None
    add_bos: bool
    add_space_prefix: bool
    ends: frozenset[int]  # tokens that end the model's turn
    whole_words: bool = False  # bpe: a word that is a token is that token, whatever the merges say

    def specials(self) -> dict[str, int]:
        """Text → id of the tokens that only a template or an operator may use."""
        return {self.tokens[index]: index for index in self.unusual() if self.is_special(index)}

    def verbatim(self) -> dict[str, int]:
        """Text → id of the user-defined tokens that are text, and match as they stand."""
        return {self.tokens[index]: index for index in self.unusual() if self.is_verbatim(index)}

    def unusual(self) -> list[int]:
        """Ids of all tokens that are not just pieces of text."""
        return [i for i, kind in enumerate(self.types) if kind not in {NORMAL, BYTE} or i in self.ends]

    def is_special(self, index: int) -> bool:
        kind = self.types[index]
        if not self.tokens[index] or self.is_verbatim(index):
            return False
        return kind in {CONTROL, UNKNOWN, USER_DEFINED} or index in self.ends

    def is_verbatim(self, index: int) -> bool:
        text = self.tokens[index]
        if self.types[index] != USER_DEFINED or not text or index in self.ends:
            return False
        return not text.strip() or bool(HTML_TAG.fullmatch(text))


def check_tokenizer(file: ModelFile) -> None:
    """UnsupportedModelError where this engine cannot make tokens as the model's own tokenizer does."""
    model = file.get("tokenizer.ggml.model", str)
    if model not in {"gpt2", "llama"}:
        raise UnsupportedModelError(
            f"the model's tokenizer is of the kind {model!r}; "
            "this engine reads 'gpt2' (BPE) and 'llama' (SentencePiece)"
        )
    pre = file.get("tokenizer.ggml.pre", str, "default")
    if model == "gpt2" and pre not in PRE_TOKENIZERS:
        raise unknown_pre_tokenizer(pre)


def unknown_pre_tokenizer(pre: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"the model's pre-tokenizer {pre!r} is not known to this engine; "
        f"known are {', '.join(sorted(PRE_TOKENIZERS))}"
    )


def read_vocabulary(file: ModelFile) -> Vocabulary:
    check_tokenizer(file)
    model = file.get("tokenizer.ggml.model", str)
    tokens = texts(file, "tokenizer.ggml.tokens")
    if len(set(tokens)) != len(tokens):
        raise ModelFileError("the vocabulary names a token twice: the file is damaged")
    pre = file.get("tokenizer.ggml.pre", str, "default")
    spm = model == "llama"
    bos = token_id(file, "bos", len(tokens), 1 if spm else None)
    eos = token_id(file, "eos", len(tokens), 2 if spm else None)
    named = {index for index, text in enumerate(tokens) if text in END_NAMES}
    given = {eos, token_id(file, "eot", len(tokens), None), token_id(file, "eom", len(tokens), None)}
    further = file.items(END_TOKEN_IDS, (int,), [])
    # A SentencePiece file may list merges too; where it gives scores, these decide, as in llama.cpp.
    scored = spm and (
        "tokenizer.ggml.scores" in file.metadata or "tokenizer.ggml.merges" not in file.metadata
    )
    return Vocabulary(
        kind="spm" if spm else "bpe",
        pre=pre,
        tokens=tokens,
        types=token_types(file, len(tokens)),
        merges=() if scored else texts(file, "tokenizer.ggml.merges"),
        scores=scores(file, len(tokens)) if scored else (),
        bos=bos,
        eos=eos,
        add_bos=file.get("tokenizer.ggml.add_bos_token", bool, spm or pre in ADDS_BOS) and bos is not None,
        whole_words=file.get(WHOLE_WORDS_KEY, bool, pre in WHOLE_WORDS),
        add_space_prefix=file.get("tokenizer.ggml.add_space_prefix", bool, spm) and spm,
        ends=frozenset(
            index for index in named | given | {*further} if index is not None and index < len(tokens)
        ),
    )


def texts(file: ModelFile, key: str) -> tuple[str, ...]:
    return tuple(file.items(key, (str,)))


def token_types(file: ModelFile, count: int) -> tuple[int, ...]:
    types = file.items("tokenizer.ggml.token_type", (int,), [NORMAL] * count)
    if len(types) != count:
        raise ModelFileError("tokenizer.ggml.token_type does not fit the vocabulary: the file is damaged")
    return tuple(types)


def scores(file: ModelFile, count: int) -> tuple[float, ...]:
    found = file.items("tokenizer.ggml.scores", (int, float))
    if len(found) != count:
        raise ModelFileError("tokenizer.ggml.scores does not fit the vocabulary: the file is damaged")
    return tuple(found)


def token_id(file: ModelFile, name: str, count: int, default: int | None) -> int | None:
    value = file.metadata.get(f"tokenizer.ggml.{name}_token_id", default)
    return value if isinstance(value, int) and 0 <= value < count else None
