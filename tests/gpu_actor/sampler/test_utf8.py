"""No text that a reader sees holds half a character, whatever ids a model draws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_actor.executor import ModelExecutor
from gpu_actor.reply_text import ReplyText
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.vocabulary import BYTE, CONTROL, NORMAL, UNKNOWN, Vocabulary

SPACE = "\u2581"


@pytest.fixture(scope="session")
def pieces() -> Tokenizer:
    """SentencePiece, with every byte as a token."""
    words = (SPACE, "a", f"{SPACE}the", "é", "日本", "😀")
    return Tokenizer(
        Vocabulary(
            kind="spm",
            pre="default",
            tokens=("<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words),
            types=(UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(words)),
            merges=(),
            scores=(0.0,) * (259 + len(words)),
            bos=1,
            eos=2,
            add_bos=True,
            add_space_prefix=True,
            ends=frozenset({2}),
        )
    )


@pytest.fixture(scope="session", params=["letters", "bytes as letters", "sentencepiece"])
def tokenizer(
    request: pytest.FixtureRequest, letters: Tokenizer, pieces: Tokenizer, fast: ModelExecutor
) -> Tokenizer:
    return {"letters": letters, "bytes as letters": fast.tokenizer, "sentencepiece": pieces}[request.param]


@given(data=st.data())
def test_text_comes_in_whole_characters_and_is_that_of_all_bytes(
    tokenizer: Tokenizer, data: st.DataObject
) -> None:
    ids = data.draw(st.lists(st.integers(0, len(tokenizer.pieces) - 1), max_size=30))
    stops = data.draw(st.lists(st.sampled_from(["é", "\ufffd", "ab", "本"]), max_size=2))
    reply = ReplyText(tokenizer.detokenizer(fresh=False), stops)
    shown: list[str] = []
    for token in ids:
        shown.append(reply.add(token).text)
        if reply.stopped:
            break
    shown.append(reply.rest().text)
    for text in shown:
        text.encode()  # a lone surrogate would raise
    whole = b"".join(tokenizer.pieces[token] for token in ids).decode("utf-8", "replace")
    together = "".join(shown)
    assert whole.startswith(together)
    if not reply.stopped:
        # Only a character that is not complete may be missing, at the very end.
        assert whole[len(together) :] in {"", "\ufffd", "\ufffd\ufffd", "\ufffd\ufffd\ufffd"}


@given(text=st.text(min_size=1, max_size=20))
def test_a_character_is_shown_whole_however_its_bytes_are_cut_into_tokens(
    pieces: Tokenizer, text: str
) -> None:
    reply = ReplyText(pieces.detokenizer(fresh=False), ())
    shown = [reply.add(3 + byte).text for byte in text.encode("utf-8", "replace")]
    assert "".join(shown) == text.encode("utf-8", "replace").decode()
    assert all(len(each) <= 1 for each in shown)
