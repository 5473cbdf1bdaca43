"""Writes web/ui/src/wire/protocol.ts from web/protocol/, so that the browser's types cannot drift.

`python -m web.typescript` writes the file; with `--check` it only compares, and fails on a difference.

A Struct becomes an interface, an array-like one a labelled tuple, a union of tagged ones a discriminated
union. Fields that have a default are optional where the client sends the Struct; the server always sends all.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, get_args

import msgspec
from msgspec import inspect as shape

from actors.messages import chat, conversations, generation, group, lore, replies
from web import protocol
from web.protocol import frames
from web.protocol.conversations import ANSWERS

TARGET = Path(__file__).parent / "ui" / "src" / "wire" / "protocol.ts"

HEADER = """\
// Made from web/protocol/ by `python -m web.typescript`. Do not edit: change a file there and run it again.
"""

PRIMITIVES: dict[type[shape.Type], str] = {
    shape.NoneType: "null",
    shape.BoolType: "boolean",
    shape.IntType: "number",
    shape.FloatType: "number",
    shape.StrType: "string",
    shape.UUIDType: "string",
    shape.RawType: "unknown",
}


class NoTypeScriptError(TypeError):
    """web/protocol/ uses a type that has no counterpart yet: teach web/typescript.py about it."""


def structs_of(union: Any) -> tuple[type[msgspec.Struct], ...]:
    """The Structs of a union, in its order."""
    return get_args(union)


def rest_modules() -> Iterator[ModuleType]:
    """The files of the REST bodies, by name."""
    for _, name, _ in iter_modules(protocol.__path__):
        if name != "frames":
            yield import_module(f"{protocol.__name__}.{name}")


def rest_structs() -> Iterator[type[msgspec.Struct]]:
    """The REST bodies: the Structs of web/protocol/ that are no frames, in the order of their file."""
    yield from ANSWERS
    for module in rest_modules():
        for value in vars(module).values():
            if not (inspect.isclass(value) and issubclass(value, msgspec.Struct)):
                continue
            if value.__module__ == module.__name__:
                yield value


def sent_by_client(struct: type[msgspec.Struct]) -> bool:
    """Request bodies refuse unknown fields; answers do not care."""
    return struct in structs_of(frames.ClientFrame) or struct.__struct_config__.forbid_unknown_fields


def named_literals() -> dict[tuple[Any, ...], str]:
    """Literal aliases of the message files, by their values: they keep their names."""
    return {
        tuple(sorted(get_args(alias))): name
        for module in (generation, conversations, replies, chat, group, lore)
        for name, alias in vars(module).items()
        if type(alias) is type(generation.Role)
    }


class Writer:
    """Turns Structs into TypeScript; `wanted` collects what is mentioned on the way."""

    def __init__(self) -> None:
        self.literals = named_literals()
        self.literals_used: dict[str, tuple[Any, ...]] = {}
        self.wanted: dict[type[msgspec.Struct], bool] = {}  # Struct → does a client send it?

    def type_of(self, info: shape.Type, by_client: bool) -> str:
        match info:
            case shape.StructType():
                self.wanted[info.cls] = self.wanted.get(info.cls, False) or by_client
                return info.cls.__name__
            case shape.LiteralType():
                if name := self.literals.get(tuple(sorted(info.values))):
                    self.literals_used[name] = info.values
                    return name
                return " | ".join(json.dumps(value) for value in info.values)
            case shape.UnionType():
                return " | ".join(self.type_of(part, by_client) for part in info.types)
            case shape.TupleType():
                return f"[{', '.join(self.type_of(part, by_client) for part in info.item_types)}]"
            case shape.VarTupleType() | shape.ListType():
                inner = self.type_of(info.item_type, by_client)
                bare = " " not in inner or inner.startswith("[")
                return f"{inner}[]" if bare else f"({inner})[]"
            case _ if type(info) in PRIMITIVES:
                return PRIMITIVES[type(info)]
            case _:
                raise NoTypeScriptError(f"no TypeScript for {info}")

    def struct(self, cls: type[msgspec.Struct], by_client: bool) -> str:
        info = shape.type_info(cls)
        if not isinstance(info, shape.StructType):
            raise NoTypeScriptError(f"{cls} is no Struct")
        comments = field_comments(cls)
        head = doc_comment(cls.__doc__)
        fields: list[str] = []
        if info.tag_field is not None:
            fields.append(f"  {info.tag_field}: {json.dumps(info.tag)};")
        for field in info.fields:
            optional = "?" if by_client and not field.required else ""
            text = f"{field.encode_name}{optional}: {self.type_of(field.type, by_client)}"
            if info.array_like:
                fields.append(f"  {text},")
                continue
            note = comments.get(field.name)
            fields.append((f"  /** {note} */\n" if note else "") + f"  {text};")
        body = "\n".join(fields)
        if info.array_like:
            return f"{head}export type {cls.__name__} = [\n{body}\n];\n"
        return f"{head}export interface {cls.__name__} {{\n{body}\n}}\n"


def doc_comment(text: str | None) -> str:
    """A JSDoc block from a docstring."""
    if not text:
        return ""
    lines = inspect.cleandoc(text).splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "".join(["/**\n", *(f" * {line}".rstrip() + "\n" for line in lines), " */\n"])


def field_comments(cls: type[msgspec.Struct]) -> dict[str, str]:
    """The comment behind each field in the source."""
    found = re.findall(r"^    (\w+):[^#\n]*#\s*(.+)$", inspect.getsource(cls), re.MULTILINE)
    return {name: comment.strip() for name, comment in found}


def union(name: str, members: Any) -> str:
    lines = "".join(f"\n  | {struct.__name__}" for struct in structs_of(members))
    return f"export type {name} ={lines};\n"


def generate() -> str:
    """The whole file."""
    writer = Writer()
    roots = [*structs_of(frames.ClientFrame), *structs_of(frames.ServerFrame), *rest_structs()]
    for struct in roots:
        writer.wanted[struct] = sent_by_client(struct)
    parts: dict[type[msgspec.Struct], str] = {}
    while missing := [struct for struct in writer.wanted if struct not in parts]:
        for struct in missing:
            parts[struct] = writer.struct(struct, writer.wanted[struct])
    names = [struct.__name__ for struct in parts]
    if twice := {name for name in names if names.count(name) > 1}:
        raise NoTypeScriptError(f"two Structs of the protocol share a name: {', '.join(sorted(twice))}")
    aliases = [
        f"export type {name} = {' | '.join(json.dumps(value) for value in values)};\n"
        for name, values in sorted(writer.literals_used.items())
    ]
    return "\n".join(
        [
            HEADER,
            f"export const PROTOCOL_VERSION = {frames.PROTOCOL_VERSION};\n",
            *aliases,
            union("ClientFrame", frames.ClientFrame),
            union("ServerFrame", frames.ServerFrame),
            *parts.values(),
        ]
    )


def main(arguments: list[str]) -> int:
    text = generate()
    if arguments == ["--check"]:
        if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write("web/ui/src/wire/protocol.ts is stale: run `python -m web.typescript`\n")
        return 1
    if arguments:
        sys.stderr.write("usage: python -m web.typescript [--check]\n")
        return 2
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
