"""What every kind of engine outside of Samovar is asked, and how it answers; and what their files share.

llama.cpp's server (llama_server.py) and KoboldCpp (koboldcpp.py) are spoken to in their own ways; Ollama,
LM Studio, vLLM, TensorRT-LLM and others by the chat completions that all of them copy from OpenAI
(openai_server.py).
"""

import json
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol, cast

from msgspec import Struct

from actors.messages.generation import EndReason, GenerateReply, Sampling
from gpu_actor.doors.http import Http, Json
from gpu_actor.doors.server_tokenizer import ServerTokenizer
from gpu_actor.doors.text_ids import TextTokenizer, ids_text, text_ids
from gpu_actor.engine_facts import Continuation
from gpu_actor.prompt.template import CHATML, ChatMessage, ChatTemplate, Part
from gpu_actor.thought_tags import GUESS
from gpu_actor.troubles import RemoteEngineError

SEED_BITS = 0x7FFF_FFFF


class Model(Struct, frozen=True):
    """What a server says of itself; 0 and "" where it does not say. `template`: that of its chats; `bos` and
    `eos`: how it spells those tokens.
    """

    engine: str
    name: str
    context: int = 0
    slots: int = 0
    template: str = ""
    bos: str = ""
    eos: str = ""


class Asked(Struct, frozen=True):
    """A prompt in all its forms: messages, parts of the template, and ids of the kind's tokenizer."""

    request: GenerateReply
    messages: list[ChatMessage]
    parts: list[Part]
    prompt: tuple[int, ...]
    context: int


class Call(Struct, frozen=True):
    """A reply to begin or to go on with: its ids so far, and how many tokens it may get beyond them."""

    asked: Asked
    so_far: tuple[int, ...]
    most: int

    @property
    def sampling(self) -> Sampling:
        return self.asked.request.sampling

    @property
    def begun(self) -> str:
        """The text of the reply so far, for kinds whose ids hold their text."""
        return self.asked.request.turn.continue_text + ids_text(self.so_far)

    @property
    def seed(self) -> int:
        return seed_at(self.asked.request.seed, len(self.so_far))


class Took(NamedTuple):
    """What an answer brought: ids of the reply, and its end where it came."""

    ids: list[int]
    end: EndReason | None = None


class RemoteKind(Protocol):
    """One kind of server. Its methods may be called on several threads, each with an Http of its own.
    `ignored`: settings that its calls do not have. `formats`: it takes a prompt in whatever format.
    """

    continuation: Continuation
    ignored: tuple[str, ...]
    formats: bool

    def look(self, http: Http) -> Model:
        """RemoteEngineError where it is no such server."""
        ...

    def open(self, loading: Http, http: Http, model: Model) -> TextTokenizer | ServerTokenizer:
        """Once, before all else: what prompts are cut with. It keeps `http`; `loading` is for now."""
        ...

    def refusal(self, sampling: Sampling, *, begun: bool, thinking: bool) -> str:
        """Why such a reply cannot be made here; "" where it can. `begun`: tokens of it have come before;
        `thinking`: its prompt ends inside a thought.
        """
        ...

    def made(self, http: Http, call: Call, model: Model) -> Generator[Took]:
        """What the server makes, as it comes; closing the generator ends the call. The last has an end,
        unless the connection ended before.
        """
        ...

    def cancel(self, http: Http, asked: Asked) -> None:
        """Where closing the connection is not enough."""
        ...


class Came(Struct, frozen=True):
    """What an event of a kind that gives text brought."""

    text: str = ""
    thought: str = ""
    end: EndReason | None = None


def text_made(http: Http, path: str, body: Json, read: Callable[[str], Came | None]) -> Generator[Took]:
    """The text of a stream as ids that hold it. Thoughts that come apart are put between tags. `read`: an
    event's data to what it brought, None for one that says nothing.
    """
    thinking = False
    with http.stream(path, body) as events:
        for data in events:
            came = read(data)
            if came is None:
                continue
            text = came.text
            if came.thought and not thinking:
                text, thinking = f"{GUESS.open}{came.thought}", True
            elif came.thought:
                text = came.thought
            elif thinking and (came.text or came.end):
                text, thinking = f"{GUESS.close}{came.text}", False
            yield Took(text_ids(text), came.end)
            if came.end is not None:
                return


def seed_at(seed: int, place: int) -> int:
    """Another one at each call: a reply that goes on does not draw its first numbers again."""
    return (seed + 7919 * place) & SEED_BITS


def back(count: int, context: int) -> int:
    """How far a penalty looks back; not every version takes -1 for all."""
    return count if count >= 0 else context


def unfit_schema(sampling: Sampling) -> str:
    """What is wrong with a JSON schema; "" where the constraint is none or fine."""
    if sampling.constraint_kind != "json_schema":
        return ""
    try:
        schema = json.loads(sampling.constraint)
    except (ValueError, RecursionError):
        return "the JSON schema of the constraint is no JSON"
    return "" if isinstance(schema, dict) else "the JSON schema of the constraint is no object"


def template_of(model: Model) -> ChatTemplate:
    """That of the server, or a plain one."""
    return ChatTemplate(model.template or CHATML, model.bos, model.eos)


# -- reading JSON of others -----------------------------------------------------------------------


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
