"""Tokenizer: text to token ids and back, from a GGUF vocabulary. The door to the `tokenizers` package.

Nobody's text becomes a special token: the inner tokenizer does not know them. Their places in
its vocabulary hold names that no text can spell, and only `special=True` looks for them, before
the text reaches it.
"""

import codecs
import re
from collections.abc import Container, Iterable

from tokenizers import Regex
from tokenizers import Tokenizer as InnerTokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

from gpu_actor.pre_tokenizers import PRE_TOKENIZERS
from gpu_actor.score_merges import merges_by_score
from gpu_actor.troubles import ModelFileError
from gpu_actor.vocabulary import (
    BYTE,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    Vocabulary,
    unknown_pre_tokenizer,
)

SPACE = "\u2581"
"""What SentencePiece writes for a space."""


class Tokenizer:
    """Text to ids and back for one model."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.specials = vocabulary.specials()
        self.special_ids = frozenset(self.specials.values())
        self.verbatim = vocabulary.verbatim()
        self.patterns = {False: any_of(self.verbatim), True: any_of(self.specials | self.verbatim)}
        self.inner = inner_spm(vocabulary) if vocabulary.kind == "spm" else inner_bpe(vocabulary)
        self.pieces = token_pieces(vocabulary, self.special_ids)

    @property
    def bos(self) -> int | None:
        return self.vocabulary.bos

    @property
    def ends(self) -> frozenset[int]:
        """Ids that end the model's turn."""
        return self.vocabulary.ends

    def encode(self, text: str, special: bool) -> list[int]:
        """Ids of the text, without BOS. `special`: whether names of special tokens in it become them."""
        return self.encode_parts([(text, special)])

    def encode_parts(self, parts: Iterable[tuple[str, bool]]) -> list[int]:
        """Ids of texts that follow one another, each with its own `special`.

        Plain text on both sides of a seam is encoded together, so harmless text gives the
        same ids as if the whole were one string.
        """
        ids: list[int] = []
        plain: list[str] = []
        for text, special in parts:
            for piece, token in self.cut(text, special=special):
                if token is None:
                    plain.append(piece)
                else:
                    ids += self.encode_plain("".join(plain))
                    plain.clear()
                    ids.append(token)
        return ids + self.encode_plain("".join(plain))

    def cut(self, text: str, *, special: bool) -> list[tuple[str, int | None]]:
        """The text cut at verbatim tokens, and where asked for at special ones."""
        pattern = self.patterns[special]
        if pattern is None:
            return [(text, None)]
        cut: list[tuple[str, int | None]] = []
        at = 0
        for match in pattern.finditer(text):
            name = match.group()
            cut += [
                (text[at : match.start()], None),
                (name, self.specials.get(name, self.verbatim.get(name))),
            ]
            at = match.end()
        return [*cut, (text[at:], None)]

    def encode_plain(self, text: str) -> list[int]:
        if not text:
            return []
        if self.vocabulary.kind == "spm":
            text = text.replace(" ", SPACE)
            if self.vocabulary.add_space_prefix:
                text = SPACE + text
        # Half a surrogate pair is no text; the tokenizer would refuse the whole of it.
        clean = text.encode("utf-8", "replace").decode()
        return self.inner.encode(clean, add_special_tokens=False).ids

    def name(self, token: int | None) -> str:
        """How a template spells the token; empty for none."""
        return "" if token is None else self.vocabulary.tokens[token]

    def detokenizer(self, *, fresh: bool) -> "Detokenizer":
        """`fresh`: the ids begin a text; then SentencePiece's leading space is no part of it."""
        return Detokenizer(self.pieces, cut_space=fresh and self.vocabulary.add_space_prefix)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of whole ids; special tokens have none, an unfinished character is left out."""
        detokenizer = self.detokenizer(fresh=True)
        return "".join([detokenizer.add(token) for token in ids])


class Detokenizer:
    """Ids to text, one by one; a character that spans tokens appears with its last one."""

    def __init__(self, pieces: list[bytes], *, cut_space: bool) -> None:
        self.pieces = pieces
        self.cut_space = cut_space
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int) -> str:
        """The text that this id completes; may be empty."""
        piece = self.pieces[token]
        if self.cut_space and piece:
            self.cut_space = False
            piece = piece.removeprefix(b" ")
        return self.decoder.decode(piece)


# -- building -------------------------------------------------------------------------------------


def unspellable(index: int) -> str:
    """A name for a token that no text can lead to: it begins with a private character, which the byte
    alphabet of BPE lacks and which SentencePiece knows only as bytes.
    """
    return f"\U0010fffd{index}"


def reachable(vocabulary: Vocabulary) -> dict[str, int]:
    """Token text → id as the inner tokenizer sees it, all but the tokens for plain text hidden."""
    known = {text: index for index, text in enumerate(vocabulary.tokens)}
    for index in vocabulary.unusual():
        del known[vocabulary.tokens[index]]
        known[unspellable(index)] = index
    return known


def any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Matches each of the names, the longest first; None where there is none."""
    longest_first = sorted(names, key=len, reverse=True)
    if not longest_first:
        return None
    # Some vocabularies have thousands of names: where none can begin, none is tried.
    first_letters = re.escape("".join(sorted({name[0] for name in longest_first})))
    return re.compile(f"(?=[{first_letters}])(?:{'|'.join(map(re.escape, longest_first))})")


