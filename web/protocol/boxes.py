"""REST bodies about GPU boxes: pairing, names, changes of keys."""

from msgspec import Struct


class BoxFacts(Struct, frozen=True):
    """A GPU box on the list. Times are milliseconds since 1970, 0 where there is none."""

    id: str
    name: str
    own: bool = False  # of this machine itself: it needs no pairing and cannot be revoked
    fingerprint: str = ""  # the box showed the same one when it joined
    paired_ms: int = 0
    seen_ms: int = 0
    software: str = ""
    revoked_ms: int = 0


class OfferState(Struct, frozen=True):
    """A join string that holds; `joined` is the box that used it."""

    left_s: float
    joined: BoxFacts | None


class KeyChangeState(Struct, frozen=True):
    """The server's key is being changed: as soon as these boxes keep the next one."""

    since_ms: int
    waits_for: tuple[str, ...]


class BoxList(Struct, frozen=True):
    """GET /api/boxes, for the owner. `listens`: the address of the link."""

    boxes: tuple[BoxFacts, ...]
    offer: OfferState | None
    listens: str
    loopback: bool  # no other machine can reach it
    key_change: KeyChangeState | None = None


class NewOffer(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/boxes/offer → BoxOffer; an older one is over. DELETE on the same path has no body."""

    address: str = ""  # HOST or HOST:PORT of this node as the box sees it; "": found out


class BoxOffer(Struct, frozen=True):
    """Whoever has `join` may add a GPU box within the time: it is a secret."""

    join: str
    qr: tuple[str, ...]  # its QR code, row by row; "1" is dark
    addresses: tuple[str, ...]
    expires_s: float  # it holds for so long
    server_key: str


class BoxName(Struct, frozen=True, forbid_unknown_fields=True):
    """PATCH /api/boxes/<id>; DELETE on the same path revokes the box and has no body."""

    name: str
