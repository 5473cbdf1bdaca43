"""Constraints: the text fits, ends where it is complete, and a bad one is refused in one line."""

import json
import random
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages.generation import ConstraintKind, Sampling
from gpu_actor.executor import ModelExecutor
from gpu_actor.sampler.constraint import Constraint, ConstraintStuckError, UnfitConstraintError, lark_of
from gpu_actor.tokenizer import Tokenizer
from tests.gpu_actor.planner import Planner, ids_of, request, text_of, with_committed

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer", "maximum": 99},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
)
LIST = 'root ::= item (", " item)?\nitem ::= [a-z] | "é" | "日本" | "😀"'


def constraint(kind: ConstraintKind, text: str, tokenizer: Tokenizer) -> Constraint:
    return Constraint(Sampling(constraint_kind=kind, constraint=text), tokenizer)


@pytest.fixture(scope="session", params=["letters", "real"])
def tokenizer(request: pytest.FixtureRequest, letters: Tokenizer, fast: ModelExecutor) -> Tokenizer:
    return letters if request.param == "letters" else fast.tokenizer


def wander(found: Constraint, tokenizer: Tokenizer, seed: int, most: int = 400) -> str | None:
    """A text that somebody who knows nothing but the mask writes; None where it did not end in time."""
    chooser = random.Random(seed)
    detokenizer = tokenizer.detokenizer(fresh=False)
    text = ""
    for _ in range(most):
        allowed = np.flatnonzero(found.allowed())
        ends = [token for token in allowed if token in tokenizer.ends]
        if ends and chooser.random() < 0.5:
            return text
        inner = [int(token) for token in allowed if token not in tokenizer.ends]
        if not inner:
            return text
        token = chooser.choice(inner)
        found.accept(token)
        text += detokenizer.add(token)
    return None


def is_person(text: str) -> bool:
    return set(json.loads(text)) == {"name", "age"}


def matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


WORDS = 'start: WORD ("-" WORD)? \nWORD: /[a-z]{1,9}/'
CASES: list[tuple[ConstraintKind, str, Callable[[str], bool]]] = [
    ("regex", "(yes|no){1,3}!?", matches("(yes|no){1,3}!?")),
    ("lark", WORDS, matches("[a-z]{1,9}(-[a-z]{1,9})?")),
    ("json_schema", SCHEMA, is_person),
]


@pytest.mark.parametrize(("kind", "text", "fits"), CASES, ids=["regex", "lark", "json_schema"])
def test_every_text_that_is_allowed_fits(
    tokenizer: Tokenizer, kind: ConstraintKind, text: str, fits: Callable[[str], bool]
) -> None:
    written = [wander(constraint(kind, text, tokenizer), tokenizer, seed) for seed in range(20)]
    ended = [each for each in written if each is not None]
    assert ended
    assert all(fits(each) for each in ended), ended


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_a_character_is_never_split_at_an_end(fast: ModelExecutor, seed: int) -> None:
    text = wander(constraint("gbnf", LIST, fast.tokenizer), fast.tokenizer, seed)
    assert text is not None
    assert re.fullmatch("([a-z]|é|日本|😀)(, ([a-z]|é|日本|😀))?", text), text


def test_the_end_of_a_turn_is_allowed_exactly_where_the_text_is_complete(fast: ModelExecutor) -> None:
    tokenizer = fast.tokenizer
    found = constraint("regex", "a{2,3}", tokenizer)
    ends = sorted(tokenizer.ends)
    (letter,) = tokenizer.encode("a", special=False)
    seen: list[list[bool]] = []
    for _ in range(4):
        seen.append(found.allowed()[ends].tolist())
        found.accept(letter)
    assert seen == [[complete] * len(ends) for complete in (False, False, True, True)]


def test_special_tokens_are_no_part_of_a_constrained_reply(fast: ModelExecutor) -> None:
    tokenizer = fast.tokenizer
    others = sorted(tokenizer.special_ids - tokenizer.ends)
    for text in (".*", "[^a]{3,}"):
        assert not constraint("regex", text, tokenizer).allowed()[others].any()
    for text in ('start: <|im_start|> "a"', 'start: <[1]> "a"'):
        with pytest.raises(UnfitConstraintError):
            constraint("lark", text, tokenizer)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("regex", "("),
        ("regex", "(" * 5_000 + ")" * 5_000),
        ("regex", r"[^\x00-\U0010ffff]"),
        ("lark", "start: ("),
        ("lark", "start: other"),
        ("lark", "start: " + "(" * 5_000 + '"a"' + ")" * 5_000),
        ("gbnf", "root ::= other"),
        ("gbnf", 'root ::= "a'),
        ("gbnf", "root ::= " + "(" * 5_000 + '"a"' + ")" * 5_000),
        ("json_schema", "{"),
        ("json_schema", "3"),
        ("json_schema", "[" * 5_000),
        ("json_schema", '{"items":' * 3_000 + "{}" + "}" * 3_000),
        ("json_schema", '{"type":"string"}}],"x":[{"lark":"start: /a/"}'),
        ("json_schema", '{"$ref":"file:///etc/hostname"}'),
    ],
)
def test_a_bad_constraint_is_refused_in_one_line(letters: Tokenizer, kind: ConstraintKind, text: str) -> None:
    with pytest.raises(UnfitConstraintError) as refused:
        constraint(kind, text, letters)
    line = str(refused.value)
    assert "\n" not in line
    assert "panic" not in line
    assert len(line) < 300


@given(text=st.text(st.sampled_from("ab:=()[]{}|*+?\"'\\/-^#.\n 01é"), max_size=60))
def test_a_grammar_of_noise_is_a_grammar_or_refused(letters: Tokenizer, text: str) -> None:
    lines: list[str] = []
    for kind in ("regex", "lark", "gbnf", "json_schema"):
        try:
            constraint(kind, text or " ", letters).allowed()
        except UnfitConstraintError as error:
            lines.append(str(error))
    assert not any("\n" in line for line in lines)


PERSON = json.dumps(
    {
        "type": "object",
        "properties": {
            "mood": {"enum": ["glad", "sad"]},
            "age": {"type": "integer", "minimum": 1, "maximum": 99},
        },
        "required": ["mood", "age"],
        "additionalProperties": False,
        "x-guidance": {"whitespace_flexible": False},
    }
)


def test_the_model_answers_as_the_schema_says_also_when_its_reply_is_taken_up_again(
    fast: ModelExecutor,
) -> None:
    sampling = Sampling(temperature=1.5, top_k=0, top_p=1.0, constraint_kind="json_schema", constraint=PERSON)
    for number, text in enumerate(("How are you?", "Who are you?", "Tell me a story.")):
        asked = request(number, sampling, text)
        whole = Planner(fast).whole(asked)
        answer = json.loads(text_of(whole))
        assert answer["mood"] in {"glad", "sad"}
        assert 1 <= answer["age"] <= 99
        planner = Planner(fast)
        planner.admit(0, with_committed(asked, whole, 3))
        planner.finish()
        assert ids_of(whole)[:3] + ids_of(planner.made[0]) == ids_of(whole)


def test_a_token_that_does_not_fit_shows_at_the_next_one(letters: Tokenizer) -> None:
    found = constraint("regex", "ab", letters)
    found.accept(letters.encode("z", special=False)[0])
    with pytest.raises(ConstraintStuckError, match=r"^The constraint stopped the reply: "):
        found.allowed()


def test_a_grammar_of_llama_cpp_is_converted() -> None:
    assert "start: " in lark_of('root ::= "yes" | "no"')
