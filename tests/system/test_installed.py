"""The wheel of this checkout in an environment that has the packages of the web role and no others."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from deploy.cgroups import MB
from deploy.checkout import this_checkout
from deploy.measure_memory import measure_idle
from deploy.progress import Progress
from deploy.setup import job_for
from deploy.wheel import build, lock_entries

ROOT = Path(__file__).resolve().parents[2]
READY_S = 60.0


def copy_package(name: str, site: Path) -> None:
    """Copy an installed package, file by file: so nothing is fetched, and nothing else comes along."""
    for file in metadata.distribution(name).files or ():
        source = Path(str(file.locate()))
        if ".." not in file.parts and "__pycache__" not in file.parts and source.is_file():
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def is_wanted_here(entry: str) -> bool:
    """Whether a lock's entry is for this platform: what this environment lacks, it does not ask for here."""
    try:
        metadata.distribution(entry.partition("==")[0])
    except metadata.PackageNotFoundError:
        assert " ; " in entry, f"in the lock and not installed: {entry}"
        return False
    return True


@pytest.fixture(scope="module")
def samovar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program `samovar` of the fresh environment."""
    folder = tmp_path_factory.mktemp("installed")
    make = [sys.executable, "-m", "venv", "--without-pip", folder / "venv"]
    subprocess.run(make, check=True, capture_output=True)
    (site,) = (folder / "venv").glob("lib/*/site-packages")
    for name, entry in lock_entries(ROOT / "requirements" / "web.lock").items():
        if is_wanted_here(entry):
            copy_package(name, site)
    wheel = build(job_for(this_checkout(), Progress()), folder)
    python = folder / "venv" / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")  # one of the tests' packages
    command = [uv, "pip", "install", "--python", python, "--no-index", "--no-deps", wheel]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "venv" / "bin" / "samovar"


def clean_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SAMOVAR"))}


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd="/", env=clean_environ(), capture_output=True, text=True, timeout=60, check=False
    )


@contextlib.contextmanager
def web_node(samovar: Path, data: Path) -> Generator[dict[str, Any]]:
    """`samovar up --role web`, ready; yields its status."""
    up = [samovar, "up", "--role", "web", "--data", data, "--port", "0"]
    with (data.with_suffix(".out")).open("wb") as output:
        process = subprocess.Popen(up, cwd="/", env=clean_environ(), stdout=output, stderr=output)
    try:
        yield wait_until_ready(samovar, data)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(samovar: Path, data: Path) -> dict[str, Any]:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        answer = run(samovar, "status", "--json", "--data", data)
        if answer.returncode == 0 and (status := json.loads(answer.stdout))["ready"]:
            return status
    raise AssertionError(data.with_suffix(".out").read_text())


def test_the_web_role_serves_the_page_from_the_wheel_alone(samovar: Path, tmp_path: Path) -> None:
    with web_node(samovar, tmp_path / "data") as status:
        assert [process["name"] for process in status["processes"]] == ["web"]
        with urllib.request.urlopen(status["url"], timeout=10) as answer:
            page = answer.read().decode()
        (script,) = re.findall(r'src="(/assets/[^"]+\.js)"', page)
        with urllib.request.urlopen(status["url"] + script, timeout=10) as answer:
            assert answer.status == 200
            assert len(answer.read()) > 10_000


def test_the_idle_web_node_keeps_within_its_memory(samovar: Path) -> None:
    told = measure_idle(samovar, 150 * MB, settle_s=3.0)
    assert 20 < told["idle_mb"] < 150, told


def test_the_environment_of_the_web_role_has_no_engine(samovar: Path) -> None:
    code = "import importlib.util, sys; sys.exit(any(map(importlib.util.find_spec, sys.argv[1:])))"
    engines = ["numpy", "onnx", "onnxruntime", "tokenizers", "xllamacpp", "gguf"]
    python = samovar.with_name("python")
    done = subprocess.run([python, "-I", "-c", code, *engines], check=False)
    assert done.returncode == 0


def test_commands_that_need_no_engine_say_their_help_without_one(samovar: Path) -> None:
    for command in ("up", "status", "chat", "console", "model", "engine", "bench"):
        done = run(samovar, command, "--help")
        assert done.returncode == 0, done.stderr


def test_the_set_up_of_a_checkout_says_that_this_is_none(samovar: Path) -> None:
    done = run(samovar.with_name("python"), "-m", "deploy", "setup")
    assert done.returncode == 2
    assert "checkout" in done.stderr
