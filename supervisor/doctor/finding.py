"""A finding: one thing that was checked, how it stands, and what to do where it does not stand well."""

from typing import Literal

from msgspec import Struct

Condition = Literal["ok", "warning", "problem"]


class Finding(Struct, frozen=True):
    """`remedy` is "" where all is well; a problem keeps the node from its work, a warning does not."""

    name: str
    condition: Condition
    what: str
    remedy: str = ""


def ok(name: str, what: str) -> Finding:
    return Finding(name, "ok", what)


def warning(name: str, what: str, remedy: str) -> Finding:
    return Finding(name, "warning", what, remedy)


def problem(name: str, what: str, remedy: str) -> Finding:
    return Finding(name, "problem", what, remedy)
