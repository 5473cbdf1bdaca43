"""`samovar card inspect`: what a card holds, and what is odd about it."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from actors.character.card import Card
from actors.character.formats.carried import Contents
from actors.character.formats.reading import CardFile
from actors.character.formats.uris import embedded_path, inline_bytes, kind_of, media_type
from actors.character.formats.warnings import shown
from supervisor.commands.card_files import card_file, card_limits
from supervisor.commands.options import add_data

CARRIERS = {
    "json": "JSON",
    "png": "a PNG",
    "apng": "an APNG",
    "webp": "a WebP",
    "jpeg": "a JPEG",
    "charx": "CHARX",
}
TEXTS = {
    "description": "description",
    "personality": "personality",
    "scenario": "scenario",
    "first_mes": "greeting",
    "mes_example": "examples",
    "system_prompt": "system prompt",
    "post_history_instructions": "post-history instructions",
    "creator_notes": "creator's notes",
}
URI_LENGTH = 80


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="JSON, PNG, WebP, CHARX or JPEG with an archive"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    found = card_file(arguments.file, card_limits(arguments))
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(report(found)).decode() + "\n")
    else:
        sys.stdout.write("\n".join(summary(found)) + "\n")
    return 0


def report(found: CardFile) -> dict[str, Any]:
    card: dict[str, Any] = msgspec.to_builtins(found.card)
    picture = found.contents.picture
    return {
        "spec": found.spec.name,
        "spec_version": found.spec.version,
        "carrier": found.carrier,
        "name": found.card.name,
        "nickname": found.card.nickname,
        "creator": found.card.creator,
        "character_version": found.card.character_version,
        "tags": card["tags"],
        "character_book": card["character_book"],
        "assets": assets(found.card, found.contents),
        "files": {path: len(data) for path, data in found.contents.files.items()},
        "picture": None if picture is None else {"type": media_type(picture), "bytes": len(picture)},
        "warnings": [warning.text for warning in found.warnings],
        "card": card,
    }


def assets(card: Card, contents: Contents) -> list[dict[str, Any]]:
    """Each asset, where it is (default, embedded, missing, inline, remote), and its size where we have it."""
    listed: list[dict[str, Any]] = []
    for asset in card.assets:
        path = embedded_path(asset.uri)
        data = inline_bytes(asset.uri) if path is None else contents.files.get(path)
        uri = asset.uri if len(asset.uri) <= URI_LENGTH else asset.uri[:URI_LENGTH] + "…"
        said = {"type": asset.type, "name": asset.name, "ext": asset.ext, "uri": uri}
        where = "missing" if path is not None and data is None else kind_of(asset.uri)
        listed.append({**said, "where": where, "bytes": None if data is None else len(data)})
    return listed


def summary(found: CardFile) -> Iterator[str]:
    card = found.card
    name = shown(card.name) or "A card without a name"
    yield f"{name}: {shown(found.spec.name)} {shown(found.spec.version)} in {CARRIERS[found.carrier]}"
    by = [f"by {shown(card.creator)}"] if card.creator else []
    if card.character_version:
        by.append(f"version {shown(card.character_version)}")
    if card.tags:
        by.append("tags: " + shown(", ".join(card.tags), 200))
    if by:
        yield "  " + "; ".join(by)
    lengths = ((name, len(getattr(card, field))) for field, name in TEXTS.items())
    yield "  characters: " + ", ".join(f"{name} {length:,}" for name, length in lengths if length)
    greetings = bool(card.first_mes) + len(card.alternate_greetings)
    yield f"  greetings: {greetings}, for groups only: {len(card.group_only_greetings)}"
    if card.book is not None:
        entries = card.book.entries
        yield (
            f"  lorebook: {len(entries)} entries, {sum(each.constant for each in entries)} constant,"
            f" {sum(not each.enabled for each in entries)} disabled"
        )
    for each in assets(card, found.contents):
        size = "" if each["bytes"] is None else f", {each['bytes']:,} bytes"
        yield f"  asset: {shown(each['type'])} {shown(each['name'])} ({each['where']}{size})"
    for warning in found.warnings:
        yield f"  warning: {warning.text}"
