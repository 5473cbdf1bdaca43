"""`samovar engine generate`: what the model writes after a raw prompt, without chat and characters."""

import argparse
import sys

from supervisor.commands.engine_options import add_raw, engine_settings, raw_prompt
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    add_raw(parser)
    parser.add_argument("--greedy", action="store_true", help="the most likely token at every step")
    parser.add_argument("--seed", type=whole_number(0, 2**63 - 1), default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--max-tokens", type=whole_number(1), default=128, metavar="N", help="at most so many (default: 128)"
    )


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    import msgspec  # noqa: PLC0415

    from actors.messages.generation import Sampling  # noqa: PLC0415
    from gpu_actor.raw_loading import load_raw  # noqa: PLC0415

    prompt = raw_prompt(arguments)
    loaded = load_raw(engine_settings(arguments, arguments.numerics))
    raw = loaded.generation
    ids = raw.encode(prompt)
    plain = Sampling(temperature=0.0, repetition_penalty=1.0) if arguments.greedy else Sampling()
    sampling = msgspec.structs.replace(plain, max_tokens=arguments.max_tokens)
    if arguments.json:
        made = raw.generate(ids, sampling, arguments.seed)
        found = {**msgspec.to_builtins(made), **loaded.facts}
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    for emitted in raw.stream(ids, sampling, arguments.seed):
        sys.stdout.write(emitted.text + emitted.held)
        sys.stdout.flush()
    sys.stdout.write("\n")
    return 0
