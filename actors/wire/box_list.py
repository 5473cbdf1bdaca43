"""The list of GPU boxes: who was let in, who is, and the one open offer to join.

Pure rules. Each change gives a new Register, which the owner of this list makes durable (web/boxes.py says
in which order); nothing here waits or writes but lines of the log, which begin with "security:".
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from actors.messages.link import WIRE_VERSION
from actors.messages.pairing import JoinAccepted, JoinRefused, JoinRequest
from actors.settings import BoxesSettings
from actors.wire.guests import JOINING_GUEST, Guest, box_guest
from actors.wire.keys import key_name, pairing_fingerprint
from actors.world import World

log = logging.getLogger(__name__)

NAME_LIMIT = 60
REMEMBERED_REFUSALS = 256
FORMER_KEYS = 8  # of one box that are remembered
REFUSAL_TOLD_S = 60.0  # a key that keeps knocking has a line in the log this often


class Box(Struct, frozen=True):
    """A GPU box that was let in once. `id` stays whatever it is called later: leases and logs go by it."""

    id: str
    name: str
    key: str
    fingerprint: str
    paired_ms: int
    seen_ms: int = 0
    software: str = ""
    revoked_ms: int = 0  # 0: it is let in
    next_key: str = ""  # let in as well, and alone as soon as it is used; "": none
    former_keys: tuple[str, ...] = ()  # let in no more
    server_key: str = ""  # the server's next key, when the box keeps it


class KeyChange(Struct, frozen=True):
    """The key that the server will have."""

    key: str
    since_ms: int


class Offer(Struct, frozen=True):
    """A join string that was given out. Its secret is not kept: the public half of the key is enough."""

    key: str
    expires_ms: int
    box: str = ""  # the id of the box that used it


class Register(Struct, frozen=True):
    """What outlives a restart."""

    boxes: tuple[Box, ...] = ()
    offer: Offer | None = None
    key_change: KeyChange | None = None


class UnknownBoxError(LookupError):
    """No box has that name or id; `samovar boxes` lists them."""


class NameTakenError(ValueError):
    """Another box is called so: take another name."""


class BadNameError(ValueError):
    """A name has 1 to 60 characters."""


class BoxList:
    """`fixed` are the boxes that belong to this node itself (key → id): always let in, on no register."""

    def __init__(
        self, register: Register, fixed: Mapping[str, str], settings: BoxesSettings, world: World
    ) -> None:
        self.settings = settings
        self.world = world
        self.fixed = fixed
        self.guesses: set[str] = set()
        self.told: OrderedDict[str, float] = OrderedDict()  # refused key → when the log had a line of it
        self.used_keys: set[str] = set()  # next keys that something was said with
        self.cut_off: set[str] = set()  # revoked, whether that is written down yet or not
        self.offer_until_s = 0.0
        self.register = Register()
        self.adopt(register)

    def adopt(self, register: Register) -> None:
        """What the register says holds from the next frame on."""
        offer, before = register.offer, self.register.offer
        if offer is not None and (before is None or before.key != offer.key):
            # No longer than its whole life, however the clock was set.
            left_s = (offer.expires_ms - self.world.utc_ms()) / 1000
            self.offer_until_s = self.world.monotonic_s() + min(max(left_s, 0.0), self.settings.offer_s)
            self.guesses.clear()
        self.register = register
        self.guests = {key: box_guest(box_id) for key, box_id in self.fixed.items()}
        self.revoked: set[str] = set()  # and keys that were changed for others: no guesses, these
        self.next_keys: set[str] = set()
        for box in register.boxes:
            keys = {box.key, box.next_key} - {""}
            self.revoked.update(box.former_keys)
            if box.revoked_ms or box.id in self.cut_off:
                self.revoked |= keys
            else:
                self.guests |= dict.fromkeys(keys, box_guest(box.id))
                self.next_keys |= keys - {box.key}
        self.used_keys &= self.next_keys

    # -- at the door ----------------------------------------------------------------------------

    def admits(self, key: str, origin: str) -> bool:
        if self.guest(key) is not None:
            if key not in self.guests:
                log.info("security: the joining key %s enters from %s", key_name(key), origin)
            return True
        if key in self.revoked:
            self.tell_refusal(key, origin, "a revoked key")
            return False
        self.tell_refusal(key, origin, "an unknown key")
        if self.offer is not None and key not in self.guesses:
            self.guesses.add(key)
            if len(self.guesses) >= self.settings.guesses:
                log.warning("security: offer withdrawn after %d unknown keys", len(self.guesses))
                self.offer_until_s = 0.0
        return False

    def guest(self, key: str) -> Guest | None:
        guest = self.guests.get(key)
        if guest is not None:
            if key in self.next_keys:
                self.used_keys.add(key)
            return guest
        offer = self.offer
        return JOINING_GUEST if offer is not None and offer.key == key else None

    def tell_refusal(self, key: str, origin: str, what: str) -> None:
        """One line for each key now and then: whoever knocks without end must not fill the log."""
        now = self.world.monotonic_s()
        last = self.told.get(key)
        if last is not None and now - last < REFUSAL_TOLD_S:
            return
        self.told[key] = now
        self.told.move_to_end(key)
        if len(self.told) > REMEMBERED_REFUSALS:
            self.told.popitem(last=False)
        log.warning("security: refused %s %s from %s", what, key_name(key), origin)

    # -- joining --------------------------------------------------------------------------------

    @property
    def offer(self) -> Offer | None:
        """The offer that is open, or was used and may still be asked again by the same box."""
        return self.register.offer if self.world.monotonic_s() < self.offer_until_s else None

    @property
    def offer_is_over(self) -> bool:
        """The register still has one that does not hold any more."""
        return self.register.offer is not None and self.offer is None

    @property
    def offer_left_s(self) -> float:
        return max(0.0, self.offer_until_s - self.world.monotonic_s())

    def with_offer(self, key: str) -> Register:
        """A fresh offer, in the place of an older one."""
        expires_ms = self.world.utc_ms() + int(self.settings.offer_s * 1000)
        log.info("security: offer %s opened for %g s", key_name(key), self.settings.offer_s)
        return replace(self.register, offer=Offer(key, expires_ms))

    def without_offer(self) -> Register:
        if self.register.offer is not None:
            log.info("security: offer %s is over", key_name(self.register.offer.key))
        return replace(self.register, offer=None)

    def joined(self, request: JoinRequest, server_key: str) -> tuple[Register, JoinAccepted | JoinRefused]:
        """The register after the request, and the answer, which may go out when that is durable."""
        offer = self.offer
        refused = self.why_not(request, offer)
        if offer is None or refused is not None:
            refused = refused or join_over()
            log.warning("security: join of %s refused: %s", key_name(request.key), refused.why)
            return self.register, refused
        known = next((box for box in self.register.boxes if box.key == request.key), None)
        if known is not None and offer.box == known.id:
            return self.register, JoinAccepted(known.name)  # the first answer was lost
        box = Box(
            id=self.new_id(request.name) if known is None else known.id,
            name=self.free_name(request.name) if known is None else known.name,
            key=request.key,
            fingerprint=pairing_fingerprint(server_key, request.key, offer.key),
            paired_ms=self.world.utc_ms(),
            software=request.software,
        )
        others = self.others_than(request.key)
        log.info("security: box %s (%s) joined with key %s", box.id, box.name, key_name(box.key))
        register = replace(self.register, boxes=(*others, box), offer=replace(offer, box=box.id))
        return register, JoinAccepted(box.name)

    def why_not(self, request: JoinRequest, offer: Offer | None) -> JoinRefused | None:
        if offer is None:
            return join_over()
        if request.version != WIRE_VERSION:
            return JoinRefused(
                f"the GPU box speaks version {request.version} of the link, the server {WIRE_VERSION}:"
                " update the older of the two"
            )
        holder = next((box for box in self.register.boxes if box.id == offer.box), None)
        if offer.box and (holder is None or holder.key != request.key):
            return JoinRefused("this join string was used already, by another GPU box: make another one")
        if request.key in self.fixed:
            return JoinRefused("this data folder is the server's own, and its GPU box needs no joining")
        if request.key in self.revoked:
            return JoinRefused("the key of this GPU box was revoked", new_key=True)
        if sum(not box.revoked_ms for box in self.register.boxes) >= self.settings.most:
            return JoinRefused(f"the server has {self.settings.most} GPU boxes already: revoke one")
        return None

    def others_than(self, key: str) -> tuple[Box, ...]:
        """The rest of the list, with room for one more: the boxes that were revoked first are forgotten."""
        others = [box for box in self.register.boxes if box.key != key]
        gone = sorted((box for box in others if box.revoked_ms), key=lambda box: box.revoked_ms)
        surplus = {box.id for box in gone[: max(0, len(others) + 1 - self.settings.most)]}
        return tuple(box for box in others if box.id not in surplus)

    def new_id(self, name: str) -> str:
        """A word for logs and leases that no box has had before, revoked ones included."""
        word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] or "box"
        return free(word, {*self.fixed.values(), *(box.id for box in self.register.boxes)}, "-")

    def free_name(self, wanted: str) -> str:
        name = " ".join(wanted.split())[:NAME_LIMIT] or "GPU box"
        taken = {box.name for box in self.register.boxes if not box.revoked_ms}
        return free(name, {*self.fixed.values(), *taken}, " ")

    # -- afterwards -----------------------------------------------------------------------------

    def find(self, name: str) -> Box:
        """By name among those that are let in, else by id. Raises UnknownBoxError."""
        boxes = [box for box in self.register.boxes if not box.revoked_ms]
        for box in [*(box for box in boxes if box.name == name), *(box for box in boxes if box.id == name)]:
            return box
        raise UnknownBoxError(f"No GPU box is called {name}: see samovar boxes.")

    def name_of(self, box_id: str) -> str:
        return next((box.name for box in self.register.boxes if box.id == box_id), box_id)

    def renamed(self, box: Box, name: str) -> Register:
        """Raises BadNameError, NameTakenError."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= NAME_LIMIT:
            raise BadNameError(f"A name has 1 to {NAME_LIMIT} characters.")
        others = (other for other in self.register.boxes if other.id != box.id and not other.revoked_ms)
        if name in {*self.fixed.values(), *(other.name for other in others)}:
            raise NameTakenError(f"Another GPU box is called {name}.")
        log.info("security: box %s renamed from %s to %s", box.id, box.name, name)
        return self.with_box(replace(box, name=name))

    def cut(self, box: Box) -> None:
        """The box is out from now on; `revoked_now` is for the register."""
        log.warning("security: box %s (%s) revoked, key %s", box.id, box.name, key_name(box.key))
        self.cut_off.add(box.id)
        self.adopt(self.register)

    def revoked_now(self, box: Box) -> Register:
        return self.with_box(replace(box, revoked_ms=self.world.utc_ms()))

    # -- keys that change -----------------------------------------------------------------------

    def with_next_key(self, box_id: str, key: str) -> Register | None:
        """The box will have that key; None where it may not: another one has it, or had it."""
        box = next((box for box in self.register.boxes if box.id == box_id), None)
        if box is None or box.revoked_ms:
            return None
        if key in {box.key, box.next_key}:
            return self.register
        if key in self.guests or key in self.revoked:
            log.warning("security: box %s refused the key %s, which is another's", box.id, key_name(key))
            return None
        log.info("security: box %s will have the key %s", box.id, key_name(key))
        return self.with_box(replace(box, next_key=key))

    def with_used_keys(self) -> Register:
        """Next keys that were used take the place of the old ones."""
        boxes = [
            self.with_used_key(box) if box.next_key in self.used_keys else box for box in self.register.boxes
        ]
        return replace(self.register, boxes=tuple(boxes))

    def with_used_key(self, box: Box) -> Box:
        log.info("security: box %s has the key %s now", box.id, key_name(box.next_key))
        former = (*box.former_keys, box.key)[-FORMER_KEYS:]
        return replace(box, key=box.next_key, next_key="", former_keys=former)

    def with_server_key(self, box_id: str, key: str) -> Register:
        """The box keeps the server's next key."""
        found = next((box for box in self.register.boxes if box.id == box_id), None)
        return self.register if found is None else self.with_box(replace(found, server_key=key))

    def with_box(self, box: Box) -> Register:
        boxes = tuple(box if other.id == box.id else other for other in self.register.boxes)
        return replace(self.register, boxes=boxes)

    def seen(self, seen_ms: Mapping[str, int], software: Mapping[str, str]) -> Register:
        boxes = tuple(
            replace(
                box,
                seen_ms=max(box.seen_ms, seen_ms.get(box.id, 0)),
                software=software.get(box.id, box.software),
            )
            for box in self.register.boxes
        )
        return replace(self.register, boxes=boxes)


def join_over() -> JoinRefused:
    return JoinRefused("this join string is over: make another one")


def free(wanted: str, taken: set[str], between: str) -> str:
    """`wanted`, or with the first number that makes it free."""
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}{between}{number}"
    return found
