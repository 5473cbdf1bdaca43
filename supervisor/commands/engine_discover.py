"""`samovar engine discover`: which engines already run on this machine, and the settings that use them."""

import argparse
import sys


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(arguments: argparse.Namespace) -> int:
    # Of no use to other commands.
    import msgspec  # noqa: PLC0415

    from gpu_actor.doors.discover import USUAL, discover  # noqa: PLC0415

    found = discover()
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    if not found:
        ports = ", ".join(str(port) for port, _ in USUAL)
        sys.stdout.write(f"no engine answers on 127.0.0.1 at the ports {ports}\n")
    for each in found:
        context = f", {each.context} tokens of context" if each.context else ""
        sys.stdout.write(
            f"{each.engine} at {each.address}: {each.model}{context}\n"
            f"  to use it, in samovar.toml:\n    [engine]\n"
            f'    remote = "{each.address}"\n    remote_kind = "{each.kind}"\n'
            "  a reply that is cut goes on from its text, not exactly\n"
        )
    return 0
