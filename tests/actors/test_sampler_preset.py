"""Sampler presets of other programs, by their settings' names."""

import json

import pytest

from actors.messages.choices import ReplySettings
from actors.sampler_preset import NotAPresetError, ReadPreset, read_preset


def test_a_text_completion_preset_is_read() -> None:
    preset = {
        "temp": 1.1,
        "top_k": 40,
        "typical_p": 1,
        "rep_pen": 1.05,
        "rep_pen_range": 0,
        "freq_pen": 0.1,
        "dry_multiplier": 0.8,
        "dry_sequence_breakers": '["\\n", ":"]',
        "dry_penalty_last_n": 0,
        "xtc_probability": 0.5,
        "genamt": 300,
        "tfs": 1,
        "top_a": 0.2,
        "smoothing_factor": 0,
        "temperature_last": True,
        "sampler_order": [6, 0, 1],
    }
    settings = ReplySettings(
        temperature=1.1,
        top_k=40,
        typical_p=1.0,
        repetition_penalty=1.05,
        penalty_last_n=-1,
        frequency_penalty=0.1,
        dry_multiplier=0.8,
        dry_breakers=("\n", ":"),
        dry_last_n=-1,
        xtc_probability=0.5,
        max_tokens=300,
    )
    assert read_preset(json.dumps(preset)) == ReadPreset(settings, ("top_a",))


def test_a_chat_completion_preset_is_read() -> None:
    preset = {"temperature": 0.7, "top_p": 0.9, "openai_max_tokens": 500, "presence_penalty": 0.5}
    assert read_preset(json.dumps(preset).encode()).settings == ReplySettings(
        temperature=0.7, top_p=0.9, max_tokens=500, presence_penalty=0.5
    )


def test_a_temperature_between_two_becomes_a_range() -> None:
    preset = {"temp": 1, "dynatemp": True, "min_temp": 0.5, "max_temp": 1.5, "dynatemp_exponent": 2}
    assert read_preset(json.dumps(preset)).settings == ReplySettings(
        temperature=1.0, dynamic_range=0.5, dynamic_exponent=2.0
    )


def test_what_is_out_of_range_or_no_number_is_left_out_and_told() -> None:
    preset = {"temp": 99, "top_k": "many", "top_p": True, "min_p": 0.1, "dry_sequence_breakers": "["}
    read = read_preset(json.dumps(preset))
    assert read.settings == ReplySettings(min_p=0.1)
    assert set(read.left_out) == {"temp", "top_k", "top_p", "dry_sequence_breakers"}


@pytest.mark.parametrize("data", ["", "[]", "{}", "[" * 100_000, '{"name": "A card"}', b"\xff\xfe\x00"])
def test_what_is_no_preset_is_refused_in_one_line(data: str | bytes) -> None:
    with pytest.raises(NotAPresetError, match=r"^The file is no [^\n]+\.$"):
        read_preset(data)
