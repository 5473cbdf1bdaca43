"""REST: the endpoints of web/protocol/ under /api. Each is named in web/rights.py."""

import asyncio
import re
from uuid import UUID

from msgspec.structs import replace
from quart import Quart, Response, g, request

from actors.messages.accounts import AccountRow
from actors.messages.chat import AskMap, ChangeGroup, Delete, Rename, StartConversation
from actors.messages.group import Group, GroupWish
from web import requests
from web.accounts import setup_over, spoken_name
from web.ask_session import ask_session, own_conversation
from web.control import local_account
from web.edge import Edge
from web.peer import Peer
from web.protocol.accounts import ControlToken, FirstVisit, Login, Me
from web.protocol.conversations import Conversation, ConversationMade, Face, NewConversation, NewTitle
from web.refusal import RefusedError, not_found

TITLE_LIMIT = 200
ASSET = re.compile(r"[0-9a-f]{64}", re.ASCII)
DAY_S = 86_400
YEAR_S = 31_536_000

# What a picture begins with → its type. Anything else is not served: no SVG, no HTML.
PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"RIFF", "image/webp"), (b"\xff\xd8\xff", "image/jpeg"))


def add_account_routes(app: Quart, edge: Edge) -> None:
    accounts = edge.accounts

    def peer() -> Peer:
        return requests.peer(request, behind_proxy=edge.settings.behind_proxy)

    async def whoami(account: AccountRow | None) -> Me:
        setup_needed = await accounts.setup_needed()
        return Me(
            version=edge.version,
            setup_needed=setup_needed,
            code_needed=setup_needed and not peer().here,
            user=account.id if account else None,
            user_name=account.name if account else "",
            role=account.role if account else "",
        )

    async def logged_in(account: AccountRow, lasts_s: float) -> Response:
        """A fresh login; the one that this browser had is over."""
        token = await accounts.begin_login(account, lasts_s)
        await end_login()
        response = requests.answer(await whoami(account))
        requests.set_login(response, token, lasts_s)
        return response

    async def end_login() -> None:
        if g.login is not None:
            await accounts.end_login(g.login)
            edge.sockets.end_login(g.login)

    @app.get("/api/me")
    async def me() -> Response:
        return requests.answer(await whoami(g.account))

    @app.post("/api/setup")
    async def setup() -> Response:
        visit = await requests.body(FirstVisit)
        if not await accounts.setup_needed():
            raise setup_over()
        if not peer().here:
            accounts.guess_allowed(peer())
            if not edge.setup_code.is_right(visit.code):
                raise RefusedError(403, "code", "The code is wrong. The node printed it when it started.")
            accounts.guessed_right(peer())
        owner = await accounts.make_owner(visit)
        edge.setup_code.burn()
        return await logged_in(owner, edge.settings.login_days * DAY_S)

    @app.post("/api/login")
    async def login() -> Response:
        given = await requests.body(Login)
        account = await accounts.check_password(given, peer())
        return await logged_in(account, edge.settings.login_days * DAY_S)

    @app.post("/api/logout")
    async def logout() -> Response:
        await end_login()
        response = requests.answer(await whoami(None))
        requests.clear_login(response)
        return response

    @app.post("/api/control")
    async def control() -> Response:
        given = await requests.body(ControlToken)
        account = local_account(given, edge.control_token, peer())
        return await logged_in(account, edge.settings.local_login_s)

    _ = me, setup, login, logout, control


