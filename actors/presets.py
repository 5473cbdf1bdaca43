"""Presets: named settings of sampling, each for one wish a person may have.

Those that cut with min-p leave top-k and top-p off: min-p looks at the distance to the most likely token, so
it keeps one token where the model is sure and many where it is not, and a higher temperature afterwards
changes the order among the plausible but lets nothing else in (Nguyen et al. 2024, arXiv 2407.01082).
"""

import difflib

from actors.messages.generation import Sampling

DEFAULT_PRESET = "balanced"

PRESETS: dict[str, Sampling] = {
    # The most likely token each time: for tests and for extracting facts; loops sooner or later.
    "greedy": Sampling(temperature=0.0, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0),
    # Instructions, summaries, code: hardly any chance, and no penalty, for code and lists repeat rightly.
    "precise": Sampling(temperature=0.3, top_k=40, top_p=0.9, min_p=0.1, repetition_penalty=1.0),
    # Small or strongly quantised models, which wander: less chance, and loops are broken by DRY, which
    # leaves names and common words alone, so that the older penalty can be light.
    "steady": Sampling(
        temperature=0.6, top_k=0, top_p=1.0, min_p=0.1, repetition_penalty=1.05, dry_multiplier=0.8
    ),
    # What is used when nobody chooses: the defaults that most programs have.
    DEFAULT_PRESET: Sampling(),
    # Stories and role-play with a capable model: the temperature of the model's own training, clichés
    # put aside half of the time (XTC), loops broken by DRY, common words never punished.
    "creative": Sampling(
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        min_p=0.03,
        repetition_penalty=1.0,
        dry_multiplier=0.8,
        xtc_probability=0.5,
        xtc_threshold=0.1,
    ),
}


class UnknownPresetError(ValueError):
    """No preset has this name: take one of those that the text names."""


def find_preset(name: str) -> Sampling:
    """Raises UnknownPresetError, with the name that is nearest."""
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name.lower(), list(PRESETS), n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PRESETS)}"
    raise UnknownPresetError(f"there is no preset {name}; {hint}")
