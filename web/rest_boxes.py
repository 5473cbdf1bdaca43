"""REST of the owner: the GPU boxes, and the offer by which another one joins."""

import segno
from quart import Quart, Response
from zmq.utils import z85

from actors.wire.box_list import NAME_LIMIT, BadNameError, Box, NameTakenError, UnknownBoxError
from actors.wire.join_string import Invitation, write_join_string
from web import requests
from web.boxes import Boxes, BoxTroubleError
from web.edge import Edge
from web.join_addresses import BadAddressError, join_addresses, on_loopback, with_port
from web.protocol.boxes import BoxFacts, BoxList, BoxName, BoxOffer, KeyChangeState, NewOffer, OfferState
from web.refusal import RefusedError, not_found


def add_box_routes(app: Quart, edge: Edge) -> None:
    boxes = edge.boxes

    @app.get("/api/boxes")
    async def list_boxes() -> Response:
        return requests.answer(box_list(boxes))

    @app.post("/api/boxes/offer")
    async def offer_box() -> Response:
        asked = await requests.body(NewOffer)
        port, host = boxes.listener.port, boxes.door.host
        try:
            if asked.address:
                addresses = [with_port(asked.address, port)]
            else:
                addresses = join_addresses(host, port, boxes.settings.addresses, edge.settings.hosts)
        except BadAddressError as error:
            raise RefusedError(400, "address", str(error)) from error
        try:
            secret = await boxes.make_offer()
        except BoxTroubleError as error:
            raise RefusedError(503, "storage", str(error)) from error
        expires_s = edge.world.utc_ms() // 1000 + int(boxes.settings.offer_s)
        key = z85.decode(boxes.door.public)
        text = write_join_string(Invitation(expires_s, secret, key, tuple(addresses)))
        offer = BoxOffer(
            join=text,
            qr=qr_rows(text),
            addresses=tuple(addresses),
            expires_s=boxes.list.offer_left_s,
            server_key=boxes.door.public,
        )
        return requests.answer(offer, 201)

    @app.delete("/api/boxes/offer")
    async def withdraw_offer() -> Response:
        await boxes.withdraw_offer()
        return Response(b"", 204)

    @app.patch("/api/boxes/<box_id>")
    async def rename_box(box_id: str) -> Response:
        name = (await requests.body(BoxName)).name
        try:
            await boxes.rename(box_id, name)
        except UnknownBoxError as error:
            raise not_found() from error
        except BadNameError as error:
            raise RefusedError(400, "name", str(error), limit=NAME_LIMIT) from error
        except NameTakenError as error:
            raise RefusedError(409, "name_taken", str(error)) from error
        edge.sockets.boxes_renamed()
        return Response(b"", 204)

    @app.delete("/api/boxes/<box_id>")
    async def revoke_box(box_id: str) -> Response:
        try:
            await boxes.revoke(box_id)
        except UnknownBoxError as error:
            raise not_found() from error
        return Response(b"", 204)

    @app.post("/api/keys/rotate")
    async def rotate_keys() -> Response:
        await boxes.rotate_key()
        return requests.answer(box_list(boxes))

    @app.errorhandler(BoxTroubleError)
    async def not_written(error: BoxTroubleError) -> Response:
        return requests.answer(RefusedError(503, "storage", str(error)).body, 503)

    _ = list_boxes, offer_box, withdraw_offer, rename_box, revoke_box, rotate_keys, not_written


def box_list(boxes: Boxes) -> BoxList:
    own = tuple(
        BoxFacts(
            id=box_id,
            name=box_id,
            own=True,
            seen_ms=boxes.seen_ms.get(box_id, 0),
            software=boxes.software.get(box_id, ""),
        )
        for box_id in boxes.door.allowed.values()
    )
    offer, facts = boxes.list.offer, tuple(facts_of(box) for box in boxes.boxes())
    state = None
    if offer is not None:
        joined = next((fact for fact in facts if fact.id == offer.box), None)
        state = OfferState(boxes.list.offer_left_s, joined)
    host = boxes.door.host
    return BoxList(
        (*own, *facts), state, f"{host}:{boxes.listener.port}", on_loopback(host), key_change(boxes)
    )


def key_change(boxes: Boxes) -> KeyChangeState | None:
    change = boxes.list.register.key_change
    if change is None:
        return None
    return KeyChangeState(change.since_ms, tuple(map(boxes.list.name_of, boxes.server_key.waits_for())))


def facts_of(box: Box) -> BoxFacts:
    return BoxFacts(
        id=box.id,
        name=box.name,
        fingerprint=box.fingerprint,
        paired_ms=box.paired_ms,
        seen_ms=box.seen_ms,
        software=box.software,
        revoked_ms=box.revoked_ms,
    )


def qr_rows(text: str) -> tuple[str, ...]:
    """The QR code without its margin, row by row; "1" is dark."""
    code = segno.make_qr(text, error="l", boost_error=False)
    return tuple("".join("1" if dark else "0" for dark in row) for row in code.matrix)
