"""The vocabulary of a llama.cpp server, as it tells it by itself: ids to bytes, names of special tokens,
and the cutting of text.

No call lists the vocabulary, but one that asks for the probabilities of all tokens names each with its id
and its bytes. Special tokens have no bytes there; /detokenize spells their names.
"""

import hashlib
import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from gpu_actor.doors.http import Http
from gpu_actor.doors.llama_cpp_tokenizer import HttpTokenizer
from gpu_actor.tokenizer import any_of
from gpu_actor.troubles import RemoteEngineError
from gpu_actor.vocabulary import CONTROL, HTML_TAG, NORMAL, Vocabulary

ALL = 1 << 24
"""More tokens than any vocabulary has."""

MARK = re.compile(r"<[^<>\s]+>|\[/?[A-Z_]+\]")
"""What tokens with a meaning beyond their text look like, where they do have text (<think>, [THINK])."""


class Named(Struct, frozen=True):
    id: int
    bytes: list[int]


class Place(Struct, frozen=True):
    top_logprobs: list[Named] = []


class Everything(Struct, frozen=True):
    completion_probabilities: list[Place] = []


class Spelt(Struct, frozen=True):
    content: str


class ServerTokenizer(HttpTokenizer):
    """`bos`, `eos`: how the server spells those tokens, "" for none. RemoteEngineError where it does not tell
    its vocabulary. `loading` is used here, `http` for what is cut later.
    """

    def __init__(self, loading: Http, http: Http, bos: str, eos: str) -> None:
        self.http = http
        self.pieces = pieces_of(loading)
        control = names_of(loading, self.pieces)
        marks = {
            piece.decode(): token
            for token, piece in enumerate(self.pieces)
            if piece[:1] in {b"<", b"["} and is_mark(piece)
        }
        self.specials = marks | control
        self.special_ids = frozenset(self.specials.values())
        self.forbidden = frozenset(control.values())
        self.verbatim: dict[str, int] = {}  # llama.cpp finds them itself
        self.patterns = {False: None, True: any_of(self.specials)}
        self.names = any_of(name for name in self.specials if len(name) > 1)
        begins = self.cut_by_server(loading, "", add_special=True)
        self.vocabulary = self.described(loading, begins[:1], bos, eos)
        self.broken = {
            piece: token for token, piece in reversed([*enumerate(self.pieces)]) if is_broken(piece)
        }
        spelt = b"".join(len(each).to_bytes(4, "big") + each for each in self.pieces)
        self.digest = hashlib.sha256(spelt).hexdigest()

    def described(self, loading: Http, begins: list[int], bos: str, eos: str) -> Vocabulary:
        """What prompts and texts need to know of it."""
        names = {token: name for name, token in self.specials.items()}
        tokens = tuple(
            names.get(token, piece.decode("utf-8", "replace")) for token, piece in enumerate(self.pieces)
        )
        letter = self.cut_by_server(loading, "a", add_special=False)
        end = self.specials.get(eos)
        return Vocabulary(
            kind="bpe",
            pre="default",
            tokens=tokens,
            types=tuple(CONTROL if token in self.forbidden else NORMAL for token in range(len(tokens))),
            merges=(),
            scores=(),
            bos=begins[0] if begins else self.specials.get(bos),
            eos=end,
            add_bos=bool(begins),
            add_space_prefix=bool(letter) and self.pieces[letter[0]][:1] == b" ",
            ends=frozenset({end} if end is not None else ()),
        )

    def knows(self, token: int) -> bool:
        return 0 <= token < len(self.pieces)

    def splits(self, data: bytes, count: int) -> Iterator[tuple[int, ...]]:
        """All ways to make the bytes of `count` tokens after each of which a character is unfinished, those
        that begin with the longest tokens first.
        """
        if count == 0:
            if not data:
                yield ()
            return
        for size in range(len(data) - count + 1, 0, -1):
            token = self.broken.get(data[:size])
            if token is not None:
                for rest in self.splits(data[size:], count - 1):
                    yield (token, *rest)


def pieces_of(http: Http) -> list[bytes]:
    body = {"prompt": [0], "n_predict": 1, "n_probs": ALL, "temperature": 0.0, "cache_prompt": False}
    try:
        found = msgspec.convert(http.post("/completion", body), Everything).completion_probabilities
        named = found[0].top_logprobs
        pieces = [b""] * len(named)
        for each in named:
            pieces[each.id] = bytes(each.bytes)
    except (msgspec.ValidationError, IndexError, ValueError) as error:
        raise RemoteEngineError(
            f"{http.address} does not tell its vocabulary: use a newer llama.cpp, or remote_kind = openai"
        ) from error
    if len({each.id for each in named}) != len(named):
        raise RemoteEngineError(f"{http.address} names a token twice")
    return pieces


def names_of(http: Http, pieces: list[bytes]) -> dict[str, int]:
    """Name → id of the tokens without bytes; a line break between each two tells them apart."""
    nameless = [token for token, piece in enumerate(pieces) if not piece]
    if not nameless or b"\n" not in pieces:
        return {}
    between = pieces.index(b"\n")
    ids = [each for token in nameless for each in (token, between)]
    try:
        names = msgspec.convert(http.post("/detokenize", {"tokens": ids}), Spelt).content.split("\n")
    except msgspec.ValidationError as error:
        raise RemoteEngineError(f"{http.address}/detokenize gave no text") from error
    if len(names) != len(nameless) + 1:
        raise RemoteEngineError(f"{http.address} does not tell the names of its special tokens")
    return {name: token for name, token in zip(names, nameless, strict=False) if name}


def is_mark(piece: bytes) -> bool:
    text = piece.decode("utf-8", "replace")
    return bool(MARK.fullmatch(text)) and not HTML_TAG.fullmatch(text)


def is_broken(piece: bytes) -> bool:
    """Whether it is no text of its own: a part of a character is in it."""
    try:
        piece.decode()
    except UnicodeDecodeError:
        return True
    return False
