"""LlamaCppTokenizer: the same interface as Tokenizer, with llama.cpp's own cutting of text.

For models whose tokenizer this engine does not know. Nobody's text becomes a special token here either:
names of special tokens are looked for before the text reaches llama.cpp, and where a person's text
holds one it is cut within the name.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from gpu_actor.doors.http import Http
from gpu_actor.engine.model_file import ModelFile
from gpu_actor.tokenizer import Tokenizer, any_of, byte_alphabet, spm_piece
from gpu_actor.troubles import LlamaCppFailedError
from gpu_actor.vocabulary import (
    END_NAMES,
    NORMAL,
    UNUSED,
    USER_DEFINED,
    Vocabulary,
    scores,
    texts,
    token_id,
    token_types,
)

ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")


class Tokens(Struct, frozen=True):
    tokens: list[int]


class HttpTokenizer(Tokenizer):
    """Has its text cut by a server of llama.cpp. Subclasses set what Tokenizer has, and besides: `names`, a
    pattern of the special tokens' names; `forbidden`, ids that plain text must not lead to.
    """

    http: Http
    names: re.Pattern[str] | None
    forbidden: frozenset[int]

    def encode_plain(self, text: str) -> list[int]:
        return self.cut_all([*self.apart(text)])

    def encode_parts(self, parts: Iterable[tuple[str, bool]]) -> list[int]:
        """As everywhere; the server is asked once for all of it."""
        content: list[str | int] = []
        plain: list[str] = []
        for text, special in parts:
            for piece, token in self.cut(text, special=special):
                if token is None:
                    plain.append(piece)
                else:
                    content += [*self.apart("".join(plain)), token]
                    plain.clear()
        return self.cut_all([*content, *self.apart("".join(plain))])

    def apart(self, text: str) -> Iterator[str]:
        """The text, cut within each name of a special token."""
        clean = text.encode("utf-8", "replace").decode()
        at = 0
        for match in self.names.finditer(clean) if self.names is not None else ():
            yield clean[at : match.start() + 1]
            at = match.start() + 1
        if clean[at:]:
            yield clean[at:]

    def cut_all(self, content: list[str | int]) -> list[int]:
        """Texts and ids that follow one another."""
        if not content:
            return []
        ids = self.cut_by_server(self.http, content, add_special=False)
        meant = sum(1 for each in content if each in self.forbidden)
        if sum(1 for each in ids if each in self.forbidden) != meant:
            raise LlamaCppFailedError("llama.cpp read a special token out of plain text: it cannot be used")
        return ids

    @staticmethod
    def cut_by_server(http: Http, content: str | list[str | int], *, add_special: bool) -> list[int]:
        body = {"content": content, "add_special": add_special, "parse_special": False}
        try:
            return msgspec.convert(http.post("/tokenize", body), Tokens).tokens
        except msgspec.ValidationError as error:
            raise LlamaCppFailedError(f"{http.address}/tokenize gave no ids: {error}") from error


class LlamaCppTokenizer(HttpTokenizer):
    """`http`: to the listener of the loaded model."""

    def __init__(self, file: ModelFile, http: Http) -> None:
        # The parent's __init__ would build the inner tokenizer, which is what cannot be built here.
        self.vocabulary = lenient_vocabulary(file)
        self.http = http
        self.specials = self.vocabulary.specials()
        self.special_ids = self.forbidden = frozenset(self.specials.values())
        self.verbatim: dict[str, int] = {}  # llama.cpp finds them itself
        self.patterns = {False: None, True: any_of(self.specials)}
        self.names = any_of(name for name in self.specials if len(name) > 1)
        self.pieces = pieces_of(file.get("tokenizer.ggml.model", str), self.vocabulary)


def lenient_vocabulary(file: ModelFile) -> Vocabulary:
    """What the file says of its tokens, for a tokenizer of any kind."""
    kind = file.get("tokenizer.ggml.model", str)
    tokens = texts(file, "tokenizer.ggml.tokens")
    bos, eos = token_id(file, "bos", len(tokens), None), token_id(file, "eos", len(tokens), None)
    given = {eos, token_id(file, "eot", len(tokens), None), token_id(file, "eom", len(tokens), None)}
    named = {index for index, text in enumerate(tokens) if text in END_NAMES}
    return Vocabulary(
        kind="bpe" if kind == "gpt2" else "spm",
        pre=file.get("tokenizer.ggml.pre", str, "default"),
        tokens=tokens,
        types=token_types(file, len(tokens)),
        merges=(),
        scores=scores(file, len(tokens)) if "tokenizer.ggml.scores" in file.metadata else (),
        bos=bos,
        eos=eos,
        add_bos=file.get("tokenizer.ggml.add_bos_token", bool, kind == "llama") and bos is not None,
        add_space_prefix=file.get("tokenizer.ggml.add_space_prefix", bool, kind == "llama"),
        ends=frozenset(index for index in named | given if index is not None),
    )


def pieces_of(kind: str, vocabulary: Vocabulary) -> list[bytes]:
    """The bytes that each token stands for, by its kind of tokenizer; special ones for none."""
    specials = set(vocabulary.specials().values())
    byte_of = byte_alphabet()
    pieces: list[bytes] = []
    for index, (text, form) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True)):
        if index in specials or form == UNUSED:
            pieces.append(b"")
        elif form == USER_DEFINED:
            pieces.append(text.encode())
        elif kind == "gpt2":
            pieces.append(b"".join([byte_of.get(letter) or letter.encode() for letter in text]))
        elif kind == "rwkv":
            pieces.append(ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text.encode()))
        else:
            pieces.append(spm_piece(text, form if text.startswith("<0x") else NORMAL))
    return pieces
