"""REST of the owner and the admins: the queue as it stands, who is served before whom, and boxes that get
nothing new.

Of other people's replies it shows whose they are, and nothing else.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from quart import Quart, Response

from actors import addresses
from actors.mailbox import AskTimeoutError
from actors.messages.queueing import AskLine, BoxDrained, Dismiss, Line, Move, ShareSet
from actors.messages.shares import DrainBox, SetShare
from actors.wire.box_list import UnknownBoxError
from web import requests
from web.edge import Edge
from web.protocol.queue import BoxDrain, QueueBox, QueueEntry, QueueMove, QueueUser, QueueView, UserShare
from web.refusal import RefusedError, not_found, storage_trouble
from web.rights import OWNERS

LEAST_SHARE, LARGEST_SHARE = 0.1, 10.0


def add_queue_routes(app: Quart, edge: Edge) -> None:
    @app.get("/api/queue")
    async def show_queue() -> Response:
        return await after(AskLine)

    @app.post("/api/queue/<generation_id>")
    async def move_reply(generation_id: str) -> Response:
        to = (await requests.body(QueueMove)).to
        generation = id_of(generation_id)
        return await after(lambda reply_to: Move(generation, to, reply_to))

    @app.delete("/api/queue/<generation_id>")
    async def dismiss_reply(generation_id: str) -> Response:
        generation = id_of(generation_id)
        return await after(lambda reply_to: Dismiss(generation, reply_to))

    @app.put("/api/queue/boxes/<box_id>")
    async def drain_box(box_id: str) -> Response:
        drained = (await requests.body(BoxDrain)).drained
        name = known_box(box_id)
        await edge.records.commit(DrainBox(name, drained, requests.account().id))
        return await after(lambda reply_to: BoxDrained(name, drained, reply_to))

    @app.put("/api/queue/users/<user_id>")
    async def set_share(user_id: str) -> Response:
        share = (await requests.body(UserShare)).share
        if not LEAST_SHARE <= share <= LARGEST_SHARE:
            text = f"A share is a number from {LEAST_SHARE:g} to {LARGEST_SHARE:g}."
            raise RefusedError(400, "share", text)
        user = id_of(user_id)
        if all(account.id != user for account in await edge.records.accounts()):
            raise not_found()
        await edge.records.commit(SetShare(user, share))
        return await after(lambda reply_to: ShareSet(user, share, reply_to))

    def known_box(box_id: str) -> str:
        """The id of the box, given its id or its name: one of this node, or one that has joined."""
        if box_id in edge.boxes.door.allowed.values():
            return box_id
        try:
            return edge.boxes.list.find(box_id).id
        except UnknownBoxError as error:
            raise not_found() from error

    async def after(make_message: Callable[[str], Any]) -> Response:
        """The queue, as it is once it has heard this."""
        try:
            line = await edge.runtime.ask(addresses.QUEUE, make_message, edge.settings.ask_s)
        except AskTimeoutError as error:
            raise storage_trouble() from error
        return requests.answer(await view(line))

    async def view(line: Line) -> QueueView:
        shares = dict(line.shares)
        accounts = await edge.records.accounts()
        names = {account.id: account.name for account in accounts}
        box_names = edge.boxes.names()
        entries = [
            QueueEntry(
                id=entry.generation,
                user_name=names.get(entry.user, ""),
                place=entry.place,
                since_s=entry.since_s,
                wait_s=entry.wait_s,
                box=box_names.get(entry.worker, entry.worker),
            )
            for entry in line.entries
        ]
        shown = await edge.accounts.people() if requests.account().role in OWNERS else ()
        users = [QueueUser(account.id, account.name, shares.get(account.id, 1.0)) for account in shown]
        return QueueView(tuple(entries), tuple(users), queue_boxes(line, box_names.get))

    _ = show_queue, move_reply, dismiss_reply, drain_box, set_share


def queue_boxes(line: Line, name_of: Callable[[str, str], str]) -> tuple[QueueBox, ...]:
    """Those that are linked, and drained ones that are not."""
    linked = {
        worker.name: QueueBox(
            id=worker.name,
            name=name_of(worker.name, worker.name),
            state=worker.state,
            busy=worker.busy,
            slots=worker.slots,
            drained=worker.name in line.drained,
        )
        for worker in line.workers
    }
    away = {box: QueueBox(box, name_of(box, box), "away", 0, 0, drained=True) for box in line.drained}
    return tuple(box for _, box in sorted((away | linked).items()))


def id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise not_found() from error
