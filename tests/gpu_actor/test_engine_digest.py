"""The engine digest: another one wherever the last bits may be others."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gpu_actor.engine_digest import engine_digest, processor_name
from gpu_actor.engine_facts import EngineFacts
from gpu_actor.settings import EngineSettings

FACTS = EngineFacts("ONNX Runtime 1.23 (CPU)", "m", "0f", 8, 4_096, False, "fast", 4)


def digest(version: str = "1.0", processor: str = "Zen", **settings: Any) -> bytes:
    return engine_digest(FACTS, EngineSettings(**settings), version, processor)


def test_what_computes_alike_has_the_same_digest_whatever_it_is_called_and_why_it_serves() -> None:
    renamed = replace(FACTS, model="another name", why="it is the fastest here")
    assert engine_digest(renamed, EngineSettings(remote_silence_s=9), "1.0", "Zen") == digest()


@pytest.mark.parametrize(
    "changed",
    [
        {"engine": "ONNX Runtime 1.24 (CPU)"},
        {"numerics": "exact"},
        {"threads": 8},
        {"slots": 4},
    ],
)
def test_another_engine_has_another_digest(changed: dict[str, Any]) -> None:
    assert engine_digest(replace(FACTS, **changed), EngineSettings(), "1.0", "Zen") != digest()


def test_another_processor_version_or_setting_that_changes_logits_has_another_digest() -> None:
    others = [
        digest(version="1.1"),
        digest(processor="Skylake"),
        digest(weights="int4"),
        digest(cache_type="f32"),
        digest(plan_cache="int6"),
    ]
    assert len({digest(), *others}) == 1 + len(others)


def test_a_processor_is_called_what_it_calls_itself(tmp_path: Path) -> None:
    listed = tmp_path / "cpuinfo"
    listed.write_text("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n\nmodel name\t: Some CPU @ 3 GHz\n")
    assert processor_name(listed).endswith(" Some CPU @ 3 GHz")
    assert processor_name(tmp_path / "nowhere")
    assert processor_name()
