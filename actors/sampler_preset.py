"""Reads a sampler preset of SillyTavern: of its text completion, its chat completion, or KoboldAI. Pure.

Their names for the settings differ; what Samovar has no counterpart of is named, where it is switched on.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from actors.messages.choices import ReplySettings
from actors.sampling_limits import RANGES, STRING_LENGTH, STRINGS

NAMES: Mapping[str, str] = {
    "temp": "temperature",
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "typical": "typical_p",
    "typical_p": "typical_p",
    "nsigma": "top_n_sigma",
    "top_n_sigma": "top_n_sigma",
    "rep_pen": "repetition_penalty",
    "repetition_penalty": "repetition_penalty",
    "rep_pen_range": "penalty_last_n",
    "freq_pen": "frequency_penalty",
    "frequency_penalty": "frequency_penalty",
    "presence_pen": "presence_penalty",
    "presence_penalty": "presence_penalty",
    "dry_multiplier": "dry_multiplier",
    "dry_base": "dry_base",
    "dry_allowed_length": "dry_allowed_length",
    "dry_penalty_last_n": "dry_last_n",
    "xtc_probability": "xtc_probability",
    "xtc_threshold": "xtc_threshold",
    "genamt": "max_tokens",
    "openai_max_tokens": "max_tokens",
    "min_length": "min_tokens",
}
"""Theirs → ours."""

WHOLE = frozenset({"top_k", "penalty_last_n", "dry_allowed_length", "dry_last_n", "max_tokens", "min_tokens"})
WITHOUT_END = frozenset({"penalty_last_n", "dry_last_n"})
"""0 there is the whole prompt; here it is none, and the whole is -1."""

UNKNOWN: Mapping[str, tuple[object, ...]] = {
    "tfs": (1,),
    "top_a": (0,),
    "smoothing_factor": (0,),
    "mirostat_mode": (0,),
    "epsilon_cutoff": (0,),
    "eta_cutoff": (0,),
    "guidance_scale": (1,),
    "rep_pen_slope": (0, 1),
    "no_repeat_ngram_size": (0,),
    "skew": (0,),
    "penalty_alpha": (0,),
    "num_beams": (1,),
    "grammar_string": ("",),
    "json_schema": (None, {}),
}
"""What has no counterpart → values with which it does nothing."""


class NotAPresetError(ValueError):
    """The file is no sampler preset: the text says why, in one line."""


class ReadPreset(msgspec.Struct, frozen=True):
    """`left_out`: their names of what could not be taken over."""

    settings: ReplySettings
    left_out: tuple[str, ...]


def read_preset(data: bytes | str) -> ReadPreset:
    """Raises NotAPresetError."""
    try:
        said: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotAPresetError("The file is no JSON.") from error
    if not isinstance(said, dict):
        raise NotAPresetError("The file is no sampler preset.")
    return preset_of(cast("Mapping[str, Any]", said))


def preset_of(said: Mapping[str, Any]) -> ReadPreset:
    """Raises NotAPresetError."""
    found: dict[str, Any] = {}
    left_out = [name for name, idle in UNKNOWN.items() if name in said and said[name] not in idle]
    for theirs, ours in NAMES.items():
        if theirs not in said:
            continue
        value = number(ours, said[theirs])
        if value is None:
            left_out.append(theirs)
        elif ours not in found:
            found[ours] = value
    if not found:
        raise NotAPresetError("The file is no sampler preset: none of its settings is known.")
    if said.get("dynatemp") is True:
        heat(said, found, left_out)
    if "dry_sequence_breakers" in said:
        breakers = texts(said["dry_sequence_breakers"])
        if breakers is None:
            left_out.append("dry_sequence_breakers")
        else:
            found["dry_breakers"] = breakers
    return ReadPreset(msgspec.convert(found, ReplySettings), tuple(left_out))


def number(ours: str, value: object) -> float | None:
    """The value where it is one that ours may have."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if ours in WITHOUT_END and value == 0:
        value = -1
    least, most = RANGES[ours]
    if not least <= value <= most:
        return None
    return int(value) if ours in WHOLE else float(value)


def heat(said: Mapping[str, Any], found: dict[str, Any], left_out: list[str]) -> None:
    """A temperature between two: ours has the middle, and how far it goes either way."""
    low, high = (number("temperature", said.get(name)) for name in ("min_temp", "max_temp"))
    if low is None or high is None or low > high:
        left_out.append("dynatemp")
        return
    found["temperature"] = (low + high) / 2
    found["dynamic_range"] = (high - low) / 2
    exponent = number("dynamic_exponent", said.get("dynatemp_exponent"))
    if exponent is not None:
        found["dynamic_exponent"] = exponent


def texts(value: object) -> tuple[str, ...] | None:
    """A list of texts, or its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, list) or len(cast("list[object]", value)) > STRINGS:
        return None
    found = cast("list[object]", value)
    if not all(isinstance(text, str) and 0 < len(text) <= STRING_LENGTH for text in found):
        return None
    return tuple(cast("list[str]", found))
