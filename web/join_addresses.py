"""Where a GPU box may reach this web node: the HOST:PORT texts of a join string, the best one first."""

import ipaddress
import re
import socket
from collections.abc import Iterable

from web.security import WILDCARDS

SOMEWHERE = ("192.0.2.1", 9)  # RFC 5737: nothing is sent, the system only says which address it would use
ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)


class BadAddressError(ValueError):
    """Not HOST, HOST:PORT or [IPv6]:PORT."""


def with_port(text: str, port: int) -> str:
    """HOST:PORT. Raises BadAddressError."""
    matched = ADDRESS.fullmatch(text.strip())
    given = int(matched[2]) if matched and matched[2] else port
    if matched is None or not 1 <= given <= 65535:
        raise BadAddressError(f'"{text}" is no address: write HOST or HOST:PORT.')
    return f"{matched[1]}:{given}"


def join_addresses(listens: str, port: int, chosen: Iterable[str], public_names: Iterable[str]) -> list[str]:
    """`listens`: what the link is bound to; `chosen`: what the settings say. Raises BadAddressError."""
    hosts = list(chosen)
    if not hosts and listens not in WILDCARDS:
        hosts = [f"[{listens}]" if ":" in listens else listens]
    if not hosts:
        names = [name for name in public_names if ADDRESS.fullmatch(name) and name != "localhost"]
        hosts = [*names[:1], *own_address()]
    found = [with_port(host, port) for host in hosts or ["127.0.0.1"]]
    return list(dict.fromkeys(found))[:8]


def own_address() -> list[str]:
    """The address of this machine in the network that leads outside; none where there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
        except OSError:
            return []
        return [probe.getsockname()[0]]


def on_loopback(host: str) -> bool:
    """Only this machine itself can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
