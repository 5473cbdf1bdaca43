"""What engines already run on this machine: looks at the usual ports of the loopback address, all at once."""

from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from gpu_actor.doors.http import Http, HttpLimits
from gpu_actor.doors.koboldcpp import KoboldCpp
from gpu_actor.doors.llama_server import LlamaServer
from gpu_actor.doors.openai_server import OpenAi
from gpu_actor.doors.remote_kinds import RemoteKind
from gpu_actor.troubles import RemoteEngineError

USUAL: tuple[tuple[int, str], ...] = (
    (5001, "KoboldCpp"),
    (8080, "llama.cpp's server"),
    (11434, "Ollama"),
    (1234, "LM Studio"),
    (8000, "vLLM or TensorRT-LLM"),
    (5000, "text-generation-webui"),
)
"""Port, and whose it is when it answers like OpenAI."""

DEADLINES = HttpLimits(connect_s=0.5, silence_s=2.0, answer_bytes=1 << 22)


class Found(Struct, frozen=True):
    """An engine that answers, and the settings that use it."""

    address: str
    kind: str
    engine: str
    model: str
    context: int


def discover(ports: tuple[tuple[int, str], ...] = USUAL, limits: HttpLimits = DEADLINES) -> list[Found]:
    """What answers on 127.0.0.1, in the order of the ports."""
    with ThreadPoolExecutor(max(len(ports), 1)) as pool:
        looks = [pool.submit(look, port, whose, limits) for port, whose in ports]
        found = [each.result() for each in looks]
    return [each for each in found if each is not None]


def look(port: int, whose: str, limits: HttpLimits) -> Found | None:
    address = f"http://127.0.0.1:{port}"
    kinds: tuple[tuple[str, RemoteKind], ...] = (
        ("koboldcpp", KoboldCpp()),
        ("llama.cpp", LlamaServer()),
        ("openai", OpenAi(engine=whose)),
    )
    for name, kind in kinds:
        http = Http(address, "", limits)
        try:
            model = kind.look(http)
        except RemoteEngineError as error:
            if "cannot be reached" in str(error):
                return None
        else:
            return Found(address, name, model.engine, model.name, model.context)
        finally:
            http.close()
    return None
