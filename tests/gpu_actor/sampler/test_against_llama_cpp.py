"""The same settings mean the same as in llama.cpp: what is left of the vocabulary, and with what shares."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from actors.messages.generation import Sampling
from gpu_actor.engine.gguf_file import GgufFile
from gpu_actor.sampler.filters import candidates, temperature, without_top_choices
from gpu_actor.sampler.penalties import Penalties
from gpu_actor.sampler.ranking import Ranking
from gpu_actor.tokenizer import Tokenizer
from gpu_actor.vocabulary import read_vocabulary
from tests.gpu_actor.llama_cpp import LlamaCpp
from tests.gpu_actor.sampler.reference import Logits
from tests.gpu_actor.tiny_models import TinyModel, write_tiny

PROMPT = [10, 11, 12, 13, 50, 51, 10, 11, 12, 60, 61, 29, 62, 13, 50, 51, 10, 11, 12]
"""Ends with a repetition; 29 is the colon."""

COUNT = 260

NAMES = {
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "typical_p": "typical_p",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "penalty_last_n": "repeat_last_n",
    "dry_multiplier": "dry_multiplier",
    "dry_base": "dry_base",
    "dry_allowed_length": "dry_allowed_length",
    "dry_last_n": "dry_penalty_last_n",
    "dry_breakers": "dry_sequence_breakers",
    "xtc_probability": "xtc_probability",
    "xtc_threshold": "xtc_threshold",
    "dynamic_range": "dynatemp_range",
    "dynamic_exponent": "dynatemp_exponent",
    "logit_bias": "logit_bias",
}

PLAIN = Sampling(
    temperature=1.0,
    top_k=0,
    top_p=1.0,
    min_p=0.0,
    repetition_penalty=1.0,
    dry_breakers=(":",),
    penalty_last_n=64,
)

CASES = {
    "top-k": replace(PLAIN, top_k=7),
    "top-p": replace(PLAIN, top_p=0.6),
    "min-p": replace(PLAIN, min_p=0.3),
    "typical": replace(PLAIN, typical_p=0.4),
    "top-n-sigma": replace(PLAIN, top_n_sigma=1.2),
    "top-k, then typical, top-p and min-p": replace(PLAIN, top_k=60, typical_p=0.8, top_p=0.7, min_p=0.3),
    "top-n-sigma, then top-k and top-p": replace(PLAIN, top_n_sigma=2.5, top_k=60, top_p=0.7),
    "presence and frequency": replace(PLAIN, presence_penalty=0.6, frequency_penalty=0.9),
    "a window": replace(PLAIN, presence_penalty=0.6, frequency_penalty=0.9, penalty_last_n=6),
    "penalties, then min-p": replace(PLAIN, frequency_penalty=-2.0, min_p=0.2),
    "dry": replace(PLAIN, dry_multiplier=0.7, dry_allowed_length=1),
    "dry without breakers": replace(PLAIN, dry_multiplier=0.7, dry_breakers=("#",)),
    "dry in a window": replace(
        PLAIN, dry_multiplier=0.7, dry_allowed_length=1, dry_last_n=14, dry_breakers=("#",)
    ),
    "xtc": replace(PLAIN, xtc_probability=1.0, xtc_threshold=0.01),
    "min-p, then xtc": replace(PLAIN, min_p=0.5, xtc_probability=1.0, xtc_threshold=0.05),
    "bias": replace(PLAIN, logit_bias=((100, 3.5), (12, -100.0)), top_k=20),
    "temperature after the filters": replace(PLAIN, temperature=1.7, top_p=0.5),
    "dynamic temperature": replace(PLAIN, temperature=1.1, dynamic_range=0.6, dynamic_exponent=1.4, top_k=30),
}


class Oracle:
    def __init__(self, path: Path) -> None:
        self.inner = LlamaCpp(path)

    def shares(self, sampling: Sampling, **more: Any) -> list[dict[str, Any]]:
        asked = {theirs: getattr(sampling, ours) for ours, theirs in NAMES.items()}
        asked["dry_penalty_last_n"] = sampling.dry_last_n if sampling.dry_last_n >= 0 else 512
        asked["top_n_sigma"] = sampling.top_n_sigma or -1.0
        body = {"prompt": PROMPT, "n_predict": 1, "n_probs": COUNT, "cache_prompt": False, "seed": 1}
        request = urllib.request.Request(
            f"{self.inner.server.listening_address}/completion",
            json.dumps(body | asked | {"repeat_penalty": 1.0} | more).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            (step,) = json.load(answer)["completion_probabilities"]
        return step.get("top_probs") or step["top_logprobs"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("oracle") / "tiny.gguf", TinyModel(layers=1))


@pytest.fixture(scope="module")
def oracle(tiny: Path) -> Oracle:
    return Oracle(tiny)


@pytest.fixture(scope="module")
def logits(oracle: Oracle) -> Logits:
    """Logarithms of probabilities, which are logits but for a constant."""
    found = np.full(COUNT, np.nan, np.float32)
    for each in oracle.shares(PLAIN):
        found[each["id"]] = each["logprob"]
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_and_its_shares_are_those_of_llama_cpp(
    tiny: Path, oracle: Oracle, logits: Logits, name: str
) -> None:
    sampling = CASES[name]
    theirs = {each["id"]: each["prob"] for each in oracle.shares(sampling, post_sampling_probs=True)}
    penalties = Penalties(sampling, Tokenizer(read_vocabulary(GgufFile(tiny))))
    penalties.begin(PROMPT)
    changed, values = penalties.changed(logits, hold=False)
    edited = logits.copy()
    edited[changed] = values
    found = without_top_choices(candidates(Ranking(edited), sampling), sampling, seed=1, place=0)
    weights = np.exp((found[1] - found[1].max()) / temperature(found[1], sampling))
    ours = dict(zip(found[0].tolist(), (weights / weights.sum()).tolist(), strict=True))
    assert {token for token, share in ours.items() if share > 1e-6} == {
        token for token, share in theirs.items() if share > 1e-6
    }
    for token, share in theirs.items():
        assert ours.get(token, 0.0) == pytest.approx(share, rel=1e-3, abs=2e-6)


def test_the_repetition_penalty_is_that_of_llama_cpp(tiny: Path, oracle: Oracle, logits: Logits) -> None:
    """Whether a logit is positive decides, and its constant is not told: it is the one that all agree on."""
    by = 1.5
    told = oracle.shares(PLAIN, repeat_penalty=by, post_sampling_probs=True)
    shares = {each["id"]: each["prob"] for each in told}
    seen, unseen = sorted(set(PROMPT)), 133
    falls = {
        token: float(np.log(shares[token] / shares[unseen]) - (logits[token] - logits[unseen]))
        for token in seen
    }
    constants = [
        whole - float(logits[token])
        for token, fall in falls.items()
        for whole in (fall / (1 / by - 1), fall / (by - 1))
    ]
    constant = max(constants, key=lambda one: sum(abs(one - other) < 0.01 for other in constants))
    penalties = Penalties(replace(PLAIN, repetition_penalty=by), Tokenizer(read_vocabulary(GgufFile(tiny))))
    penalties.begin(PROMPT)
    whole = (logits + constant).astype(np.float32)
    ids, values = penalties.changed(whole, hold=False)
    assert sorted(ids.tolist()) == seen
    assert {bool(whole[token] > 0) for token in seen} == {True, False}
    for token, value in zip(ids.tolist(), values.tolist(), strict=True):
        assert value - whole[token] == pytest.approx(falls[token], abs=0.01)
