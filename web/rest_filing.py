"""REST of the order in which a user keeps conversations: folders, pins, tags, the archive; and of search."""

from uuid import UUID

from quart import Quart, Response, request

from actors.messages.archive import Write
from actors.messages.chat import Restore
from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    Match,
    MatchedConversation,
    MatchedThing,
)
from web import requests
from web.ask_session import ask_session, own_conversation
from web.edge import Edge
from web.protocol.conversations import (
    ConversationFiling,
    Folder,
    FolderChange,
    FoundConversation,
    FoundMessage,
    FoundThing,
    KindCount,
    NewFolder,
    SearchResult,
)
from web.records import ConflictError
from web.refusal import RefusedError, not_found

NAME = 60  # characters of a folder's name, and of a tag
TAGS = 20  # of a conversation
FOLDERS = 200  # of a user
TEXT = 200  # characters of a search


def add_filing_routes(app: Quart, edge: Edge) -> None:
    async def commit(write: Write) -> None:
        """What the storage refuses is not there, or another's."""
        try:
            await edge.records.commit(write)
        except ConflictError as error:
            raise not_found() from error
        edge.sockets.list_changed(requests.account().id)

    @app.put("/api/conversations/<conversation_id>/filing")
    async def file_conversation(conversation_id: str) -> Response:
        filing = await requests.body(ConversationFiling)
        conversation = await own_conversation(edge, conversation_id)
        tags = None if filing.tags is None else tidy_tags(filing.tags)
        await commit(
            FileConversation(
                conversation,
                requests.account().id,
                edge.world.utc_ms(),
                pinned=filing.pinned,
                archived=filing.archived,
                folder=filing.folder,
                loose=filing.loose,
                tags=tags,
            )
        )
        return Response(b"", 204)

    @app.post("/api/conversations/<conversation_id>/restore")
    async def restore_conversation(conversation_id: str) -> Response:
        conversation = await own_conversation(edge, conversation_id)
        await ask_session(edge, conversation, Restore)
        edge.sockets.list_changed(requests.account().id)
        return Response(b"", 204)

    @app.get("/api/folders")
    async def folders() -> Response:
        rows = await edge.records.folders(requests.account().id)
        return requests.answer([Folder(row.id, row.name) for row in rows])

    @app.post("/api/folders")
    async def new_folder() -> Response:
        name = tidy_name((await requests.body(NewFolder)).name)
        user = requests.account().id
        if len(await edge.records.folders(user)) >= FOLDERS:
            raise RefusedError(
                409, "too_many_folders", f"There are {FOLDERS} folders already.", limit=FOLDERS
            )
        folder = edge.world.new_id()
        await commit(AddFolder(folder, user, name, edge.world.utc_ms()))
        return requests.answer(Folder(folder, name), 201)

    @app.patch("/api/folders/<folder_id>")
    async def change_folder(folder_id: str) -> Response:
        change = await requests.body(FolderChange)
        name = None if change.name is None else tidy_name(change.name)
        await commit(ChangeFolder(id_of(folder_id), requests.account().id, name, change.position))
        return Response(b"", 204)

    @app.delete("/api/folders/<folder_id>")
    async def drop_folder(folder_id: str) -> Response:
        await commit(DropFolder(id_of(folder_id), requests.account().id))
        return Response(b"", 204)

    @app.get("/api/search")
    async def search() -> Response:
        text = request.args.get("text", "")[:TEXT]
        within = request.args.get("conversation")
        conversation = await own_conversation(edge, within) if within else None
        account = requests.account()
        if not edge.searches.take(account.id.hex, edge.world.monotonic_s()):
            raise RefusedError(429, "too_many", "Too many searches at once: wait a moment.", 5)
        found = await edge.records.matches(account.id, text, conversation)
        return requests.answer(
            SearchResult(
                tuple(map(shown, found.conversations)),
                found.messages,
                found.more,
                found.waiting,
                tuple(map(shown_thing, found.things)),
                tuple(KindCount(kind, count) for kind, count in found.counts),
            )
        )

    _ = file_conversation, restore_conversation, folders, new_folder, change_folder, drop_folder, search


def shown(found: MatchedConversation) -> FoundConversation:
    return FoundConversation(
        id=found.id,
        title=found.title,
        character_name=found.character_name,
        portrait=requests.asset_path(found.portrait),
        updated_ms=found.updated_ms,
        archived=found.archived,
        count=found.count,
        matches=tuple(map(shown_match, found.matches)),
    )


def shown_match(match: Match) -> FoundMessage:
    return FoundMessage(match.message, match.role, match.created_ms, match.pieces, match.speaker)


def shown_thing(thing: MatchedThing) -> FoundThing:
    return FoundThing(
        kind=thing.kind,
        id=thing.id,
        title=thing.title,
        pieces=thing.pieces,
        conversation=thing.conversation,
        place=thing.place,
        beside=thing.beside,
        portrait=requests.asset_path(thing.portrait),
    )


def tidy_name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME:
        raise RefusedError(400, "title", f"The name must have 1 to {NAME} characters.", limit=NAME)
    return name


def tidy_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """In their order, each once."""
    tidy = tuple(dict.fromkeys(tidy_name(tag) for tag in tags))
    if len(tidy) > TAGS:
        raise RefusedError(400, "too_many_tags", f"A conversation has at most {TAGS} tags.", limit=TAGS)
    return tidy


def id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise not_found() from error
