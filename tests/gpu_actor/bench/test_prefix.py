"""The bench of prompts: turns of a small model of random weights."""

from pathlib import Path

from gpu_actor.bench.prefix import found_of, measure
from gpu_actor.executor import load_executor
from gpu_actor.models import choose_model
from gpu_actor.settings import EngineSettings
from tests.gpu_actor.tiny_models import TinyModel, write_tiny


def test_each_turn_says_what_of_its_prompt_was_known(tmp_path: Path) -> None:
    chosen = choose_model(str(write_tiny(tmp_path / "tiny.gguf", TinyModel("Q4_1", context=4096))), tmp_path)
    settings = EngineSettings(slots=2, kept=1, context=4096, threads=1)
    turns = list(measure(load_executor(settings, chosen, tmp_path), turns=4, summary_at=4, tokens=2))
    assert [turn.turn for turn in turns] == [1, 2, 3, 4]
    assert turns[0].known == 0
    assert all(0 < turn.known < turn.prompt for turn in turns[1:])
    assert any(turn.lore for turn in turns)
    assert [turn.summary for turn in turns] == [False, False, False, True]
    found = found_of("tiny", turns)
    assert 0.0 < found.share < 1.0
