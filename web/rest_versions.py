"""REST of a character's versions: their history, which one is current, and which one a conversation uses."""

from quart import Quart, Response

from actors.messages.chat import ChangeVersion
from actors.messages.library import ChooseVersion
from web import requests
from web.ask_session import ask_session, own_conversation
from web.edge import Edge
from web.protocol.characters import CharacterVersion, ChosenVersion
from web.protocol.conversations import ConversationVersion
from web.records import ConflictError
from web.refusal import RefusedError, not_found
from web.rest_library import id_of


def add_version_routes(app: Quart, edge: Edge) -> None:
    records = edge.records

    @app.get("/api/characters/<character_id>/versions")
    async def character_versions(character_id: str) -> Response:
        rows = await records.versions(id_of(character_id), requests.account().id)
        if not rows:
            raise not_found()
        return requests.answer(
            [
                CharacterVersion(
                    version=row.version,
                    created_ms=row.created_ms,
                    name=row.name,
                    thumb=requests.asset_path(row.thumb),
                    conversations=row.conversations,
                    current=row.current,
                )
                for row in rows
            ]
        )

    @app.put("/api/characters/<character_id>/current")
    async def choose_version(character_id: str) -> Response:
        chosen = await requests.body(ChosenVersion)
        character, user = id_of(character_id), requests.account().id
        if chosen.version not in {row.version for row in await records.versions(character, user)}:
            raise not_found()
        try:
            await records.commit(ChooseVersion(character, user, chosen.version, chosen.base))
        except ConflictError as error:
            raise conflict() from error
        await edge.shelves.tell(user)
        return Response(b"", 204)

    @app.put("/api/conversations/<conversation_id>/version")
    async def move_conversation(conversation_id: str) -> Response:
        version = (await requests.body(ConversationVersion)).character_version
        conversation, user = await own_conversation(edge, conversation_id), requests.account().id
        stored = await records.conversation(conversation)
        if stored is None:
            raise not_found()
        if stored.group is not None:
            raise RefusedError(400, "bad_request", "The members of a group change in the group.")
        # One's own or shared at this moment; of the present version only the character matters.
        now, then = (
            await records.character(stored.character_version, user),
            await records.character(version, user),
        )
        if now is None or then is None or now.row.character != then.row.character:
            raise not_found()
        await ask_session(edge, conversation, lambda to: ChangeVersion(version, to))
        await edge.shelves.tell(user)  # the lorebooks of the character count with this version too
        edge.sockets.list_changed(user)
        return Response(b"", 204)

    _ = character_versions, choose_version, move_conversation


def conflict() -> RefusedError:
    return RefusedError(
        409, "conflict", "Somebody saved another version meanwhile: fetch it, and save again."
    )