def add_chat_routes(app: Quart, edge: Edge) -> None:
    @app.get("/api/assets/<asset_id>")
    async def asset(asset_id: str) -> Response:
        data = await asyncio.to_thread(edge.read_asset, asset_id) if ASSET.fullmatch(asset_id) else None
        kind = next((kind for start, kind in PICTURES if data is not None and data.startswith(start)), None)
        if data is None or kind is None:
            raise not_found()
        response = Response(data, content_type=kind)
        response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
        return response

    @app.get("/api/conversations")
    async def conversations() -> Response:
        removed = request.args.get("removed") == "1"
        rows = await edge.records.conversations(requests.account().id, removed=removed)
        return requests.answer(
            [
                Conversation(
                    id=row.id,
                    title=row.title,
                    character_name=row.character_name,
                    portrait=requests.asset_path(row.portrait),
                    updated_ms=row.updated_ms,
                    last_line=row.last_line,
                    live=row.live,
                    members=tuple(
                        Face(member.version, member.name, requests.asset_path(member.portrait), member.left)
                        for member in row.members
                    ),
                    character=row.character,
                    character_version=row.character_version,
                    created_ms=row.created_ms,
                    folder=row.folder,
                    pinned_ms=row.pinned_ms,
                    archived_ms=row.archived_ms,
                    removed_ms=row.removed_ms,
                    tags=row.tags,
                )
                for row in rows
            ]
        )

    @app.post("/api/conversations")
    async def new_conversation() -> Response:
        asked = await requests.body(NewConversation)
        account = requests.account()
        if not edge.new_conversations.take(account.id.hex, edge.world.monotonic_s()):
            raise RefusedError(429, "too_many", "Too many new conversations: wait a minute.", 60)
        conversation = edge.world.new_id()
        version = asked.character_version
        await must_see(account.id, version)
        if asked.group is not None:
            if all(member.version != version for member in asked.group.members):
                raise RefusedError(400, "bad_request", "The character is not in the group.")
            await must_see_members(account.id, asked.group)
        chosen = await edge.choosing.for_new(account.id, version, asked.persona)
        begin = StartConversation(
            account.id,
            spoken_name(account),
            version,
            "",
            greeting=asked.greeting,
            group=asked.group,
            all_greet=asked.all_greet,
            shelf=await edge.records.shelf(account.id),
            chosen=chosen,
            utc_offset_min=asked.utc_offset_min,
        )
        await ask_session(edge, conversation, lambda to: replace(begin, reply_to=to))
        edge.ownership.remember(conversation, account.id)
        edge.sockets.list_changed(account.id)
        return requests.answer(ConversationMade(conversation), 201)

    @app.get("/api/conversations/<conversation_id>/map")
    async def conversation_map(conversation_id: str) -> Response:
        conversation = await own_conversation(edge, conversation_id)
        return requests.answer(await ask_session(edge, conversation, AskMap))

    @app.patch("/api/conversations/<conversation_id>")
    async def rename_conversation(conversation_id: str) -> Response:
        title = " ".join((await requests.body(NewTitle)).title.split())
        if not 1 <= len(title) <= TITLE_LIMIT:
            text = f"The title must have 1 to {TITLE_LIMIT} characters."
            raise RefusedError(400, "title", text, limit=TITLE_LIMIT)
        conversation = await own_conversation(edge, conversation_id)
        await ask_session(edge, conversation, lambda to: Rename(title, to))
        edge.sockets.list_changed(requests.account().id)
        return Response(b"", 204)

    @app.put("/api/conversations/<conversation_id>/group")
    async def change_group(conversation_id: str) -> Response:
        wish = await requests.body(GroupWish)
        conversation = await own_conversation(edge, conversation_id)
        stored = await edge.records.conversation(conversation)
        if stored is None:
            raise not_found()
        await must_see_members(requests.account().id, wish, stored.group)
        await ask_session(edge, conversation, lambda to: ChangeGroup(wish, to))
        await edge.shelves.tell(requests.account().id)
        edge.sockets.list_changed(requests.account().id)
        return Response(b"", 204)

    async def must_see_members(user: UUID, wish: GroupWish, known: Group | None = None) -> None:
        """Those who are in the group may stay, whatever became of them."""
        for member in wish.members:
            if known is None or known.member(member.version) is None:
                await must_see(user, member.version)

    async def must_see(user: UUID, version: UUID) -> None:
        if await edge.records.character(version, user) is None:
            raise not_found()

    @app.delete("/api/conversations/<conversation_id>")
    async def delete_conversation(conversation_id: str) -> Response:
        conversation = await own_conversation(edge, conversation_id)
        await ask_session(edge, conversation, Delete)
        edge.sockets.list_changed(requests.account().id)
        return Response(b"", 204)

    _ = asset, conversations, new_conversation, conversation_map, rename_conversation, change_group
    _ = delete_conversation
