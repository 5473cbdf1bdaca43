"""Text as token ids, for engines that give text and no ids of their own.

An id is up to three bytes of UTF-8 and their number: `count << 24 | bytes`. So the committed ids of such a
reply are its text, and a worker that takes it up again has it from them; a character may span two.
"""

from collections.abc import Iterable

from gpu_actor.tokenizer import Detokenizer, Tokenizer
from gpu_actor.vocabulary import Vocabulary

NO_TOKENS = Vocabulary(
    kind="bpe",
    pre="default",
    tokens=(),
    types=(),
    merges=(),
    scores=(),
    bos=None,
    eos=None,
    add_bos=False,
    add_space_prefix=False,
    ends=frozenset(),
)


def text_ids(text: str) -> list[int]:
    data = text.encode("utf-8", "replace")
    pieces = [data[at : at + 3] for at in range(0, len(data), 3)]
    return [len(piece) << 24 | int.from_bytes(piece, "big") for piece in pieces]


def id_bytes(token: int) -> bytes:
    """ValueError where no text has such an id."""
    count, value = token >> 24, token & 0xFF_FFFF
    if not 1 <= count <= 3 or value >> 8 * count:
        raise ValueError(f"{token} is no piece of text")
    return value.to_bytes(count, "big")


def ids_text(ids: Iterable[int]) -> str:
    return b"".join(map(id_bytes, ids)).decode("utf-8", "replace")


class TextDetokenizer(Detokenizer):
    """Ids to text, one by one; a character that spans ids appears with its last one."""

    def __init__(self) -> None:
        super().__init__([], cut_space=False)

    def add(self, token: int) -> str:
        return self.decoder.decode(id_bytes(token))


class TextTokenizer(Tokenizer):
    """In the place of a tokenizer, for building and measuring prompts: three bytes count as a token, which
    is more than any model needs for a text that it knows. There are no special tokens.
    """

    digest = ""  # of the vocabulary: there is none

    def __init__(self) -> None:
        self.vocabulary = NO_TOKENS
        self.specials: dict[str, int] = {}
        self.special_ids = frozenset[int]()
        self.verbatim: dict[str, int] = {}
        self.patterns = {False: None, True: None}
        self.pieces: list[bytes] = []

    def encode_plain(self, text: str) -> list[int]:
        return text_ids(text)

    def knows(self, token: int) -> bool:
        try:
            id_bytes(token)
        except ValueError:
            return False
        return True

    def detokenizer(self, *, fresh: bool) -> Detokenizer:
        return TextDetokenizer()
