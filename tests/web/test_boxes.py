"""Pairing and revoking over real sockets: who is let in, what the log says, what outlives a restart."""

import asyncio
import errno
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq
from msgspec.structs import replace
from zmq.utils import z85

from actors import addresses
from actors.addresses import BOXES, QUEUE
from actors.messages.link import Greet, KeyRefused, Refused
from actors.messages.pairing import BoxRevoked, JoinRefused, JoinRequest
from actors.wire.box_list import BadNameError, NameTakenError, UnknownBoxError
from actors.wire.join_string import Invitation
from actors.wire.keys import joining_key, key_name, new_key_pair, pairing_fingerprint
from gpu_actor.join import (
    Joined,
    JoinRefusedError,
    NotReachedError,
    OtherServerError,
    StringOverError,
    join,
)
from tests.actors.kit import hello, uid
from tests.actors.wire.line import until
from tests.web.house import OWN, SERVER, SETTINGS, House, run, until_heard, until_refused
from web.boxes import BoxTroubleError, BrokenRegisterError


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The security events of the log so far."""
    caplog.set_level(logging.INFO)

    def lines() -> list[str]:
        found = (record.getMessage() for record in caplog.records)
        return [line.removeprefix("security: ") for line in found if line.startswith("security: ")]

    return lines


# -- joining ----------------------------------------------------------------------------------------


def test_a_box_that_joined_is_let_in_under_its_own_key_and_both_sides_show_one_fingerprint(
    tmp_path: Path, events: Callable[[], list[str]]
) -> None:
    async def test(house: House) -> None:
        key, invitation = new_key_pair(), await house.invite()
        joined = await house.join(invitation, key)
        assert joined == Joined("Attic", house.address)
        (box,) = house.boxes.boxes()
        joining = joining_key(invitation.secret).public
        assert box.fingerprint == pairing_fingerprint(SERVER.public, key.public, joining)
        assert (box.id, box.name, box.key, box.software) == ("attic", "Attic", key.public, "1.2")
        client = await house.linked(key)
        assert house.queue.senders() == {"worker/attic"}
        house.runtime.tell("worker/attic", Greet(uid(3)), QUEUE)
        await until(lambda: Greet(uid(3)) in client.messages())
        assert house.boxes.boxes()[0].seen_ms > 0
        assert any("enters from 127.0.0.1" in line for line in events())
        assert f"box attic (Attic) joined with key {key_name(key.public)}" in events()

    run(tmp_path, test)


def test_a_string_that_was_used_is_refused_to_another_box_and_answered_again_to_the_same(
    tmp_path: Path, events: Callable[[], list[str]]
) -> None:
    async def test(house: House) -> None:
        key, other, invitation = new_key_pair(), new_key_pair(), await house.invite()
        first = await house.join(invitation, key)
        with pytest.raises(JoinRefusedError, match="used already"):
            await house.join(invitation, other)
        assert await house.join(invitation, key) == first
        assert [box.key for box in house.boxes.boxes()] == [key.public]
        await house.knock(other)
        assert any(f"join of {key_name(other.public)} refused" in line for line in events())

    run(tmp_path, test)


def test_a_string_whose_time_is_over_is_refused_at_the_door(
    tmp_path: Path, events: Callable[[], list[str]]
) -> None:
    async def test(house: House) -> None:
        invitation = await house.invite()
        await until(lambda: house.boxes.list.offer is None)
        with pytest.raises(StringOverError):
            await house.join(invitation, new_key_pair())
        assert house.boxes.boxes() == ()
        joining = key_name(joining_key(invitation.secret).public)
        assert f"refused an unknown key {joining} from 127.0.0.1" in events()
        await until(lambda: house.boxes.list.register.offer is None)

    run(tmp_path, test, replace(SETTINGS, offer_s=0.2))


def test_a_newer_string_ends_the_older_one(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        older, newer = await house.invite(), await house.invite()
        with pytest.raises(StringOverError):
            await house.join(older, new_key_pair())
        await house.join(newer, new_key_pair())

    run(tmp_path, test)


def test_the_third_unknown_key_withdraws_the_offer(tmp_path: Path, events: Callable[[], list[str]]) -> None:
    async def test(house: House) -> None:
        invitation = await house.invite()
        for _ in range(2):
            await house.knock(new_key_pair())
        assert house.boxes.list.offer is not None
        await house.knock(new_key_pair())
        assert house.boxes.list.offer is None
        assert "offer withdrawn after 3 unknown keys" in events()
        with pytest.raises(StringOverError):
            await house.join(invitation, new_key_pair())
        assert house.boxes.boxes() == ()
        await until(lambda: house.boxes.list.register.offer is None)  # for a restart, too

    run(tmp_path, test)


def test_a_revoked_key_and_one_that_keeps_knocking_are_no_further_guesses(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        revoked, stranger = new_key_pair(), new_key_pair()
        await house.join(await house.invite(), revoked)
        await house.boxes.revoke("Attic")
        invitation = await house.invite()
        for key in (revoked, stranger, revoked, stranger, revoked, stranger):
            await house.knock(key)
        await house.join(invitation, new_key_pair())

    run(tmp_path, test)


def test_the_joining_key_lets_nothing_through_but_the_one_request(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        invitation = await house.invite()
        client = house.dial(joining_key(invitation.secret))
        read = house.boxes.listener.take
        frames: list[zmq.Frame] = []

        def take(route: bytes, frame: zmq.Frame) -> int:
            frames.append(frame)
            return read(route, frame)

        house.boxes.listener.take = take

        def arrived() -> bool:
            client.say(hello())
            client.say(JoinRequest(1, new_key_pair().public, "x", ""), QUEUE)
            client.say(hello(), BOXES)
            return len(frames) > 10

        await until(arrived)
        assert house.queue.told == []
        assert house.boxes.boxes() == ()

    run(tmp_path, test)


def test_a_box_of_another_version_of_the_link_is_told_so(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        secret = await house.boxes.make_offer()
        client = house.dial(joining_key(secret))
        client.accepts = frozenset({JoinRefused})
        request = JoinRequest(9, new_key_pair().public, "x", "")

        def answered() -> bool:
            client.say(request, BOXES)
            return bool(client.told)

        await until(answered)
        assert "version 9" in client.messages()[0].why
        assert house.boxes.boxes() == ()

    run(tmp_path, test)


def test_an_unknown_key_gets_no_message_across(tmp_path: Path, events: Callable[[], list[str]]) -> None:
    async def test(house: House) -> None:
        stranger = new_key_pair()
        client = house.dial(stranger)
        await until_refused(client)
        client.say(hello())
        assert client.dropped == 1
        assert house.queue.told == []
        assert f"refused an unknown key {key_name(stranger.public)} from 127.0.0.1" in events()

    run(tmp_path, test)


def test_a_server_with_another_key_or_none_at_all_is_told_apart(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        invitation = await house.invite()
        strange = Invitation(1, invitation.secret, z85.decode(new_key_pair().public), (house.address,))
        with pytest.raises(OtherServerError, match="not the server"):
            await asyncio.to_thread(join, strange, new_key_pair(), "x", "", 0.3)
        nobody = Invitation(1, invitation.secret, invitation.server_key, ("127.0.0.1:1",))
        with pytest.raises(NotReachedError, match="cannot be reached at"):
            await asyncio.to_thread(join, nobody, new_key_pair(), "x", "", 0.3)
        second = Invitation(1, invitation.secret, invitation.server_key, ("127.0.0.1:1", house.address))
        found = await asyncio.to_thread(join, second, new_key_pair(), "x", "", 1.0)
        assert found.address == house.address

    run(tmp_path, test)


def test_the_nodes_own_box_needs_no_pairing_and_cannot_be_taken_for_another(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        await house.linked(OWN)
        assert house.queue.senders() == {"worker/desk"}
        with pytest.raises(JoinRefusedError, match="needs no joining"):
            await house.join(await house.invite(), OWN)
        await house.join(await house.invite(), new_key_pair(), "desk")
        assert [(box.id, box.name) for box in house.boxes.boxes()] == [("desk-2", "desk 2")]
        with pytest.raises(UnknownBoxError):
            await house.boxes.revoke("desk")

    run(tmp_path, test)


# -- revoking ---------------------------------------------------------------------------------------


def test_a_revoked_box_is_told_cut_off_and_never_let_in_again(
    tmp_path: Path, events: Callable[[], list[str]]
) -> None:
    async def test(house: House) -> None:
        key, other = new_key_pair(), new_key_pair()
        await house.join(await house.invite(), key)
        await house.join(await house.invite(), other, "Cellar")
        client, spared = await house.linked(key), await house.linked(other)
        house.queue.told.clear()
        revoking = asyncio.create_task(house.boxes.revoke("Attic"))
        await asyncio.sleep(0)  # one turn of the loop: it holds before it is written down
        assert house.queue.told == [(QUEUE, BoxRevoked("attic"), BOXES)]
        client.say(hello())
        await revoking
        await until(lambda: any(isinstance(message, Refused) for message in client.messages()))
        house.runtime.tell("worker/attic", Greet(uid(3)), QUEUE)
        await house.knock(key)
        await until_heard(spared, house.queue)
        assert house.queue.senders() <= {BOXES, "worker/cellar"}
        assert Greet(uid(3)) not in client.messages()
        assert f"box attic (Attic) revoked, key {key_name(key.public)}" in events()
        assert f"refused a revoked key {key_name(key.public)} from 127.0.0.1" in events()

    run(tmp_path, test)


def test_a_revoked_box_that_goes_on_speaking_loses_its_connection(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        key, other = new_key_pair(), new_key_pair()
        await house.join(await house.invite(), key)
        await house.join(await house.invite(), other, "Cellar")
        client, spared = await house.linked(key), await house.linked(other)
        await house.boxes.revoke("Attic")

        def cut() -> bool:
            client.say(hello())
            return KeyRefused() in client.messages()

        await until(cut)
        await until_heard(spared, house.queue)

    run(tmp_path, test)


def test_a_write_under_way_does_not_undo_a_revocation(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        key = new_key_pair()
        await house.join(await house.invite(), key)
        await house.linked(key)
        writing = asyncio.create_task(house.boxes.write_down_seen())
        await asyncio.sleep(0)
        await house.boxes.revoke("Attic")
        await writing
        await house.knock(key)
        await house.restart()
        await house.knock(key)

    run(tmp_path, test)


def test_a_revoked_box_joins_again_with_another_key_only(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        key, fresh = new_key_pair(), new_key_pair()
        await house.join(await house.invite(), key)
        await house.boxes.revoke("Attic")
        invitation = await house.invite()
        with pytest.raises(JoinRefusedError) as caught:
            await house.join(invitation, key)
        assert caught.value.new_key
        assert (await house.join(invitation, fresh)).name == "Attic"
        assert [(box.id, box.revoked_ms > 0) for box in house.boxes.boxes()] == [
            ("attic", True),
            ("attic-2", False),
        ]

    run(tmp_path, test)


# -- names ------------------------------------------------------------------------------------------


def test_a_box_may_be_called_otherwise_and_stays_the_same_for_the_queue(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        key = new_key_pair()
        await house.join(await house.invite(), key)
        await house.join(await house.invite(), new_key_pair(), "Attic")
        assert [box.name for box in house.boxes.boxes()] == ["Attic", "Attic 2"]
        for taken in ("Attic 2", "desk"):
            with pytest.raises(NameTakenError):
                await house.boxes.rename("Attic", taken)
        for bad in ("", " ", "x" * 61):
            with pytest.raises(BadNameError):
                await house.boxes.rename("Attic", bad)
        await house.boxes.rename("Attic", " Under  the roof ")
        assert house.boxes.names()["attic"] == "Under the roof"
        await house.linked(key)
        assert house.queue.senders() == {addresses.worker("attic")}

    run(tmp_path, test)


# -- what outlives a restart ------------------------------------------------------------------------


def test_the_list_and_an_open_offer_outlive_a_restart(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        key, later = new_key_pair(), new_key_pair()
        await house.join(await house.invite(), key)
        invitation = await house.invite()
        await house.restart()
        await house.linked(key)
        await house.join(invitation, later, "Cellar")
        await house.restart()
        await house.join(invitation, later, "Cellar")
        with pytest.raises(JoinRefusedError, match="used already"):
            await house.join(invitation, new_key_pair())
        assert [box.id for box in house.boxes.boxes()] == ["attic", "cellar"]
        assert house.path.stat().st_mode & 0o777 == 0o600
        assert invitation.secret.hex() not in house.path.read_text()

    run(tmp_path, test)


def test_a_clock_that_is_set_back_does_not_prolong_an_offer(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        await house.invite()
        register = house.boxes.list.register
        assert register.offer is not None
        late = replace(register, offer=replace(register.offer, key=OWN.public, expires_ms=2**50))
        house.boxes.list.adopt(late)
        assert house.boxes.list.offer_left_s <= house.settings.offer_s

    run(tmp_path, test)


def test_nothing_is_told_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(house: House) -> None:
        key, invitation = new_key_pair(), await house.invite()

        def full(path: Path, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("web.boxes.write_private", full)
            with pytest.raises(JoinRefusedError, match="No space left"):
                await house.join(invitation, key)
            with pytest.raises(BoxTroubleError, match="No space left"):
                await house.invite()
        assert house.boxes.boxes() == ()
        assert (await house.join(invitation, key)).name == "Attic"

    run(tmp_path, test)


def test_a_damaged_list_is_refused_and_kept(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        await house.invite()
        house.path.write_bytes(b"{")
        with pytest.raises(BrokenRegisterError, match="damaged"):
            House(tmp_path)
        assert house.path.read_bytes() == b"{"

    run(tmp_path, test)
