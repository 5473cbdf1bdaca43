"""Messages that let a GPU box in, keep it out, and change keys.

| message | sender → receiver |
| --- | --- |
| JoinRequest | a box that joins → boxes; JoinAccepted, JoinRefused the way back |
| KeyAnnounced, ServerKeyTaken | the box's key keeper → boxes |
| KeyTaken, ServerKeyAnnounced | boxes → the box's key keeper |
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


class KeyAnnounced(Struct, frozen=True, array_like=True, tag="key_announced"):
    """The box will have this key: let it in as well. Repeated until KeyTaken comes."""

    key: PublicKey


class KeyTaken(Struct, frozen=True, array_like=True, tag="key_taken"):
    """That key is let in, and is the only one as soon as something is said with it."""

    key: PublicKey


class ServerKeyAnnounced(Struct, frozen=True, array_like=True, tag="server_key_announced"):
    """The web node will have this key: keep it beside the present one. Repeated until ServerKeyTaken."""

    key: PublicKey


class ServerKeyTaken(Struct, frozen=True, array_like=True, tag="server_key_taken"):
    """The box keeps that key and will try it when the web node is not to be had with the present one."""

    key: PublicKey


class BoxRevoked(Struct, frozen=True):
    """That worker is not heard any more: its leases are over."""

    worker: str
