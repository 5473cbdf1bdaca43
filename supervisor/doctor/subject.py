"""What the checks look at, and the doors through which they look: tests put their own behind them."""

import contextlib
import platform
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import Literal, Protocol

from actors.messages.control import NodeStatus
from deploy.machine import Answer, Machine
from deploy.progress import Progress
from deploy.space import free_on
from deploy.vds.places import Places
from gpu_actor.pairing_file import Pairing
from supervisor.data_folder import DataFolder
from supervisor.doctor.link_probe import Handshake, shake_hands
from supervisor.settings import NodeSettings

Role = Literal["all", "web", "gpu"]

PAGE_S = 5.0


@dataclass(frozen=True)
class Page:
    """How an https address answered. `trouble`: "" where it did; `untrusted`: for its certificate."""

    trouble: str = ""
    untrusted: bool = False
    date_s: float | None = None  # the server's clock, seconds since 1970


class Ask(Protocol):
    """Runs a program that only looks."""

    def __call__(self, *argv: str | Path) -> Answer: ...


def installed_version(name: str) -> str | None:
    """The version of an installed package; None where it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def ask_page(url: str) -> Page:
    """Fetch an address with everything checked that a browser checks."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - https, and built by us
    try:
        with urllib.request.urlopen(request, timeout=PAGE_S) as answer:  # noqa: S310 - as above
            date = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        date = error.headers.get("Date")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Page(trouble=str(reason), untrusted=isinstance(reason, ssl.SSLCertVerificationError))
    with contextlib.suppress(TypeError, ValueError):
        return Page(date_s=parsedate_to_datetime(date or "").timestamp())
    return Page()


def addresses_of(name: str) -> list[str]:
    """The addresses that a name leads to; none where it leads nowhere."""
    try:
        return sorted({str(info[4][0]) for info in socket.getaddrinfo(name, None)})
    except OSError:
        return []


@dataclass(frozen=True)
class Doors:
    """Everything outside of this process."""

    ask: Ask = field(default_factory=lambda: Machine(Progress(), Path()).ask)
    system: str = sys.platform
    bits: str = field(default_factory=lambda: platform.architecture()[0])
    python: tuple[int, int, int] = sys.version_info[:3]
    executable: Path = field(default_factory=lambda: Path(sys.executable))
    base_prefix: Path = field(default_factory=lambda: Path(sys.base_prefix))
    installed: Callable[[str], str | None] = installed_version
    free: Callable[[Path], int] = free_on
    page: Callable[[str], Page] = ask_page
    addresses: Callable[[str], list[str]] = addresses_of
    handshake: Callable[[Pairing, Path], Handshake] = shake_hands
    now_s: Callable[[], float] = time.time
    places: Places = field(default_factory=Places)


@dataclass(frozen=True)
class Subject:
    """A node on its machine. `settings` is None where they cannot be read, `status` where no node answers."""

    data: DataFolder
    role: Role
    settings: NodeSettings | None
    settings_trouble: str
    status: NodeStatus | None
    pairing: Pairing | None
    doors: Doors

    @property
    def serves_pages(self) -> bool:
        return self.role != "gpu"

    @property
    def has_engine(self) -> bool:
        return self.role != "web"
