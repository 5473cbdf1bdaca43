import sys
from pathlib import Path

import pytest

from deploy.checkout import Checkout, venv_program
from deploy.node import NodeFinder, ask_version, is_new_enough


@pytest.mark.parametrize(
    "version", ["v20.19.0", "20.20.2", "v22.12.0", "v23.0.0", "v24.19.0", "v25.0.0-nightly"]
)
def test_node_that_vite_runs_on_is_new_enough(version: str) -> None:
    assert is_new_enough(version)


@pytest.mark.parametrize("version", ["v20.18.3", "v18.20.0", "v21.7.0", "v22.11.0", "", "twenty", "v20"])
def test_node_that_vite_does_not_run_on_is_not(version: str) -> None:
    assert not is_new_enough(version)


def finder(versions: dict[str, str]) -> NodeFinder:
    """Finds on PATH the programs named without a slash."""
    return NodeFinder(
        which=lambda name: f"/usr/bin/{name}" if name in versions else None,
        version_of=lambda program: versions.get(Path(program).name, ""),
    )


def checkout_with_node(folder: Path) -> Checkout:
    checkout = Checkout(folder, folder, windows=sys.platform == "win32")
    checkout.scripts.mkdir(parents=True)
    for name in ("node", "npm"):
        venv_program(checkout.venv, name, windows=checkout.windows).touch()
    return checkout


def test_a_new_enough_node_on_path_is_taken(tmp_path: Path) -> None:
    node = finder({"node": "v20.20.2", "npm": "10"}).find(checkout_with_node(tmp_path))
    assert node is not None
    assert node.npm == Path("/usr/bin/npm")
    assert node.environ("/bin", ":")["PATH"] == f"{Path('/usr/bin')}:/bin"


def test_a_node_without_npm_is_not_taken(tmp_path: Path) -> None:
    assert finder({"node": "v20.20.2"}).find(Checkout(tmp_path, tmp_path)) is None


def test_an_old_node_on_path_gives_way_to_the_one_in_the_environment(tmp_path: Path) -> None:
    checkout = checkout_with_node(tmp_path)
    in_venv = NodeFinder(
        which=lambda name: f"/usr/bin/{name}",
        version_of=lambda program: "v24.19.0" if Path(program).is_relative_to(tmp_path) else "v12.0.0",
    ).find(checkout)
    assert in_venv is not None
    assert in_venv.first_on_path == checkout.scripts


def test_no_node_anywhere_is_none(tmp_path: Path) -> None:
    assert finder({}).find(Checkout(tmp_path, tmp_path)) is None


def test_a_program_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert ask_version(tmp_path / "node") == ""
    assert ask_version(sys.executable).startswith("Python 3.")
