"""REST of conversations as files: they go out, one or all, and come in."""

from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import quote, unquote
from uuid import UUID

from quart import Quart, Response, request

from web import requests
from web.accounts import spoken_name
from web.ask_session import own_conversation
from web.chats.exporting import WRITERS, chat_found, file_name, pieces, zipped
from web.edge import Edge
from web.library.importing import Upload
from web.protocol.conversations import ChatImport
from web.refusal import RefusedError, not_found


def add_chat_file_routes(app: Quart, edge: Edge) -> None:
    @app.get("/api/conversations/<conversation_id>/file/<form>")
    async def export_conversation(conversation_id: str, form: str) -> Response:
        conversation = await own_conversation(edge, conversation_id)
        found = await edge.records.chat(conversation, requests.account().id)
        if found is None or form not in WRITERS:
            raise not_found()
        chat = chat_found(found)
        _, suffix, kind = WRITERS[form]
        return saved(pieces(chat, form), f"{file_name(chat.title or chat.character_name)}.{suffix}", kind)

    @app.get("/api/conversations/files/<form>")
    async def export_conversations(form: str) -> Response:
        if form not in WRITERS:
            raise not_found()
        user = requests.account().id
        rows = await edge.records.conversations(user)
        data = zipped(edge.records, user, [row.id for row in rows], form)
        return saved(data, "Samovar.zip", "application/zip")

    @app.post("/api/conversations/import")
    async def import_conversation() -> Response:
        account = requests.account()
        if not edge.imports.take(account.id.hex, edge.world.monotonic_s()):
            raise RefusedError(429, "too_many", "Too many files at once: wait a minute.", 60)
        character = await chosen_character(account.id)
        name = unquote(request.headers.get("X-File-Name", ""))
        upload = Upload(name, cast("bytes", await request.get_data(cache=False)))
        imported = await edge.chats.take_in(upload, account.id, spoken_name(account), character)
        if imported.conversation is not None:
            edge.sockets.list_changed(account.id)
        return requests.answer(ChatImport((imported,)))

    async def chosen_character(user: UUID) -> UUID | None:
        text = request.args.get("character")
        if not text:
            return None
        try:
            version = UUID(text)
        except ValueError as error:
            raise not_found() from error
        if await edge.records.character(version, user) is None:
            raise not_found()
        return version

    _ = export_conversation, export_conversations, import_conversation


def saved(data: AsyncIterator[bytes], name: str, kind: str) -> Response:
    """A file to be saved, as it is made: it takes as long as it takes."""
    response = Response(data, content_type=kind)
    response.timeout = None
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