def inner_bpe(vocabulary: Vocabulary) -> InnerTokenizer:
    patterns = PRE_TOKENIZERS.get(vocabulary.pre)
    if patterns is None:
        raise unknown_pre_tokenizer(vocabulary.pre)
    known = reachable(vocabulary)
    merges = known_merges(vocabulary, known)
    inner = InnerTokenizer(BPE(vocab=known, merges=merges, ignore_merges=vocabulary.whole_words))
    splits = [Split(Regex(pattern), behavior="isolated") for pattern in patterns]
    inner.pre_tokenizer = Sequence([*splits, ByteLevel(add_prefix_space=False, use_regex=False)])
    return inner


def known_merges(vocabulary: Vocabulary, known: dict[str, int]) -> list[tuple[str, str]]:
    """The merges of tokens that text can lead to, in their order."""
    merges: list[tuple[str, str]] = []
    for merge in vocabulary.merges:
        cut = merge.find(" ", 1)
        left, right = merge[:cut], merge[cut + 1 :]
        if cut < 1 or not right:
            raise ModelFileError("a merge of the tokenizer has no second half: the file is damaged")
        if left in known and right in known and left + right in known:
            merges.append((left, right))
    return merges


def inner_spm(vocabulary: Vocabulary) -> InnerTokenizer:
    """SentencePiece's BPE joins the pair whose token scores best: the same as merges in order of score."""
    known = reachable(vocabulary)
    if vocabulary.scores:
        normal = [(text, index) for text, index in known.items() if vocabulary.types[index] == NORMAL]
        merges = merges_by_score([(text, vocabulary.scores[index]) for text, index in normal])
    else:
        merges = known_merges(vocabulary, known)
    unknown = next((unspellable(i) for i, kind in enumerate(vocabulary.types) if kind == UNKNOWN), None)
    model = BPE(vocab=known, merges=merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    return InnerTokenizer(model)


def token_pieces(vocabulary: Vocabulary, specials: Container[int]) -> list[bytes]:
    """The bytes that each token stands for; special tokens stand for none."""
    byte_of = byte_alphabet()
    pieces: list[bytes] = []
    for index, (text, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True)):
        if index in specials or kind == UNUSED:
            pieces.append(b"")
        elif kind == USER_DEFINED:
            pieces.append(text.encode())
        elif vocabulary.kind == "spm":
            pieces.append(spm_piece(text, kind))
        else:
            pieces.append(b"".join([byte_of.get(letter) or letter.encode() for letter in text]))
    return pieces


def spm_piece(text: str, kind: int) -> bytes:
    if kind == BYTE:
        try:
            return bytes([int(text.removeprefix("<0x").removesuffix(">"), 16)])
        except ValueError as error:
            raise ModelFileError(f"the byte token {text!r} names no byte: the file is damaged") from error
    return text.replace(SPACE, " ").encode()


def byte_alphabet() -> dict[str, bytes]:
    """Letter → byte of byte-level BPE (Radford et al. 2019): printable bytes are themselves, the
    others come from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): bytes([byte]) for byte in printable}
    return letters | {chr(0x100 + index): bytes([byte]) for index, byte in enumerate(others)}
