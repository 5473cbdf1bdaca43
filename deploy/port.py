"""Looks whether the port is free before anything is started."""

import contextlib
import socket
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from deploy.troubles import MistakeInTheCall, PortTaken

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
# EADDRINUSE as Linux, macOS and Windows number it.
TAKEN = frozenset({98, 48, 10048})


def option(arguments: Sequence[str], name: str) -> str | None:
    """The last value of `name VALUE` or `name=VALUE` in a command line."""
    value: str | None = None
    for index, word in enumerate(arguments):
        if word == name and index + 1 < len(arguments):
            value = arguments[index + 1]
        elif word.startswith(f"{name}="):
            value = word.partition("=")[2]
    return value


def data_folder(arguments: Sequence[str], environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """The data folder of `samovar up` with these arguments: supervisor/data_folder.py, before it can run."""
    if chosen := option(arguments, "--data") or environ.get("SAMOVAR_DATA"):
        return Path(chosen).expanduser()
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "samovar"
    shared = environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if Path(shared).is_absolute() else home / ".local" / "share") / "samovar"


def web_section(data: Path) -> dict[str, Any]:
    """The section [web] of the settings; empty where there is none. What is wrong in it, `up` will say."""
    with contextlib.suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        section = tomllib.loads((data / "samovar.toml").read_text(encoding="utf-8")).get("web")
        if isinstance(section, dict):
            return cast("dict[str, Any]", section)
    return {}


def address_of(arguments: Sequence[str], environ: Mapping[str, str], data: Path) -> tuple[str, int] | None:
    """Where `samovar up` with these arguments will listen; None when it will not (the gpu role).

    `data` is its data folder. Raises MistakeInTheCall.
    """
    if option(arguments, "--role") == "gpu":
        return None
    section = web_section(data)
    host = environ.get("SAMOVAR_WEB_HOST") or section.get("host", DEFAULT_HOST)
    port = option(arguments, "--port") or environ.get("SAMOVAR_WEB_PORT") or section.get("port", DEFAULT_PORT)
    try:
        number = int(port)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= 65535:
        raise MistakeInTheCall(f"the port must be a number from 0 to 65535, not {port}")
    return str(host), number


def check_port(host: str, port: int) -> None:
    """Raises PortTaken when nothing can listen there. Port 0 means any free one."""
    if port == 0:
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":
            # Without this, Windows lets two programs have one port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # A port that was just left counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise PortTaken(refusal(host, port, error)) from error


def refusal(host: str, port: int, error: OSError) -> str:
    """Why the port cannot be had, and what to do."""
    other = f"choose another port, for example --port {port + 1 if 1024 <= port < 65535 else 8081}"
    if error.errno in TAKEN:
        return (
            f"port {port} is taken by another program (perhaps Samovar is running already: look at "
            f"http://{host}:{port}): end it, or {other}"
        )
    if isinstance(error, PermissionError):
        return f"port {port} is reserved by the system: {other}"
    return f"cannot listen on {host} port {port}: {error.strerror}"
