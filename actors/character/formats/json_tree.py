"""JSON that must come out as it went in: read within limits, written with the same values in the same order.

Numbers that a float cannot hold are kept as Decimal, and a lone surrogate (half of an emoji, cut by some
program) is kept as such, so that writing the tree gives it back. `plain` makes a copy that other libraries
can encode.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, NoReturn, cast

from actors.character.formats.limits import CardLimits
from actors.character.formats.troubles import BrokenJsonError, TooLargeError
from actors.character.formats.warnings import Warnings

SURROGATE = re.compile("[\ud800-\udfff]")
INT_DIGITS = 640
"""Python turns no text of more digits than 4300 into an int; 640 is the least it can be set to."""
FLOAT_LETTERS = 16
"""A float holds any number of 15 digits exactly enough to write the same ones again (IEEE 754)."""
EXACT_INT = 2**53
"""Whole numbers up to here are the same in every program (ECMA-262)."""


def parse_tree(data: bytes, limits: CardLimits, warnings: Warnings) -> Any:
    """The JSON in these bytes. Encodings and slips that are seen in cards are tolerated and told."""
    if len(data) > limits.json_bytes:
        raise TooLargeError(
            f"The card's JSON is larger than {limits.json_bytes:,} bytes (json_bytes).",
            "json_bytes",
            limits.json_bytes,
        )
    text = decoded(data, warnings).strip("\0 \t\r\n")
    if text.count(",") + text.count("[") + text.count("{") > limits.json_parts:
        raise TooLargeError(
            f"The card's JSON has more than {limits.json_parts:,} parts (json_parts).",
            "json_parts",
            limits.json_parts,
        )
    reader = TreeReader(warnings)
    try:
        tree = reader.read(text)
    except RecursionError:
        tree = None
        nested = True
    else:
        nested = depth(tree) > limits.json_depth
    if nested:
        raise TooLargeError(
            f"The card's JSON is nested deeper than {limits.json_depth} levels (json_depth).",
            "json_depth",
            limits.json_depth,
        )
    return tree


def decoded(data: bytes, warnings: Warnings) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        warnings.add("json_utf16")
        return data.decode("utf-16", errors="replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError:
        warnings.add("json_garbled")
        return data.decode(errors="replace")


class TreeReader:
    """The standard parser, with numbers kept exactly."""

    def __init__(self, warnings: Warnings) -> None:
        self.warnings = warnings

    def read(self, text: str) -> Any:
        try:
            return self.parse(text, strict=True)
        except json.JSONDecodeError:
            pass
        try:
            tree = self.parse(text, strict=False)
        except json.JSONDecodeError as error:
            raise BrokenJsonError(
                f"The card's JSON is broken in line {error.lineno}, column {error.colno}: {error.msg}.",
                "broken_json",
                error.lineno,
                error.colno,
            ) from None
        self.warnings.add("json_breaks")
        return tree

    def parse(self, text: str, *, strict: bool) -> Any:
        return json.loads(
            text,
            strict=strict,
            object_pairs_hook=self.object,
            parse_float=self.float,
            parse_int=self.int,
            parse_constant=self.constant,
        )

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            self.warnings.add("json_name_twice")
        return fields

    def float(self, text: str) -> float | Decimal:
        if len(text) <= FLOAT_LETTERS and "e" not in text and "E" not in text:
            return float(text)
        try:
            exact = Decimal(text)
        except InvalidOperation:
            raise BrokenJsonError("The card's JSON has a number beyond all measure.", "json_number") from None
        value = float(text)
        return value if exact == Decimal(repr(value)) else exact

    def int(self, text: str) -> int | Decimal:
        return int(text) if len(text) < INT_DIGITS else Decimal(text)

    def constant(self, name: str) -> None:
        self.warnings.add("json_constant", name)


def depth(tree: Any) -> int:
    """How many objects and lists stand within each other; without recursion."""
    deepest = 0
    waiting = [(tree, 1)]
    while waiting:
        value, level = waiting.pop()
        if isinstance(value, (dict, list)):
            deepest = max(deepest, level)
            waiting.extend(
                (child, level + 1) for child in children(cast("dict[str, Any] | list[Any]", value))
            )
    return deepest


def children(value: dict[str, Any] | list[Any]) -> Iterator[Any]:
    return iter(value.values() if isinstance(value, dict) else value)


def tree_bytes(tree: Any, indent: int | None = None) -> bytes:
    """The tree as JSON in UTF-8."""
    pieces: list[str] = []
    write(tree, pieces, "" if indent is None else " " * indent, None if indent is None else "\n")
    return "".join(pieces).encode()


def write(value: Any, pieces: list[str], step: str, line: str | None) -> None:
    """`line`: a line break and the indent of this level, or None where all stands in one line."""
    match value:
        case dict() | list() if value:
            inner = None if line is None else line + step
            named = isinstance(value, dict)
            first = True
            pieces.append("{" if named else "[")
            for each in cast("dict[str, Any] | list[Any]", value):
                pieces.append(("" if first else ",") + (inner or ""))
                first = False
                if named:
                    pieces.append(quoted(each) + (":" if line is None else ": "))
                write(value[each] if named else each, pieces, step, inner)
            pieces.append((line or "") + ("}" if named else "]"))
        case dict():
            pieces.append("{}")
        case list():
            pieces.append("[]")
        case str():
            pieces.append(quoted(value))
        case None:
            pieces.append("null")
        case bool():
            pieces.append("true" if value else "false")
        case int():
            pieces.append(int.__repr__(value))
        case float():
            pieces.append(float.__repr__(value))
        case Decimal():
            pieces.append(str(value))
        case _:
            no_json(value)


def no_json(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} is not of JSON")


def quoted(text: str) -> str:
    return encode_basestring_ascii(text) if broken(text) else encode_basestring(text)


def broken(text: str) -> bool:
    """Whether there is a lone surrogate in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def plain(value: Any) -> Any:
    """A copy that any library can encode: no lone surrogates, numbers that are finite and of usual size."""
    match value:
        case dict():
            return {plain_text(name): plain(each) for name, each in cast("dict[str, Any]", value).items()}
        case list():
            return [plain(each) for each in cast("list[Any]", value)]
        case str():
            return plain_text(value)
        case int() if not isinstance(value, bool) and not -(2**63) <= value < 2**63:
            return plain(Decimal(value))
        case Decimal():
            try:
                number = float(value)
            except OverflowError:
                return None
            return number if abs(number) != float("inf") else None
        case _:
            return value


def plain_text(text: str) -> str:
    return SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text) if broken(text) else text
