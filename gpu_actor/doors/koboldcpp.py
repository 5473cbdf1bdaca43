"""KoboldCpp by its own calls (its /api page). They take a prompt as text and give text: the ids of
/api/extra/tokencount cannot be passed in, so a reply goes on from its text.
"""

from collections.abc import Generator
from typing import Any

from actors.messages.generation import EndReason, Sampling
from gpu_actor.doors.http import Http, Json
from gpu_actor.doors.remote_kinds import (
    Asked,
    Call,
    Came,
    Model,
    Took,
    back,
    decoded,
    fields,
    text_made,
    text_of,
    unfit_schema,
    whole,
)
from gpu_actor.doors.text_ids import TextTokenizer
from gpu_actor.engine_facts import Continuation
from gpu_actor.prompt.template import Part
from gpu_actor.troubles import RemoteEngineError

MOST_BIASES = 512


class KoboldCpp:
    """It reads special tokens in text wherever they stand, so in what people wrote a word joiner breaks
    whatever looks like the marks of the template.
    """

    path = "/api/extra/generate/stream"
    continuation: Continuation = "text"
    formats: bool = True
    ignored: tuple[str, ...] = ("frequency_penalty", "min_tokens", "max_thought_tokens")

    def look(self, http: Http) -> Model:
        version = fields(http.get("/api/extra/version"))
        if version.get("result") != "KoboldCpp":
            raise RemoteEngineError(f"{http.address} is no KoboldCpp")
        name = text_of(fields(http.get("/api/v1/model")).get("result")).rsplit("/", 1)[-1]
        context = whole(fields(http.get("/api/extra/true_max_context_length")).get("value"))
        try:
            template = text_of(fields(http.get("/props")).get("chat_template"))
        except RemoteEngineError:  # older ones have no such call
            template = ""
        return Model(f"KoboldCpp {text_of(version.get('version'))}", name, context, 1, template)

    def open(self, loading: Http, http: Http, model: Model) -> TextTokenizer:
        return TextTokenizer()

    def refusal(self, sampling: Sampling, *, begun: bool, thinking: bool) -> str:
        kind = sampling.constraint_kind
        if kind in {"regex", "lark"}:
            return f"KoboldCpp holds replies to a GBNF grammar or a JSON schema, not to {kind}"
        if kind and begun:
            return "KoboldCpp begins a constraint anew: a reply that it held to one cannot be gone on with"
        if len(sampling.logit_bias) > MOST_BIASES:
            return f"KoboldCpp takes at most {MOST_BIASES} entries of logit_bias"
        return unfit_schema(sampling)

    def made(self, http: Http, call: Call, model: Model) -> Generator[Took]:
        return text_made(http, self.path, self.body(call), self.read)

    def body(self, call: Call) -> Json:
        sampling, context = call.sampling, call.asked.context
        body: dict[str, Any] = {
            "prompt": "".join(defused(call.asked.parts)) + call.begun,
            "max_length": call.most,
            "max_context_length": context,
            "genkey": self.key(call.asked),
            "sampler_seed": call.seed or 1,
            "temperature": sampling.temperature,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "typical": sampling.typical_p,
            "nsigma": sampling.top_n_sigma,
            "rep_pen": sampling.repetition_penalty,
            "rep_pen_range": back(sampling.penalty_last_n, context),
            "presence_penalty": sampling.presence_penalty,
            "dry_multiplier": sampling.dry_multiplier,
            "dry_base": sampling.dry_base,
            "dry_allowed_length": sampling.dry_allowed_length,
            "dry_penalty_last_n": back(sampling.dry_last_n, context),
            "dry_sequence_breakers": list(sampling.dry_breakers),
            "xtc_probability": sampling.xtc_probability,
            "xtc_threshold": sampling.xtc_threshold,
            "dynatemp_range": sampling.dynamic_range,
            "dynatemp_exponent": sampling.dynamic_exponent,
            "logit_bias": {str(token): bias for token, bias in sampling.logit_bias},
            "stop_sequence": list(sampling.stop),
            "trim_stop": False,
        }
        if sampling.constraint_kind:
            body["grammar"] = sampling.constraint  # it makes a grammar of a schema itself
        return body

    @staticmethod
    def key(asked: Asked) -> str:
        return f"SMVR{asked.request.generation.hex[:12]}"

    def read(self, data: str) -> Came | None:
        event = decoded(data)
        reason = text_of(event.get("finish_reason"))
        end: EndReason | None = "length" if reason == "length" else "stop" if reason == "stop" else None
        return Came(text_of(event.get("token")), end=end)

    def cancel(self, http: Http, asked: Asked) -> None:
        http.post("/api/extra/abort", {"genkey": self.key(asked)})


def defused(parts: list[Part]) -> list[str]:
    """The texts; in those of people a word joiner breaks each `<|`, `</`, `<s`, `[INST`-like mark."""
    return [
        text if special else text.replace("<", "<\u2060").replace("[", "[\u2060") for text, special in parts
    ]
