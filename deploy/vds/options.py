"""The command line of install.sh."""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NoReturn

from deploy.troubles import MistakeInTheCall

DEFAULT_PORT = 8080
DEFAULT_LINK_PORT = 7777  # as supervisor.link_port has it for the web role
# A name of the public DNS, or of a network of one's own (`internal` certificates).
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


@dataclass(frozen=True)
class Shape:
    """How the server is to be. It is remembered, so that an upgrade need not be told again."""

    domain: str
    port: int = DEFAULT_PORT
    link_port: int = DEFAULT_LINK_PORT
    certificate: str = "public"
    caddy: bool = True


@dataclass(frozen=True)
class Options:
    """What is asked for; None: as it is, or the default the first time."""

    domain: str | None = None
    port: int | None = None
    link_port: int | None = None
    certificate: str | None = None
    caddy: bool | None = None
    ready_s: float = 120.0
    rehearse: bool = False
    uninstall: bool = False
    purge: bool = False

    def shape(self, remembered: str | None) -> Shape:
        """What was asked for over what `remember` wrote. Raises MistakeInTheCall."""
        known: dict[str, Any] = json.loads(remembered) if remembered else {}
        given = {field.name: getattr(self, field.name) for field in fields(Shape)}
        values = known | {name: value for name, value in given.items() if value is not None}
        if not values.get("domain"):
            raise MistakeInTheCall("the name of the site is missing: --domain chat.example.org")
        shape = Shape(**values)
        if shape.port == shape.link_port:
            raise MistakeInTheCall("--port and --link-port must differ")
        return shape


def domain_of(remembered: str | None) -> str:
    """The name that `remember` wrote; "" where nothing was."""
    return str(json.loads(remembered)["domain"]) if remembered else ""


def remember(shape: Shape) -> str:
    return json.dumps(asdict(shape), indent=2) + "\n"


class OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise MistakeInTheCall(f"{message}; see install.sh --help")


def port_number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1024 <= number <= 65535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port from 1024 to 65535')
    return number


def domain_name(text: str) -> str:
    name = text.lower().rstrip(".")
    if not DOMAIN.fullmatch(name):
        raise argparse.ArgumentTypeError(f'"{text}" is not a name like chat.example.org')
    return name


def parser() -> argparse.ArgumentParser:
    words = OneLineParser(
        prog="install.sh",
        description="Installs Samovar's web role on this server (Debian, Ubuntu), or brings it to this "
        "version. Called again it mends what is missing and leaves the rest alone.",
    )
    words.add_argument("--domain", type=domain_name, help="the name of the site; needed the first time")
    words.add_argument(
        "--link-port",
        type=port_number,
        metavar="N",
        help=f"the port that GPU boxes dial (default: {DEFAULT_LINK_PORT})",
    )
    words.add_argument(
        "--port",
        type=port_number,
        metavar="N",
        help=f"the port behind Caddy, on loopback (default: {DEFAULT_PORT})",
    )
    words.add_argument(
        "--certificate",
        choices=("public", "internal"),
        help="public: Caddy fetches one, the name must lead to this server; internal: Caddy makes its own",
    )
    words.add_argument(
        "--caddy",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether Caddy stands in front (default), or another https proxy of yours",
    )
    words.add_argument(
        "--ready-s",
        type=float,
        default=120.0,
        metavar="S",
        help="most time until the new version serves, before the one before is put back (default: 120)",
    )
    words.add_argument(
        "--dry-run", dest="rehearse", action="store_true", help="look, tell what would be done, do nothing"
    )
    words.add_argument("--uninstall", action="store_true", help="take everything away, but for the data")
    words.add_argument("--purge", action="store_true", help="with --uninstall: the data as well")
    return words


def read_options(arguments: Sequence[str]) -> Options:
    """Raises MistakeInTheCall."""
    options = Options(**vars(parser().parse_args(arguments)))
    if options.purge and not options.uninstall:
        raise MistakeInTheCall("--purge goes with --uninstall; see install.sh --help")
    return options
