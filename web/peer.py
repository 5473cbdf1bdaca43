"""Peer: from which machine a request comes, as far as it can be trusted."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Peer(Struct, frozen=True):
    """`address`: of the browser. `loopback`: the connection comes from this machine, and nothing says that
    a proxy passed it on. `here`: the same, on a node that has no proxy in front: no stranger can be it.
    """

    address: str
    loopback: bool
    here: bool

    @property
    def network(self) -> str:
        """What throttles go by: the address, or the /64 of an IPv6 one, which is one household."""
        address = parse(self.address)
        if isinstance(address, IPv6Address):
            return str(ipaddress.IPv6Network((address, 64), strict=False))
        return self.address


def peer_of(client: str, forwarded_for: list[str], *, behind_proxy: bool) -> Peer:
    """`client` is the other end of the connection, `forwarded_for` the X-Forwarded-For headers.

    They are ignored unless a proxy is declared, and then only the last name counts: the one that the
    proxy itself wrote; what stands before it the browser may have made up.
    """
    direct = parse(client)
    address = str(direct) if direct is not None else client
    loopback = direct is not None and direct.is_loopback and not forwarded_for
    if behind_proxy and forwarded_for:
        told = parse(forwarded_for[-1].rpartition(",")[2].strip())
        address = str(told) if told is not None else address
    return Peer(address, loopback, here=loopback and not behind_proxy)


def parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
