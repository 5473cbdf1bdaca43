"""Lean imports: what Quart and Tortoise load and work out at import, and a node never uses, is left out.

All readers wait for the start of the web process after a kill, and this takes a quarter off its imports. Left
out are the server that Quart brings along (ours is Uvicorn), templates, a client for tests, threads that only
Tortoise's own programs have, the reading of the tables' source for comments on their columns, and a pattern
for names of domains. What is used of it all the same raises, or is made up for.
"""

import inspect
import re
import sys
from collections.abc import Callable, Generator, MutableSequence, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

UNUSED = ("hypercorn", "anyio", "jinja2", "quart.testing")
COSTLY = "\uffff"
"""In a pattern: it has sets of nearly all characters, and compiles for 40 ms."""


class UnusedModule(ModuleType):
    """Whatever is looked up in it is a class that cannot be made."""

    __path__: MutableSequence[str] = []  # noqa: RUF012 - nothing is found there

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_: object, **__: object) -> None:
            raise RuntimeError(f"{self.__name__}.{name} is left out of the web process (web/lean.py)")

        return type(name, (), {"__new__": refuse})


class UnusedModules(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in UNUSED):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return UnusedModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


class LatePattern:
    """A pattern that is compiled when it is first searched for."""

    def __init__(self, compile_: Callable[[], "re.Pattern[str]"]) -> None:
        self.compile = compile_
        self.compiled: re.Pattern[str] | None = None

    def search(self, text: str) -> "re.Match[str] | None":
        if self.compiled is None:
            self.compiled = self.compile()
        return self.compiled.search(text)


@contextmanager
def lean_imports() -> Generator[None]:
    """For the imports inside; main thread, before any other thread is there."""
    finder = UnusedModules()
    getsource, compile_ = inspect.getsource, re.compile

    def no_source(_: object) -> str:
        raise OSError("not read: web/lean.py")

    def late(pattern: Any, flags: int | re.RegexFlag = 0) -> Any:
        if isinstance(pattern, str) and COSTLY in pattern:
            return LatePattern(lambda: compile_(pattern, flags))
        return compile_(pattern, flags)

    sys.meta_path.insert(0, finder)
    inspect.getsource, re.compile = no_source, late  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        inspect.getsource, re.compile = getsource, compile_
        sys.meta_path.remove(finder)
