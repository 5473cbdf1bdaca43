"""Any server with OpenAI's chat completions (platform.openai.com). Only what is documented there is sent,
for that is what all of them take; text goes in and text comes out.
"""

import json
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
    decoded,
    fields,
    items,
    text_made,
    text_of,
    unfit_schema,
)
from gpu_actor.doors.text_ids import TextTokenizer
from gpu_actor.engine_facts import Continuation
from gpu_actor.troubles import RemoteEngineError

MOST_STOPS = 4
"""OpenAI takes no more; the others are looked for here anyway."""


class OpenAi:
    """`name`: of the model to ask for, "" for the first that the server lists."""

    path = "/v1/chat/completions"
    continuation: Continuation = "text"
    formats: bool = False
    ignored: tuple[str, ...] = (
        "choice of a prompt format",
        "top_k",
        "min_p",
        "typical_p",
        "top_n_sigma",
        "repetition_penalty",
        "DRY",
        "XTC",
        "dynamic_range",
        "min_tokens",
        "max_thought_tokens",
    )

    def __init__(self, name: str = "", engine: str = "OpenAI-compatible server") -> None:
        self.name = name
        self.engine = engine

    def look(self, http: Http) -> Model:
        found = items(fields(http.get("/v1/models")).get("data"))
        if found is None:
            raise RemoteEngineError(
                f"{http.address} has no list of models: it is no OpenAI-compatible server"
            )
        names = [text_of(fields(each).get("id")) for each in found]
        if self.name and self.name not in names:
            raise RemoteEngineError(
                f"{http.address} has no model {self.name!r}; it has {', '.join(names[:9])}"
            )
        if not names:
            raise RemoteEngineError(f"{http.address} has no model loaded: load one there")
        return Model(self.engine, self.name or names[0])

    def open(self, loading: Http, http: Http, model: Model) -> TextTokenizer:
        return TextTokenizer()

    def refusal(self, sampling: Sampling, *, begun: bool, thinking: bool) -> str:
        kind = sampling.constraint_kind
        if kind not in {"", "json_schema"}:
            return f"an OpenAI-compatible server holds replies to a JSON schema, not to {kind}"
        if kind and begun:
            return "this server begins a constraint anew: a reply that it held to one cannot be gone on with"
        return unfit_schema(sampling)

    def made(self, http: Http, call: Call, model: Model) -> Generator[Took]:
        return text_made(http, self.path, self.body(call, model), self.read)

    def body(self, call: Call, model: Model) -> Json:
        sampling = call.sampling
        messages = [{"role": message.role, "content": message.text} for message in call.asked.messages]
        body: dict[str, Any] = {
            "model": model.name,
            "messages": messages,
            "stream": True,
            "max_tokens": call.most,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "presence_penalty": sampling.presence_penalty,
            "frequency_penalty": sampling.frequency_penalty,
            "seed": call.seed,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)[:MOST_STOPS]
        if sampling.logit_bias:
            body["logit_bias"] = {str(token): bias for token, bias in sampling.logit_bias}
        if sampling.constraint_kind:
            schema = {"name": "reply", "strict": True, "schema": json.loads(sampling.constraint)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if call.begun:
            # The reply is gone on with from its beginning, where the server can; one that cannot begins a
            # new message, and the reader has been told that it may.
            messages.append({"role": "assistant", "content": call.begun})
            body |= {"add_generation_prompt": False, "continue_final_message": True}
        return body

    def read(self, data: str) -> Came | None:
        if data.strip() == "[DONE]":
            return Came(end="stop")
        choices = items(decoded(data).get("choices"))
        if not choices:
            return None
        choice = fields(choices[0])
        delta = fields(choice.get("delta"))
        reason = text_of(choice.get("finish_reason"))
        end: EndReason | None = "length" if reason == "length" else "stop" if reason else None
        thought = text_of(delta.get("reasoning_content")) or text_of(delta.get("reasoning"))
        return Came(text_of(delta.get("content")), thought, end)

    def cancel(self, http: Http, asked: Asked) -> None:
        """They see that the connection is closed."""
