"""Reads settings from samovar.toml and the environment, and writes the file with its commented defaults."""

import difflib
import inspect
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from actors.messages.generation import Sampling
from actors.presets import DEFAULT_PRESET, UnknownPresetError, find_preset
from actors.private_files import write_private
from actors.sampling_limits import unfit_sampling
from supervisor.errors import SettingsError
from supervisor.settings import NodeSettings

PREFIX = "SAMOVAR_"


class Given(Struct, frozen=True):
    """A setting that somebody gave; `place` says where, for people."""

    section: str
    key: str
    value: Any
    place: str


def read_settings(file: Path, environ: Mapping[str, str], overrides: Iterable[Given] = ()) -> NodeSettings:
    """The settings of a node; a file that is missing is an empty one. Raises SettingsError.

    `overrides` come from the command line.
    """
    values: dict[str, dict[str, Any]] = {}
    places: dict[str, str] = {}
    for given in (*from_file(file), *from_environment(environ), *overrides):
        values.setdefault(given.section, {})[given.key] = given.value
        places[f"{given.section}.{given.key}"] = given.place
    if "session" in values:
        complete_sampling(values["session"], places)
    try:
        settings = msgspec.convert(values, NodeSettings)
    except msgspec.ValidationError as error:
        raise SettingsError(explain(str(error), places)) from error
    if wrong := unfit_sampling(settings.session.sampling):
        place = places.get("session.sampling", "session.sampling")
        raise SettingsError(f"{place}: {wrong[:1].lower()}{wrong[1:]}")
    return settings


def complete_sampling(session: dict[str, Any], places: Mapping[str, str]) -> None:
    """Lay the table session.sampling over the preset. It travels as an array: all values, in order."""
    name = session.get("preset", DEFAULT_PRESET)
    if not isinstance(name, str):
        return  # of the wrong type, which the conversion says
    try:
        preset = find_preset(name)
    except UnknownPresetError as error:
        raise SettingsError(f"{places['session.preset']}: {error}") from error
    given = cast("dict[str, Any]", session.get("sampling", {}))
    session["sampling"] = [given.get(inner.name, getattr(preset, inner.name)) for inner in fields(Sampling)]


def explain(message: str, places: Mapping[str, str]) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.web.port`" in words, with the place of the value."""
    what, _, path = message.partition(" - at `$.")
    name = re.split(r"[\[`]", path)[0]
    return f"{places.get(name, name)}: {what[:1].lower()}{what[1:].replace('`', '')}."


def section_types() -> dict[str, type[Struct]]:
    return {section.name: cast("type[Struct]", section.type) for section in fields(NodeSettings)}


def known_key(section: str, key: str, place: str) -> FieldInfo:
    """Raises SettingsError for a section or a key that does not exist."""
    sections = section_types()
    if section not in sections:
        raise SettingsError(f"{place}: there is no section {section}{nearest(section, sections)}")
    keys = {entry.name: entry for entry in fields(sections[section])}
    if key not in keys:
        raise SettingsError(f"{place}: there is no key {section}.{key}{nearest(key, keys)}")
    return keys[key]


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of the sentence "there is no …": with the known name that is meant, where one is near."""
    close = near(name, known)
    return f"; did you mean {close}?" if close else "."


def near(name: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)), "")


# -- sources ------------------------------------------------------------------------------------


def from_file(file: Path) -> list[Given]:
    try:
        loaded = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    found: list[Given] = []
    for section, entries in loaded.items():
        if not isinstance(entries, dict):
            raise SettingsError(
                f"{file}: {section} stands outside a section: put it below a line like [web]."
            )
        if not entries and section not in section_types():
            raise SettingsError(f"{file}: there is no section {section}{nearest(section, section_types())}")
        for key, value in cast("dict[str, Any]", entries).items():
            entry = known_key(section, key, str(file))
            place = f"{file}: {section}.{key}"
            found.append(Given(section, key, checked(value, entry, place), place))
    return found


def from_environment(environ: Mapping[str, str]) -> list[Given]:
    """What SAMOVAR_<SECTION>_<KEY> says.

    Other variables that begin with SAMOVAR_ are left alone, unless their section is nearly one of ours.
    """
    found: list[Given] = []
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        section, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if not key or not near(section, section_types()):
            continue
        entry = known_key(section, key, name)
        found.append(Given(section, key, checked(parse(name, environ[name], entry), entry, name), name))
    return found


def parse(name: str, text: str, entry: FieldInfo) -> Any:
    """Text stays text, and so does one of several words; everything else is written as in the file."""
    if entry.type is str or (get_origin(entry.type) is Literal and text in get_args(entry.type)):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f'{name}: "{text}" is not a value of TOML.') from error


def checked(value: Any, entry: FieldInfo, place: str) -> Any:
    """A value for a struct that travels as an array (Sampling) must be a table of its fields."""
    kind = entry.type
    if not (isinstance(kind, type) and issubclass(kind, Struct) and kind.__struct_config__.array_like):
        return value
    if not isinstance(value, dict):
        raise SettingsError(f"{place}: expected a table such as {{ {example_of(entry)} }}.")
    names = [inner.name for inner in fields(kind)]
    for name in cast("dict[str, Any]", value):
        if name not in names:
            raise SettingsError(f"{place}: there is no {name}{nearest(name, names)}")
    return cast("dict[str, Any]", value)


def example_of(entry: FieldInfo) -> str:
    first = fields(entry.type)[0]
    return f"{first.name} = {toml(default_of(first))}"


# -- the file at its first start -------------------------------------------------------------------


def write_default_file(file: Path) -> None:
    """Write every key with its default, commented out; an existing file stays as it is."""
    if not file.exists():
        write_private(file, default_text().encode())  # some keys hold passwords


def default_text() -> str:
    lines = [
        "# Settings of this Samovar node. Each line that begins with # shows a default: take the # away",
        "# and change the value. The environment variable SAMOVAR_<SECTION>_<KEY> goes before the file.",
    ]
    for section, kind in section_types().items():
        lines += ["", f"[{section}]"]
        comments = comments_of(kind)
        for entry in fields(kind):
            comment = comments[entry.name]
            tail = f"  # {comment}" if comment else ""
            lines.append(f"# {entry.name} = {toml(default_of(entry))}{tail}")
    return "\n".join(lines) + "\n"


def comments_of(kind: type[Struct]) -> dict[str, str]:
    """The comment beside each field of a settings object, from its source."""
    found = re.findall(r"^    (\w+): [^#\n]*(?:#[ \t]*(.*))?$", inspect.getsource(kind), re.MULTILINE)
    return {name: comment.strip() for name, comment in found}


def default_of(entry: FieldInfo) -> Any:
    if entry.default_factory is not msgspec.NODEFAULT:
        return entry.default_factory()
    return entry.default


def toml(value: Any) -> str:
    """A default in TOML; an inline table for a struct or a mapping."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return repr(value)
        case tuple() | list():
            return "[" + ", ".join(toml(item) for item in cast("list[Any]", value)) + "]"
        case Struct():
            return table({inner.name: getattr(value, inner.name) for inner in fields(value)})
        case _:
            return table(value)


def table(entries: Mapping[str, Any]) -> str:
    inner = ", ".join(f"{key} = {toml(item)}" for key, item in entries.items())
    return f"{{ {inner} }}" if inner else "{}"
