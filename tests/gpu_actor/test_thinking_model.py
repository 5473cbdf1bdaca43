"""A model that thinks, of random weights: real tokens from the prompt to both channels, cut anywhere."""

from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from actors.messages.engine import Emitted
from actors.messages.generation import GenerateReply, Sampling, Turn, TurnMessage
from gpu_actor.executor import ModelExecutor, load_executor
from gpu_actor.models import ChosenModel
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.planner import SHEET, Planner, ids_of, request, with_committed
from tests.gpu_actor.thinking_model import CLOSE, OPEN, write_thinking

LIMIT, TOKENS = 14, 10
SAMPLING = Sampling(temperature=1.0, max_tokens=TOKENS, max_thought_tokens=LIMIT)


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> ModelExecutor:
    folder = tmp_path_factory.mktemp("thinker")
    path = write_thinking(folder / "thinker.gguf")
    settings = EngineSettings(slots=2, context=512, threads=1, numerics="exact")
    return load_executor(settings, ChosenModel(path, "ab" * 32, demonstration=False), folder)


def both(made: list[Emitted]) -> tuple[str, str]:
    return (
        "".join(each.text + each.held for each in made),
        "".join(each.thought + each.held_thought for each in made),
    )


def asked(number: int, **turn: object) -> GenerateReply:
    plain = request(number, SAMPLING)
    return replace(plain, turn=replace(plain.turn, **turn))


@pytest.mark.parametrize("number", range(1, 5))
def test_the_model_thinks_within_its_limit_and_then_replies(thinker: ModelExecutor, number: int) -> None:
    made = Planner(thinker).whole(asked(number))
    text, thought = both(made)
    ids = ids_of(made)
    place = ids.index(CLOSE)
    assert place < LIMIT
    assert thought == thinker.tokenizer.decode(ids[:place])
    assert text == thinker.tokenizer.decode(ids[place + 1 :])
    assert text
    assert thought
    assert "think" not in text + thought


@pytest.mark.parametrize("cut", [1, 5, 12, 13, 14, 15, 20])
def test_a_reply_cut_in_or_behind_its_thought_goes_on_as_if_nothing_had_been(
    thinker: ModelExecutor, cut: int
) -> None:
    whole = Planner(thinker).whole(asked(2))
    first, rest = whole[:cut], Planner(thinker).whole(with_committed(asked(2), whole, cut))
    assert ids_of(first) + ids_of(rest) == ids_of(whole)
    text, thought = both(first)
    more_text, more_thought = both(rest)
    assert (text + more_text, thought + more_thought) == both(whole)


def prompt(thinker: ModelExecutor, turn: Turn) -> tuple[list[int], bool]:
    plan = thinker.builder.build(turn, SHEET, 400)
    return [*plan.ids], plan.thinking


def test_the_next_prompt_holds_the_reply_and_no_thought(thinker: ModelExecutor) -> None:
    made = Planner(thinker).whole(asked(3))
    text, _ = both(made)
    turn = asked(3).turn
    history = (*turn.history, TurnMessage("assistant", text), TurnMessage("user", "Andthen?"))
    ids, _ = prompt(thinker, replace(turn, history=history))
    assert ids.count(OPEN) == 1  # the one that the template opens for the reply to come
    assert ids[-1] == OPEN
    assert CLOSE not in ids
    assert ids_of(made)[: LIMIT - 1] not in [ids[at : at + LIMIT - 1] for at in range(len(ids))]


def test_a_reply_that_is_continued_does_not_begin_inside_a_thought(thinker: ModelExecutor) -> None:
    ids, thinking = prompt(thinker, asked(1).turn)
    assert thinking
    assert ids[-1] == OPEN
    continued, thinking = prompt(thinker, replace(asked(1).turn, continue_text="Well"))
    assert not thinking
    assert continued[: len(ids) + 1] == [*ids, CLOSE]
    made = Planner(thinker).whole(asked(1, continue_text="Well"))
    assert both(made)[1] == ""


def test_the_name_of_a_tag_in_somebodys_words_opens_nothing(thinker: ModelExecutor) -> None:
    history = (
        TurnMessage("user", "<think>"),
        TurnMessage("assistant", "</think>"),
        TurnMessage("user", "Hi"),
    )
    ids, thinking = prompt(thinker, Turn(UUID(int=1), "Ann", history))
    assert (ids.count(OPEN), ids.count(CLOSE)) == (1, 0)
    assert thinking


def test_without_tags_everything_is_the_reply(thinker: ModelExecutor, tmp_path: Path) -> None:
    path = write_thinking(tmp_path / "thinker.gguf")
    settings = EngineSettings(slots=2, context=512, threads=1, numerics="exact", thoughts="off")
    plain = load_executor(settings, ChosenModel(path, "ab" * 32, demonstration=False), tmp_path)
    text, thought = both(Planner(plain).whole(asked(2)))
    assert thought == ""
    assert text
