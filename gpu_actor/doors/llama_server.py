"""llama.cpp's server by its own calls (tools/server/README.md there): ids in, ids out."""

import json
from collections.abc import Generator
from contextlib import closing
from typing import Any

from actors.messages.generation import Sampling
from gpu_actor.doors.http import Http, Json
from gpu_actor.doors.id_reader import IdReader, Read
from gpu_actor.doors.remote_kinds import (
    Asked,
    Call,
    Model,
    Took,
    back,
    decoded,
    fields,
    seed_at,
    text_of,
    unfit_schema,
    whole,
)
from gpu_actor.doors.server_tokenizer import ServerTokenizer
from gpu_actor.engine_facts import Continuation
from gpu_actor.troubles import RemoteEngineError

ORDER = ["penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"]
"""In which the samplers act, as in docs/sampling.md, whatever the server was started with."""

GREEDY = ["penalties", "dry", "temperature"]
"""At temperature 0 none of the others has a say."""

NO_BREAKER = "\U0010ffff"
"""The list of breakers must not be empty: one that no text has."""


class LlamaServer:
    """A prompt goes in as ids, those of the reply so far at its end. The server's random numbers begin with
    each call, and what it has of a prompt in its cache is gone on with.
    """

    path = "/completion"
    continuation: Continuation = "redrawn"
    formats: bool = True
    ignored: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.opened: ServerTokenizer | None = None

    def look(self, http: Http) -> Model:
        props = fields(http.get("/props"))
        settings = fields(props.get("default_generation_settings"))
        if not settings:
            raise RemoteEngineError(f"{http.address} is no server of llama.cpp")
        path = text_of(props.get("model_alias")) or text_of(props.get("model_path"))
        return Model(
            engine="llama.cpp's server",
            name=path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".gguf"),
            context=whole(settings.get("n_ctx")),
            slots=whole(props.get("total_slots")),
            template=text_of(props.get("chat_template")),
            bos=text_of(props.get("bos_token")),
            eos=text_of(props.get("eos_token")),
        )

    def open(self, loading: Http, http: Http, model: Model) -> ServerTokenizer:
        self.opened = ServerTokenizer(loading, http, model.bos, model.eos)
        return self.opened

    @property
    def tokenizer(self) -> ServerTokenizer:
        if self.opened is None:
            raise ValueError("nothing can be asked of a server that was not opened")
        return self.opened

    def refusal(self, sampling: Sampling, *, begun: bool, thinking: bool) -> str:
        kind = sampling.constraint_kind
        if kind in {"regex", "lark"}:
            return f"llama.cpp's server holds replies to a GBNF grammar or a JSON schema, not to {kind}"
        if kind and begun:
            return "llama.cpp's server begins a constraint anew: a reply held to one cannot be gone on with"
        if kind and sampling.min_tokens:
            return "llama.cpp's server cannot hold a reply both to a constraint and to min_tokens"
        if kind and thinking:
            return "llama.cpp's server would hold the thoughts of this model to the constraint as well"
        if strangers := [token for token, _ in sampling.logit_bias if not self.tokenizer.knows(token)]:
            return f"logit_bias names token {strangers[0]}, which this model does not have"
        return unfit_schema(sampling)

    def made(self, http: Http, call: Call, model: Model) -> Generator[Took]:
        """In as many calls as it takes: a reply that may not end yet is made in one that cannot end, and
        tokens whose ids did not come are drawn again in one that gives them all at its end.
        """
        ids = [*call.so_far]
        last = len(ids) + call.most
        first_end = min(call.sampling.min_tokens, last)
        lost = 0
        while True:
            begun, endless = len(ids), len(ids) < first_end
            most = (first_end if endless else last) - begun
            if lost:
                if call.sampling.constraint_kind:
                    raise RemoteEngineError(f"{http.address} broke a character that its constraint asked for")
                most = min(lost, most)
            body = self.body(call, ids, most, endless=endless, stream=not lost)
            with closing(self.reads(http, body)) as reads:
                for read in reads:
                    ids += read.ids
                    lost, count = read.lost, len(ids) + read.lost
                    goes_on = read.end == "length" and most <= count - begun and count < last
                    if goes_on or (lost and read.end is None):
                        yield Took(read.ids)
                        break
                    yield Took(read.ids, read.end)
                    if read.end is not None:
                        return
                else:
                    return

    def reads(self, http: Http, body: Json) -> Generator[Read]:
        reader = IdReader(self.tokenizer)
        if not body["stream"]:
            yield reader.read(fields(http.post(self.path, body)))
            return
        with http.stream(self.path, body) as events:
            for data in events:
                yield reader.read(decoded(data))

    def body(self, call: Call, ids: list[int], most: int, *, endless: bool, stream: bool) -> Json:
        prompt = [*call.asked.prompt, *ids]
        return {
            "prompt": prompt,
            "stream": stream,
            "return_tokens": True,
            "n_predict": most,
            "ignore_eos": endless,
            "cache_prompt": True,
            "seed": seed_at(call.asked.request.seed, len(ids)),
            **samplers(call.sampling, call.asked.context),
        }

    def cancel(self, http: Http, asked: Asked) -> None:
        """It sees that the connection is closed, and looks between the parts of a prompt as well."""


def samplers(sampling: Sampling, context: int) -> dict[str, Any]:
    """All settings by the server's names. Stop strings are not among them: they are looked for here, where
    thoughts are known.
    """
    fields: dict[str, Any] = {
        "samplers": ORDER if sampling.temperature > 0 else GREEDY,
        "mirostat": 0,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "typical_p": sampling.typical_p,
        "top_n_sigma": sampling.top_n_sigma or -1,
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": back(sampling.penalty_last_n, context),
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "dry_multiplier": sampling.dry_multiplier,
        "dry_base": sampling.dry_base,
        "dry_allowed_length": sampling.dry_allowed_length,
        "dry_penalty_last_n": back(sampling.dry_last_n, context),
        "dry_sequence_breakers": list(sampling.dry_breakers) or [NO_BREAKER],
        "xtc_probability": sampling.xtc_probability,
        "xtc_threshold": sampling.xtc_threshold,
        "dynatemp_range": sampling.dynamic_range,
        "dynatemp_exponent": sampling.dynamic_exponent,
        "logit_bias": [list(pair) for pair in sampling.logit_bias],
    }
    if sampling.constraint_kind == "gbnf":
        fields["grammar"] = sampling.constraint
    elif sampling.constraint_kind == "json_schema":
        fields["json_schema"] = json.loads(sampling.constraint)
    return fields
