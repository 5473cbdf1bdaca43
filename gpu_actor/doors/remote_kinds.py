"""What each kind of engine outside of Samovar is asked, and how its answers are read.

llama.cpp's server and KoboldCpp are spoken to in their own ways (their full samplers, their count of
context); Ollama, LM Studio, vLLM, TensorRT-LLM and others by the chat completions that all of them copy from
OpenAI. Sources: tools/server/README.md of llama.cpp, KoboldCpp's /api page, platform.openai.com.
"""

import json
from typing import Any, Protocol, cast

from msgspec import Struct

from actors.messages.generation import EndReason, GenerateReply, Sampling
from gpu_actor.doors.http import Http, Json
from gpu_actor.prompt.template import CHATML, ChatMessage, ChatTemplate, Part
from gpu_actor.troubles import RemoteEngineError

SEED_BITS = 0x7FFF_FFFF
MOST_STOPS = 4  # OpenAI takes no more; the others are looked for here anyway


class Model(Struct, frozen=True):
    """What a server says of itself; 0 and "" where it does not say. `template`: that of its chats."""

    engine: str
    name: str
    context: int = 0
    slots: int = 0
    template: str = ""


class Asked(Struct, frozen=True):
    """A prompt in both its forms, what the reply begins with, and how many tokens may come."""

    request: GenerateReply
    messages: list[ChatMessage]
    parts: list[Part]
    begun: str
    max_tokens: int
    context: int

    @property
    def seed(self) -> int:
        """Another one at each attempt: a reply that goes on does not draw its first numbers again."""
        return (self.request.seed + 7919 * len(self.request.committed)) & SEED_BITS


class Came(Struct, frozen=True):
    """What an event brought."""

    text: str = ""
    thought: str = ""
    end: EndReason | None = None


class RemoteKind(Protocol):
    """One kind of server. Its methods may be called on several threads, each with an Http of its own."""

    path: str

    def look(self, http: Http) -> Model:
        """RemoteEngineError where it is no such server."""
        ...

    def body(self, http: Http, asked: Asked, model: Model) -> Json: ...

    def read(self, data: str) -> Came | None:
        """None for an event that says nothing."""
        ...

    def cancel(self, http: Http, asked: Asked) -> None:
        """Where closing the connection is not enough."""
        ...


