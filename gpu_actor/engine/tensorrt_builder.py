"""The builder's process: `python -m gpu_actor.engine.tensorrt_builder`, a PlanRequest on standard input.

It is a process of its own because building takes gigabytes that no engine should keep, and because
whoever runs out of memory then is not the engine. Answers go to standard output, one JSON line each.
"""

import hashlib
import os
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import msgspec

from gpu_actor.engine.plan_request import PlanAnswer, PlanBuilt, PlanPhase, PlanRequest, PlanTrouble
from gpu_actor.engine.tensorrt_library import make_log, tensorrt_library
from gpu_actor.engine.tensorrt_network import check, inputs_of, mend, parse, walk
from gpu_actor.troubles import EngineTrouble, PlanBuildError, UnknownTargetError

OUTERMOST = 2
"""Phases nested deeper than this are not told: there are thousands."""


def build(request: PlanRequest, tell: "Tell") -> PlanBuilt:
    """The plan, written to request.plan. Raises EngineTrouble."""
    library = tensorrt_library(request.library)
    log = make_log(library)
    tell(PlanPhase("reading the graph"))
    builder, network, parser = parse(library, log, Path(request.graph))
    mend(library, network)
    facts = walk(library, network)
    check(network, facts, request.windows)
    config = configure(library, builder, network, request)
    config.progress_monitor = make_monitor(library, tell)
    with Path(request.plan).open("wb") as stream:
        # Written while it is serialised: held in memory it would be there twice.
        writer = make_writer(library, stream)
        built = builder.build_serialized_network_to_stream(network, config, writer)
        if writer.trouble is not None:
            raise writer.trouble
        if not built:
            raise PlanBuildError(f"TensorRT cannot build the plan: {log.problems()}")
        stream.flush()
        os.fsync(stream.fileno())
    del parser  # held until now: it maps the weights
    return PlanBuilt(
        sha256=writer.digest.hexdigest(),
        bytes=writer.bytes,
        attentions=len(facts.attentions),
        attentions_with_lengths=facts.with_lengths,
        kv_updates=len(facts.updates),
        profiles=int(config.num_optimization_profiles),
    )


def configure(library: Any, builder: Any, network: Any, request: PlanRequest) -> Any:
    """For one kind of card, with one profile for all shapes: a second one would hold the weights again."""
    config = builder.create_builder_config()
    kinds = targets(library)
    if kinds and request.target not in kinds:
        raise UnknownTargetError(
            f"{library.__name__} builds for no card of {request.target!r}; it knows {', '.join(kinds)}"
        )
    if kinds:
        config.num_compute_capabilities = 1
        config.set_compute_capability(kinds[request.target], 0)
    profile = builder.create_optimization_profile()
    for name, tensor in inputs_of(network).items():
        shape = tuple(tensor.shape)
        if -1 in shape:
            least, usual, most = (
                fill(shape, rows, tokens)
                for rows, tokens in ((1, 1), (request.slots, 1), (request.slots, request.chunk))
            )
            profile.set_shape(name, least, usual, most)
    if config.add_optimization_profile(profile) < 0:
        raise PlanBuildError(f"TensorRT does not take slots {request.slots} × chunk {request.chunk}")
    return config


def fill(shape: tuple[int, ...], rows: int, tokens: int) -> tuple[int, ...]:
    """The shape with numbers: the first open size counts rows, a second one tokens."""
    open_sizes = iter((rows, tokens))
    return tuple(next(open_sizes) if size == -1 else size for size in shape)


def targets(library: Any) -> dict[str, Any]:
    """Kinds of cards by name; none with classic TensorRT, which builds for the card that is there."""
    kinds = getattr(library, "ComputeCapability", None)
    if kinds is None:
        return {}
    return {name.lower(): value for name, value in kinds.__members__.items() if name.startswith("SM")}


# -- what TensorRT calls back ---------------------------------------------------------------------


class Tell:
    """Writes answers as JSON lines."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream

    def __call__(self, answer: PlanAnswer) -> None:
        try:
            self.stream.write(msgspec.json.encode(answer) + b"\n")
            self.stream.flush()
        except BrokenPipeError:
            give_up()


def make_monitor(library: Any, tell: Tell) -> Any:
    class Monitor(library.IProgressMonitor):
        def __init__(self) -> None:
            library.IProgressMonitor.__init__(self)
            self.open: dict[str, tuple[int, int]] = {}  # depth and steps of each phase under way

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            depth = self.open[parent_phase][0] + 1 if parent_phase in self.open else 0
            self.open[phase_name] = depth, num_steps
            if depth <= OUTERMOST:
                tell(PlanPhase(phase_name, 0, num_steps))

        def step_complete(self, phase_name: str, step: int) -> bool:
            depth, steps = self.open.get(phase_name, (OUTERMOST + 1, 0))
            if depth == 0:
                tell(PlanPhase(phase_name, step + 1, steps))
            return True

        def phase_finish(self, phase_name: str) -> None:
            self.open.pop(phase_name, None)

    return Monitor()


def make_writer(library: Any, stream: BinaryIO) -> Any:
    class Writer(library.IStreamWriter):
        def __init__(self) -> None:
            library.IStreamWriter.__init__(self)
            self.digest = hashlib.sha256()
            self.bytes = 0
            self.trouble: OSError | None = None

        def write(self, data: bytes) -> int:
            """How much was written; less makes the builder give up."""
            try:
                stream.write(data)
            except OSError as error:  # must not pass through the library
                self.trouble = error
                return 0
            self.digest.update(data)
            self.bytes += len(data)
            return len(data)

    return Writer()


def give_up() -> NoReturn:
    """Whoever asked is gone. Nothing is to be tidied, and TensorRT cannot be asked to stop."""
    os._exit(1)


def wait_for_the_end(stream: BinaryIO) -> None:
    stream.read()
    give_up()


def main() -> int:
    tell = Tell(sys.stdout.buffer)
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=PlanRequest)
    threading.Thread(target=wait_for_the_end, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        tell(build(request, tell))
    except (EngineTrouble, OSError) as error:
        text = f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
        tell(PlanTrouble(type(error).__name__, text))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
