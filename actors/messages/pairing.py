"""Messages that let a GPU box in, keep it out, and change keys.

| message | sender → receiver |
| --- | --- |
| JoinRequest | a box that joins → boxes; JoinAccepted, JoinRefused the way back |
| BoxRevoked | boxes → queue |
"""

from typing import Annotated

from msgspec import Meta, Struct

from actors.messages.generation import Count, ShortText

PublicKey = Annotated[str, Meta(pattern=r"^[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}$")]
"""A CURVE25519 key in Z85 (ZeroMQ RFC 32)."""


class JoinRequest(Struct, frozen=True, array_like=True, tag="join_request"):
    """Let this key in from now on. Said with the joining key, again and again until an answer comes."""

    version: Count  # of the link protocol
    key: PublicKey
    name: ShortText  # as the box would be called; "": as the web node likes
    software: ShortText


class JoinAccepted(Struct, frozen=True, array_like=True, tag="join_accepted"):
    """The key is on the list; the box is called so."""

    name: ShortText


class JoinRefused(Struct, frozen=True, array_like=True, tag="join_refused"):
    """The key is not on the list; `why` says what to do. `new_key`: come with another key."""

    why: ShortText
    new_key: bool = False


class BoxRevoked(Struct, frozen=True):
    """That worker is not heard any more: its leases are over."""

    worker: str