def decoded(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RemoteEngineError("the engine sent an event that is no JSON") from error
    if not isinstance(found, dict):
        raise RemoteEngineError("the engine sent an event that is no object")
    event = fields(cast("object", found))
    if event.get("error"):
        raise RemoteEngineError(f"the engine failed: {str(event['error'])[:200]}")
    return event


def fields(value: object) -> dict[str, Any]:
    """The object; an empty one where it is none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[Any] | None:
    return cast("list[Any]", value) if isinstance(value, list) else None


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


class LlamaServer:
    """llama.cpp's server by its own calls. Prompts are cut into ids part by part, so that nobody's text
    becomes a special token.
    """

    path = "/completion"

    def look(self, http: Http) -> Model:
        props = fields(http.get("/props"))
        settings = fields(props.get("default_generation_settings"))
        if not settings:
            raise RemoteEngineError(f"{http.address} is no server of llama.cpp")
        path = text_of(props.get("model_alias")) or text_of(props.get("model_path"))
        name = path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".gguf")
        template = text_of(props.get("chat_template"))
        return Model(
            "llama.cpp's server",
            name,
            whole(settings.get("n_ctx")),
            whole(props.get("total_slots")),
            template,
        )

    def body(self, http: Http, asked: Asked, model: Model) -> Json:
        return {
            "prompt": self.ids(http, asked),
            "stream": True,
            "n_predict": asked.max_tokens,
            "cache_prompt": True,
            "seed": asked.seed,
            **self.samplers(asked.request.sampling, asked.context),
        }

    def ids(self, http: Http, asked: Asked) -> list[int]:
        def cut(text: str, *, special: bool, add: bool = False) -> list[int]:
            body = {"content": text, "add_special": add, "parse_special": special}
            found = items(fields(http.post("/tokenize", body)).get("tokens"))
            if found is None or not all(isinstance(token, int) for token in found):
                raise RemoteEngineError(f"{http.address}/tokenize gave no ids")
            return found

        ids: list[int] = []
        for text, special in [*asked.parts, (asked.begun, False)]:
            ids += cut(text, special=special) if text else []
        beginning = cut("", special=False, add=True)
        return ids if ids[: len(beginning)] == beginning else [*beginning, *ids]

    @staticmethod
    def samplers(sampling: Sampling, context: int) -> dict[str, Any]:
        fields: dict[str, Any] = {
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
            "dry_sequence_breakers": list(sampling.dry_breakers),
            "xtc_probability": sampling.xtc_probability,
            "xtc_threshold": sampling.xtc_threshold,
            "dynatemp_range": sampling.dynamic_range,
            "dynatemp_exponent": sampling.dynamic_exponent,
            "logit_bias": [list(pair) for pair in sampling.logit_bias],
            "stop": list(sampling.stop),
        }
        if sampling.constraint_kind == "gbnf":
            fields["grammar"] = sampling.constraint
        elif sampling.constraint_kind == "json_schema":
            fields["json_schema"] = json.loads(sampling.constraint)
        return fields

    def read(self, data: str) -> Came | None:
        event = decoded(data)
        end: EndReason | None = None
        if event.get("stop"):
            end = "length" if event.get("stop_type") == "limit" else "stop"
        return Came(text_of(event.get("content")), end=end)

    def cancel(self, http: Http, asked: Asked) -> None:
        """It sees that the connection is closed."""


class KoboldCpp:
    """KoboldCpp by its own calls. It takes text alone and reads special tokens in it wherever they stand, so
    in what people wrote a word joiner breaks whatever looks like the marks of the template.
    """

    path = "/api/extra/generate/stream"

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

    def body(self, http: Http, asked: Asked, model: Model) -> Json:
        sampling = asked.request.sampling
        return {
            "prompt": "".join(defused(asked.parts)) + asked.begun,
            "max_length": asked.max_tokens,
            "max_context_length": asked.context,
            "genkey": self.key(asked),
            "sampler_seed": asked.seed or 1,
            "temperature": sampling.temperature,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "typical": sampling.typical_p,
            "nsigma": sampling.top_n_sigma,
            "rep_pen": sampling.repetition_penalty,
            "rep_pen_range": back(sampling.penalty_last_n, asked.context),
            "presence_penalty": sampling.presence_penalty,
            "dry_multiplier": sampling.dry_multiplier,
            "dry_base": sampling.dry_base,
            "dry_allowed_length": sampling.dry_allowed_length,
            "dry_penalty_last_n": back(sampling.dry_last_n, asked.context),
            "dry_sequence_breakers": list(sampling.dry_breakers),
            "xtc_probability": sampling.xtc_probability,
            "xtc_threshold": sampling.xtc_threshold,
            "dynatemp_range": sampling.dynamic_range,
            "dynatemp_exponent": sampling.dynamic_exponent,
            "stop_sequence": list(sampling.stop),
            "trim_stop": False,
            **({"grammar": sampling.constraint} if sampling.constraint_kind == "gbnf" else {}),
        }

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


class OpenAi:
    """Any server with OpenAI's chat completions. Only what all of them take is sent."""

    path = "/v1/chat/completions"

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

    def body(self, http: Http, asked: Asked, model: Model) -> Json:
        sampling = asked.request.sampling
        messages = [{"role": message.role, "content": message.text} for message in asked.messages]
        body: dict[str, Any] = {
            "model": model.name,
            "messages": messages,
            "stream": True,
            "max_tokens": asked.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "presence_penalty": sampling.presence_penalty,
            "frequency_penalty": sampling.frequency_penalty,
            "seed": asked.seed,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)[:MOST_STOPS]
        if asked.begun:
            # The reply is gone on with from its beginning, where the server can; one that cannot begins a
            # new message, and the reader has been told that it may.
            messages.append({"role": "assistant", "content": asked.begun})
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


def back(count: int, context: int) -> int:
    """How far a penalty looks back; not every version takes -1 for all."""
    return count if count >= 0 else context


def defused(parts: list[Part]) -> list[str]:
    """The texts; in those of people a word joiner breaks each `<|`, `</`, `<s`, `[INST`-like mark."""
    return [
        text if special else text.replace("<", "<\u2060").replace("[", "[\u2060") for text, special in parts
    ]


def template_of(model: Model) -> ChatTemplate:
    """That of the server, or a plain one."""
    return ChatTemplate(model.template or CHATML, "", "")
