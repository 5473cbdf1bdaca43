"""REST of the library: files come in, characters are shown, shared, removed, and go out again."""

import asyncio
from typing import cast
from urllib.parse import quote, unquote
from uuid import UUID

from quart import Quart, Response, request

from actors.character.editing import LanguageNote
from actors.character.sheet import card_of
from actors.conversation.greetings import Greeter
from actors.messages.archive import Write
from actors.messages.chat import StartConversation
from actors.messages.generation import CharacterSheet
from actors.messages.library import (
    CharacterFound,
    CharacterRow,
    MarkFavourite,
    RemoveCharacter,
    ShareCharacter,
)
from web import requests
from web.edge import Edge
from web.library.bench import BusyError
from web.library.importing import CannotExportError, Upload
from web.library.work import CardRefused
from web.protocol.characters import Character, CharacterChange, CharacterDetails, ImportedFile, ImportReport
from web.records import ConflictError
from web.refusal import RefusedError, not_found

IMPORT = "/api/characters/import"

FORMS = {"png": ("png", "v3"), "png-v2": ("png", "v2"), "json": ("json", ""), "charx": ("charx", "")}
"""What a card is exported as → form and version of the format."""
TYPES = {"png": "image/png", "json": "application/json", "charx": "application/zip"}
STARTS = {b"\x89PNG": "png", b"PK\x03\x04": "charx", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}


def add_library_routes(app: Quart, edge: Edge) -> None:
    library = edge.library

    @app.get("/api/characters")
    async def characters() -> Response:
        account = requests.account()
        rows = await edge.records.characters(account.id)
        return requests.answer([shown(row, account.id) for row in rows])

    @app.post(IMPORT)
    async def import_characters() -> Response:
        account = requests.account()
        files: list[ImportedFile] = []
        for upload in await uploads(edge):
            if not edge.imports.take(account.id.hex, edge.world.monotonic_s()):
                raise RefusedError(429, "too_many", "Too many files at once: wait a minute.", 60)
            try:
                files.append(await library.take_in(upload, account))
            except BusyError as error:
                raise busy() from error
        return requests.answer(ImportReport(tuple(files)))

    @app.get("/api/characters/versions/<version_id>")
    async def character_details(version_id: str) -> Response:
        account = requests.account()
        found = await edge.records.character(id_of(version_id), account.id)
        if found is None:
            raise not_found()
        clock_min = request.args.get("utc_offset_min", 0, int)
        begun = previewed(found.sheet, edge.world.utc_ms(), clock_min)
        return requests.answer(details(found, begun, account.id))

    @app.get("/api/characters/versions/<version_id>/file/<form>")
    async def export_character(version_id: str, form: str) -> Response:
        original = await edge.records.original(id_of(version_id), requests.account().id)
        if original is None or form not in {"original", *FORMS}:
            raise not_found()
        if form == "original":
            data = original.file or original.card
            return download(data, original.name, suffix_of(data))
        kind, spec = FORMS[form]
        try:
            out = await library.written(original, kind, spec)
        except CannotExportError as error:
            raise refused_card(error.refused) from error
        except BusyError as error:
            raise busy() from error
        return download(out.data, original.name, kind)

    @app.patch("/api/characters/<character_id>")
    async def change_character(character_id: str) -> Response:
        change = await requests.body(CharacterChange)
        account, character = requests.account(), id_of(character_id)
        writes: list[Write] = []
        if change.shared is not None:
            writes.append(ShareCharacter(character, account.id, change.shared))
        if change.removed is not None:
            removed_ms = edge.world.utc_ms() if change.removed else 0
            writes.append(RemoveCharacter(character, account.id, removed_ms))
        if change.favourite is not None:
            writes.append(MarkFavourite(account.id, character, change.favourite))
        try:
            await edge.records.commit(*writes)
        except ConflictError as error:
            raise not_found() from error
        return Response(b"", 204)

    _ = characters, import_characters, character_details, export_character, change_character


async def uploads(edge: Edge) -> list[Upload]:
    """The files of the body: a form of them, or one as it is, whose name the header X-File-Name says."""
    if request.mimetype == "multipart/form-data":
        parts = (await request.files).getlist("file")
        if not 0 < len(parts) <= edge.library.bench.settings.upload_files:
            raise RefusedError(400, "bad_request", "Send files in the field `file`, not too many at once.")
        return [Upload(part.filename or "", await asyncio.to_thread(part.read)) for part in parts]
    name = unquote(request.headers.get("X-File-Name", ""))
    return [Upload(name, cast("bytes", await request.get_data(cache=False)))]


def id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise not_found() from error


def busy() -> RefusedError:
    return RefusedError(503, "busy", "Many cards are being opened: try again in a moment.", 5)


def refused_card(refused: CardRefused) -> RefusedError:
    return RefusedError(422, "card", refused.why, cause=refused.code, facts=refused.facts)


def shown(row: CharacterRow, user: UUID) -> Character:
    return Character(
        id=row.character,
        version=row.version,
        name=row.name,
        tagline=row.tagline,
        description=row.description,
        tags=row.tags,
        portrait=requests.asset_path(row.portrait),
        greeting=row.greeting,
        thumb=requests.asset_path(row.thumb or row.portrait),
        mine=row.owner == user,
        shared=row.shared,
        favourite=row.favourite,
        created_ms=row.created_ms,
        language=row.language,
    )


def details(found: CharacterFound, begun: tuple[str, ...], user: UUID) -> CharacterDetails:
    """`begun`: how a conversation would begin."""
    card = card_of(found.sheet)
    return CharacterDetails(
        character=shown(found.row, user),
        greetings=begun,
        creator=card.creator,
        creator_notes=card.creator_notes,
        character_version=card.character_version,
        lore_entries=len(card.book.entries) if card.book is not None else 0,
        creator_notes_multilingual=tuple(
            LanguageNote(language, text) for language, text in card.creator_notes_multilingual.items()
        ),
        nickname=card.nickname,
        system_prompt=card.system_prompt,
        post_history_instructions=card.post_history_instructions,
    )


def greetings(sheet: CharacterSheet) -> tuple[str, ...]:
    """As a conversation has them beside each other (actors/conversation/beginning.py)."""
    return tuple(text for text in (sheet.first_mes, *sheet.alternate_greetings) if text.strip())


def previewed(sheet: CharacterSheet, now_ms: int, utc_offset_min: int) -> tuple[str, ...]:
    """The same in words, as a conversation has them: drawn in one way for each version, and with `{{user}}`
    for who the reader will be.
    """
    version = sheet.character
    asked = StartConversation(version, "{{user}}", version, "", utc_offset_min=utc_offset_min)
    greeter = Greeter(version, asked, {version: sheet}, now_ms)
    return tuple(greeting.text for greeting in greeter.of(sheet))


def suffix_of(data: bytes) -> str:
    return next((suffix for start, suffix in STARTS.items() if data.startswith(start)), "json")


def download(data: bytes, name: str, suffix: str) -> Response:
    """A file to be saved: it is never shown as a page."""
    response = Response(data, content_type=TYPES.get(suffix, "application/octet-stream"))
    file = quote(f"{''.join(c for c in name if c.isprintable() and c not in '/:')[:80] or 'card'}.{suffix}")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{file}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
