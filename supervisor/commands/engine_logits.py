"""`samovar engine logits`: the most likely tokens after a raw prompt, with their probabilities."""

import argparse
import sys

from supervisor.commands.engine_options import add_raw, engine_settings, raw_prompt
from supervisor.commands.options import whole_number


def add(parser: argparse.ArgumentParser) -> None:
    add_raw(parser)
    parser.add_argument(
        "--top",
        type=whole_number(1),
        default=20,
        metavar="N",
        help="how many (default: 20)",
    )


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    import msgspec  # noqa: PLC0415

    from gpu_actor.raw_generation import most_likely  # noqa: PLC0415
    from gpu_actor.raw_loading import load_raw  # noqa: PLC0415

    prompt = raw_prompt(arguments)
    loaded = load_raw(engine_settings(arguments, arguments.numerics))
    raw = loaded.generation
    ids = raw.encode(prompt)
    top = most_likely(raw.logits(ids), arguments.top, raw.tokenizer)
    if arguments.json:
        found = {"top": msgspec.to_builtins(top), "prompt_tokens": len(ids), **loaded.facts}
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    for each in top:
        sys.stdout.write(f"{each.id:>8}  {each.logprob:>9.4f}  {each.text!r}\n")
    return 0
