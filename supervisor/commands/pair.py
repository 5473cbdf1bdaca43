"""`samovar pair`: shows the join string with which a GPU box joins this web node."""

import argparse
import json
import sys
import time

import msgspec

from supervisor.commands.options import add_data, data_folder
from supervisor.control import control
from web.control_client import ControlClient
from web.join_addresses import on_loopback
from web.protocol.boxes import BoxFacts, BoxList, BoxOffer, NewOffer

POLL_S = 1.0
ONLY_HERE = (
    "No other machine can reach that address: set link_host and link_port under [supervisor] in "
    "samovar.toml, or name another address with --address."
)


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--address",
        default="",
        metavar="HOST[:PORT]",
        help="this machine as the GPU box sees it (default: boxes.addresses of samovar.toml, or found out)",
    )
    parser.add_argument("--withdraw", action="store_true", help="end the join string that is open")
    parser.add_argument("--json", action="store_true", help="print one JSON object, and do not wait")


def run(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        if arguments.withdraw:
            node.ask("DELETE", "/api/boxes/offer")
            print("No join string is open any more.")
            return 0
        offer = msgspec.json.decode(
            node.ask("POST", "/api/boxes/offer", NewOffer(arguments.address)), type=BoxOffer
        )
        if arguments.json:
            values = {
                "join": offer.join,
                "addresses": offer.addresses,
                "expires_s": round(offer.expires_s),
                "server_key": offer.server_key,
            }
            print(json.dumps(values, indent=2))
            return 0
        print(text_of(offer))
        if sys.stdout.isatty():
            wait_for_box(node)
    return 0


def text_of(offer: BoxOffer) -> str:
    only_here = all(on_loopback(address.rpartition(":")[0].strip("[]")) for address in offer.addresses)
    lines = [
        f"On the GPU box, within {round(offer.expires_s / 60)} minutes:",
        "",
        f"samovar join {offer.join}",
        "",
        *qr_lines(offer.qr),
        "",
        f"It dials {', '.join(offer.addresses)}. Whoever has this text may join: show it to nobody else.",
    ]
    if only_here:
        lines.append(ONLY_HERE)
    return "\n".join(lines)


def qr_lines(rows: tuple[str, ...], margin: int = 2) -> list[str]:
    """Two rows in one line of half blocks; light on dark, as a terminal mostly is: drawn as light."""
    width = len(rows[0]) + 2 * margin
    empty = "0" * width
    padded = [empty] * margin + [f"{'0' * margin}{row}{'0' * margin}" for row in rows] + [empty] * margin
    padded += [empty] * (len(padded) % 2)
    blocks = {("0", "0"): "█", ("0", "1"): "▀", ("1", "0"): "▄", ("1", "1"): " "}
    return [
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(padded[::2], padded[1::2], strict=True)
    ]


def wait_for_box(node: ControlClient) -> None:
    """Until a box has joined or the offer is over; Ctrl-C leaves it open."""
    print("Waiting for the GPU box; Ctrl-C ends this view, and the offer stays.", flush=True)
    while True:
        offer = msgspec.json.decode(node.ask("GET", "/api/boxes"), type=BoxList).offer
        if offer is None:
            print("The time is over, and nobody joined.")
            return
        if offer.joined is not None:
            print(joined_text(offer.joined))
            return
        time.sleep(POLL_S)


def joined_text(box: BoxFacts) -> str:
    return f'"{box.name}" has joined. Fingerprint: {box.fingerprint} (the box shows the same one)'
