"""What is done in the background leaves the conversations' caches as they were, or makes them ready."""

import pytest
from msgspec.structs import replace

from actors.messages.generation import GenerateReply, Sampling
from gpu_actor.executor import ModelExecutor, load_executor
from gpu_actor.models import choose_model
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.planner import Planner, text_of
from tests.gpu_actor.test_reuse import SHEET, Talk, forget, settle
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

TASK = "Write a title for this talk."


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> ModelExecutor:
    folder = tmp_path_factory.mktemp("tiny")
    chosen = choose_model(str(write_tiny(folder / "tiny.gguf", TinyModel("Q4_1", context=768))), folder)
    return load_executor(EngineSettings(slots=2, kept=1, context=768, threads=1), chosen, folder)


@pytest.fixture
def executor(loaded: ModelExecutor) -> ModelExecutor:
    forget(loaded)
    return loaded


def chore(talk: Talk, task: str = TASK, summary: str = "", first: int = 0) -> GenerateReply:
    """In the conversation as it stands."""
    asked = talk.ask("")
    talk.history.pop()
    turn = replace(asked.turn, history=tuple(talk.history), task=task, summary=summary, summarised=first)
    return replace(asked, turn=turn, sampling=Sampling(max_tokens=9, temperature=0.0), background=True)


def talked(executor: ModelExecutor) -> Talk:
    talk = Talk(1)
    for text in ("Who are you, and where do you come from?", "And then? Tell me all of it, please."):
        talk.reply(executor, text)
    settle(executor)
    return talk


def known(executor: ModelExecutor, talk: Talk) -> tuple[int, int]:
    """Of the next prompt: its tokens, and those that need no computing."""
    planner = Planner(executor)
    admitted = planner.admit(0, talk.ask("Go on."), SHEET)
    return admitted.prompt_tokens, admitted.reused + admitted.cloned


def test_a_task_begins_with_a_copy_of_the_talk_and_leaves_the_talk_warm(executor: ModelExecutor) -> None:
    talk = talked(executor)
    planner = Planner(executor)
    admitted = planner.admit(1, chore(talk), SHEET)
    assert admitted.cloned > 0.6 * admitted.prompt_tokens
    assert not admitted.reused
    planner.finish()
    assert text_of(planner.made[1])
    planner.release(1)
    prompt, found = known(executor, talk)
    assert prompt - found < 30


def test_what_was_written_for_a_task_is_kept_nowhere(executor: ModelExecutor) -> None:
    talk = talked(executor)
    before = {held.conversation for held in executor.caches.held.values()}
    planner = Planner(executor)
    planner.admit(1, chore(talk), SHEET)
    planner.finish()
    planner.release(1)
    assert {held.conversation for held in executor.caches.held.values()} == before
    assert settle(executor) == 0


def test_a_task_that_was_taken_away_is_gone_on_with(executor: ModelExecutor) -> None:
    talk = talked(executor)
    forget(executor)
    planner = Planner(executor)
    whole = planner.admit(1, chore(talk), SHEET)
    planner.step()
    planner.release(1)
    again = Planner(executor).admit(1, chore(talk), SHEET)
    assert again.cloned > 0
    assert again.to_prefill < whole.to_prefill


def test_the_prompt_after_a_summary_is_computed_ahead(executor: ModelExecutor) -> None:
    talk = talked(executor)
    summary = "They met at sea, and she told where she comes from. " * 3
    ahead = chore(talk, "", summary, 3)
    planner = Planner(executor)
    assert planner.admit(1, ahead, SHEET).settles
    planner.finish()
    assert planner.made[1][-1].end == "length"
    planner.release(1)
    assert settle(executor) > 30
    asked = talk.ask("Go on.")
    turn = replace(asked.turn, summary=summary, summarised=3)
    admitted = Planner(executor).admit(0, replace(asked, turn=turn), SHEET)
    assert admitted.to_prefill < 30  # its own message, and the template's frame around it
    assert admitted.reused > 60


def test_without_it_the_turn_after_a_summary_would_compute_nearly_all(executor: ModelExecutor) -> None:
    talk = talked(executor)
    asked = talk.ask("Go on.")
    turn = replace(asked.turn, summary="They met at sea.", summarised=3)
    admitted = Planner(executor).admit(0, replace(asked, turn=turn), SHEET)
    assert admitted.to_prefill > 60


def test_a_talk_without_a_reply_has_nothing_to_compute_ahead(executor: ModelExecutor) -> None:
    talk = Talk(1)
    talk.history.clear()
    planner = Planner(executor)
    planner.admit(1, chore(talk, ""), SHEET)
    planner.finish()
    planner.release(1)
    assert settle(executor) == 0
