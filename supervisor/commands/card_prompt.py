"""`samovar card prompt`: the prompt that a card makes of a chat, and where each part of it comes from."""

import argparse
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from actors.character.card import Lorebook
from actors.character.formats.limits import CardLimits
from actors.character.formats.lorebook_file import read_lorebook
from actors.character.formats.troubles import CardTrouble
from actors.character.lore_scene import Book
from actors.messages.generation import PromptTrace, TurnMessage
from supervisor.commands.card_files import card_file, card_limits, lore_limits
from supervisor.commands.engine_options import add_model, engine_settings
from supervisor.errors import OperatorError, UsageError

LARGEST = 64 << 20
"""Bytes of a chat, persona or book."""


class ChatLine(Struct, frozen=True):
    """A message of the chat file."""

    role: Literal["user", "assistant", "system"]
    content: str
    name: str = ""


class Persona(Struct, frozen=True):
    """Who the user is."""

    name: str = ""
    description: str = ""


class PromptFailedError(OperatorError):
    """The prompt cannot be made: the text says why."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a card of any format")
    parser.add_argument(
        "--chat",
        metavar="FILE",
        type=Path,
        required=True,
        help='the talk so far: a JSON list of {"role", "name", "content"}',
    )
    parser.add_argument("--persona", metavar="FILE", type=Path, help='JSON: {"name", "description"}')
    parser.add_argument(
        "--book", metavar="FILE", type=Path, action="append", default=[], help="a lorebook; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_model(parser)


def run(arguments: argparse.Namespace) -> int:
    # Heavy, and of no use to other commands.
    from deploy.cache import cache_folder  # noqa: PLC0415
    from gpu_actor.executor import open_own  # noqa: PLC0415
    from gpu_actor.models import choose_model  # noqa: PLC0415
    from gpu_actor.prompt.fit import PromptTooLongError  # noqa: PLC0415
    from gpu_actor.prompt.ingredients import Ingredients, greeting_of  # noqa: PLC0415
    from gpu_actor.troubles import EngineTrouble  # noqa: PLC0415

    limits = card_limits(arguments)
    found = card_file(arguments.file, limits)
    chat = read(arguments.chat, list[ChatLine])
    persona = read(arguments.persona, Persona) if arguments.persona else Persona()
    history = tuple(TurnMessage(line.role, line.content, line.name) for line in chat)
    books = tuple(Book(book_file(path, limits), f"“{path.name}”") for path in arguments.book)
    user = persona.name or next((line.name for line in reversed(chat) if line.role == "user"), "") or "User"
    settings = engine_settings(arguments)
    given = Ingredients(
        found.card,
        user,
        history,
        persona=persona.description,
        books=books,
        greeting=greeting_of(found.card, history, user),
    )
    try:
        model = choose_model(settings.model, cache_folder(), settings.weights)
        own = open_own(settings, model)
        own.builder.lore = lore_limits(arguments)
        budget = min(settings.context, own.config.context)
        plan = own.builder.build_of(given, budget)
    except (EngineTrouble, PromptTooLongError) as error:
        raise PromptFailedError(str(error)) from error
    for warning in found.warnings:
        sys.stderr.write(f"samovar: {arguments.file}: {warning}\n")
    if arguments.json:
        said: dict[str, Any] = {
            "messages": [{"role": line.role, "content": line.text} for line in plan.messages],
            "text": plan.text,
            "tokens": len(plan.ids),
            "trace": [traced(line) for line in plan.trace],
        }
        sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
    else:
        sys.stdout.write(f"{plan.text}\n\n{len(plan.ids)} tokens of {budget}\n")
        sys.stdout.writelines(f"{shown(line)}\n" for line in plan.trace)
    return 0


def traced(line: PromptTrace) -> dict[str, Any]:
    return {
        "source": line.source,
        "entry": line.entry,
        "key": line.key,
        "message": line.message if line.message >= 0 else None,
        "tokens": line.tokens,
        "kept": line.kept,
        "why": line.why,
    }


def shown(line: PromptTrace) -> str:
    name = f"{line.source}: {line.entry}" if line.entry else line.source
    return f"{'+' if line.kept else '-'} {line.tokens:>5}  {name}" + (f"  ({line.why})" if line.why else "")


def read(path: Path, kind: Any) -> Any:
    """The JSON file as that type. Raises UsageError."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST >> 20} MiB")
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def book_file(path: Path, limits: CardLimits) -> Lorebook:
    """A lorebook of any format. Raises UsageError."""
    try:
        with path.open("rb") as file:
            return read_lorebook(file.read(limits.file_bytes + 1), limits).book
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except CardTrouble as error:
        raise UsageError(f"{path}: {error}") from None
