"""REST of lorebooks: brought, made, changed, attached, tried out, removed, and saved as files."""

from uuid import UUID

import msgspec
from quart import Quart, Response

from actors.character.card import Card
from actors.character.formats.card_view import BOOK
from actors.character.formats.lorebook_file import WORLD
from actors.character.sheet import card_of
from actors.messages.lorebooks import AttachLorebook, LorebookFound, LorebookRow
from web import requests
from web.edge import Edge
from web.library.bench import BusyError
from web.library.importing import CannotExportError
from web.lore.books import BookTrouble
from web.protocol.lorebooks import (
    ImportedLorebook,
    Lorebook,
    LorebookAttach,
    LorebookChange,
    LorebookDetails,
    LorebookImport,
    LorebookSave,
    LorebookUse,
    LoreTrial,
    NewLorebook,
)
from web.records import ConflictError
from web.refusal import RefusedError, not_found
from web.rest_library import busy, download, id_of, uploads
from web.throttle import Throttle

KINDS = {"v3": BOOK, "sillytavern": WORLD}
NAME = 200


def add_lore_routes(app: Quart, edge: Edge) -> None:
    books = edge.books

    async def own(book_id: str) -> LorebookFound:
        found = await edge.records.lorebook(id_of(book_id), requests.account().id)
        if found is None:
            raise not_found()
        return found

    @app.errorhandler(BookTrouble)
    async def book_trouble(error: BookTrouble) -> Response:
        return requests.refusal(
            RefusedError(422, "lorebook", str(error), cause=error.code, facts=error.facts)
        )

    @app.errorhandler(BusyError)
    async def workshops_busy(_: BusyError) -> Response:
        return requests.refusal(busy())

    @app.get("/api/lorebooks")
    async def lorebooks() -> Response:
        rows = await edge.records.lorebooks(requests.account().id)
        return requests.answer([shown(row) for row in rows if not row.removed_ms])

    @app.post("/api/lorebooks")
    async def new_lorebook() -> Response:
        name = named((await requests.body(NewLorebook)).name)
        return requests.answer(shown(await books.make(requests.account().id, name)), 201)

    @app.post("/api/lorebooks/import")
    async def import_lorebooks() -> Response:
        account = requests.account()
        files: list[ImportedLorebook] = []
        for upload in await uploads(edge):
            take(edge.imports, account.id, "Too many files at once: wait a minute.")
            files.append(await books.take_in(upload, account.id))
        return requests.answer(LorebookImport(tuple(files)))

    @app.get("/api/lorebooks/<book_id>")
    async def open_lorebook(book_id: str) -> Response:
        found = await own(book_id)
        return requests.answer(LorebookDetails(shown(found.row), raw(await books.opened(found.file))))

    @app.put("/api/lorebooks/<book_id>")
    async def save_lorebook(book_id: str) -> Response:
        saved, found = await requests.body(LorebookSave), await own(book_id)
        try:
            user = requests.account().id
            row = await books.change(user, found, saved.version, book=bytes(saved.book))
        except ConflictError as error:
            raise changed_meanwhile() from error
        return requests.answer(shown(row))

    @app.patch("/api/lorebooks/<book_id>")
    async def change_lorebook(book_id: str) -> Response:
        change, found = await requests.body(LorebookChange), await own(book_id)
        user, row = requests.account().id, found.row
        try:
            if change.removed is not None:
                await books.remove(user, row.lorebook, removed=change.removed)
            if change.name is not None:
                row = await books.change(user, found, row.version, name=named(change.name))
        except ConflictError as error:
            raise changed_meanwhile() from error
        return requests.answer(shown(row))

    @app.put("/api/lorebooks/<book_id>/uses")
    async def attach_lorebook(book_id: str) -> Response:
        asked, found = await requests.body(LorebookAttach), await own(book_id)
        user = requests.account().id
        if asked.attached:
            await must_have(user, asked)
        write = AttachLorebook(found.row.lorebook, user, asked.scope, asked.target, asked.attached)
        await edge.shelves.commit(user, write)
        return requests.answer(shown((await own(book_id)).row))

    async def must_have(user: UUID, asked: LorebookAttach) -> None:
        """That there is such a thing, of this user or seen by it."""
        match asked.scope:
            case "user":
                known = asked.target is None
            case "character":
                known = any(row.character == asked.target for row in await edge.records.characters(user))
            case "conversation":
                known = asked.target is not None and await edge.ownership.owns(user, asked.target)
            case "persona":
                known = any(persona.id == asked.target for persona in await edge.records.personas(user))
        if not known:
            raise not_found()

    @app.get("/api/lorebooks/<book_id>/file/<form>")
    async def export_lorebook(book_id: str, form: str) -> Response:
        found = await own(book_id)
        if form == "original":
            return download(found.file, found.row.name, "json")
        if form not in KINDS:
            raise not_found()
        try:
            return download(await books.written(found.file, KINDS[form]), found.row.name, "json")
        except CannotExportError as error:
            raise RefusedError(422, "lorebook", str(error)) from error

    @app.post("/api/lore/trial")
    async def try_lore() -> Response:
        asked, account = await requests.body(LoreTrial), requests.account()
        take(edge.trials_taken, account.id, "Too many trials at once: wait a moment.")
        if asked.conversation is not None:
            state = None
            if await edge.ownership.owns(account.id, asked.conversation):
                state = await edge.records.talk(asked.conversation)
            if state is None:
                raise not_found()
            return requests.answer(await edge.trials.in_conversation(asked, state))
        card = Card()
        if asked.character is not None:
            seen = await edge.records.character(asked.character, account.id)
            if seen is None:
                raise not_found()
            card = card_of(seen.sheet)
        return requests.answer(await edge.trials.on_text(asked, card, account.name))

    def take(throttle: Throttle, user: UUID, why: str) -> None:
        if not throttle.take(user.hex, edge.world.monotonic_s()):
            raise RefusedError(429, "too_many", why, 60)

    _ = book_trouble, workshops_busy, lorebooks, new_lorebook, import_lorebooks, open_lorebook, save_lorebook
    _ = change_lorebook, attach_lorebook, export_lorebook, try_lore


def named(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME:
        raise RefusedError(400, "title", f"The name must have 1 to {NAME} characters.", limit=NAME)
    return name


def changed_meanwhile() -> RefusedError:
    return RefusedError(409, "changed", "The lorebook was changed elsewhere meanwhile: open it again.")


def shown(row: LorebookRow) -> Lorebook:
    return Lorebook(
        id=row.lorebook,
        version=row.version,
        name=row.name,
        entries=row.entries,
        size=row.size,
        created_ms=row.created_ms,
        changed_ms=row.changed_ms,
        uses=tuple(LorebookUse(scope, target) for scope, target in row.uses),
    )


def raw(data: bytes) -> msgspec.Raw:
    return msgspec.Raw(data)
