import ast
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from tests.deploy.places import ROOT
from tests.deploy.test_locks import normal

PACKAGES = ("actors", "deploy", "gpu_actor", "rust_crypto", "storage", "supervisor", "web")
# The compiled extension: made of this checkout, and absent where there is no cargo.
OWN = {*PACKAGES, "tests", "samovar_crypto"}


def sources(folders: Iterable[str]) -> list[Path]:
    return [
        file
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
        if "node_modules" not in file.parts and "target" not in file.parts
    ]


def imported(files: Iterable[Path]) -> dict[str, Path]:
    """The top names of other people's packages that files import, each with one file that does."""
    found: dict[str, Path] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            found.update({name.partition(".")[0]: file for name in names})
    return {name: file for name, file in found.items() if name not in OWN | sys.stdlib_module_names}


def declared(*extras: str) -> set[str]:
    data: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [
        *data["dependencies"],
        *(one for extra in extras for one in data["optional-dependencies"][extra]),
    ]
    return {normal(requirement) for requirement in listed}


def undeclared(folders: Iterable[str], names: set[str]) -> list[str]:
    """Imports whose distribution pyproject.toml does not name."""
    distributions = packages_distributions()
    return [
        f"{file.relative_to(ROOT)}: {name}"
        for name, file in imported(sources(folders)).items()
        if not {normal(one) for one in distributions.get(name, [name])} & names
    ]


def test_every_package_that_samovar_imports_is_named_in_the_project_file() -> None:
    assert undeclared(PACKAGES, declared("web", "gpu", "rtx")) == []


def test_every_package_that_the_tests_import_is_named_in_the_project_file() -> None:
    assert undeclared(["tests"], declared("web", "gpu", "rtx", "test")) == []


def test_the_set_up_imports_nothing_but_the_standard_library_and_itself() -> None:
    assert imported(sources(["deploy"])) == {}
