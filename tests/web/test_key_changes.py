"""Keys that change under boxes that stay paired: over real sockets, with a kill between any two steps."""

from pathlib import Path

from msgspec.structs import replace
from zmq.utils import z85

from actors.addresses import LINK, WEB
from actors.messages.control import Dial
from actors.messages.link import Greet
from actors.messages.pairing import KeyAnnounced
from actors.settings import BoxesSettings
from actors.wire.envelope import ToBox, types_of
from actors.wire.keys import (
    gpu_box_path,
    kept_key_pair,
    new_key_pair,
    next_path,
    read_key_pair,
    web_node_path,
    write_key_pair,
)
from actors.wire.sockets import Dialler
from gpu_actor.key_keeper import KeyKeeper
from gpu_actor.pairing_file import Pairing, pairing_path, read_pairing, write_pairing
from tests.actors.kit import hello, uid
from tests.actors.wire.line import Told, note_in, until
from tests.web.house import OWN, SERVER, House, run


class BoxEnd:
    """A paired box: its folder, its line and its keeper, as the link process wires them."""

    def __init__(self, house: House, folder: Path, name: str = "attic") -> None:
        self.house = house
        self.keys = folder
        self.name = name
        self.told: list[Told] = []
        self.start()

    @classmethod
    async def paired(cls, house: House, folder: Path, name: str = "attic") -> "BoxEnd":
        make_folder(folder)
        invitation = await house.invite()
        joined = await house.join(invitation, kept_key_pair(gpu_box_path(folder)), name)
        server = z85.encode(invitation.server_key).decode()
        write_pairing(pairing_path(folder), Pairing(f"tcp://{joined.address}", server, joined.name, ""))
        return cls(house, folder, name)

    def start(self) -> None:
        pairing = read_pairing(pairing_path(self.keys))
        assert pairing is not None
        key = read_key_pair(gpu_box_path(self.keys))
        dial = Dial(pairing.web_node, pairing.server_key, key.public, key.secret, pairing.name)
        self.line = Dialler(
            dial, note_in(self.told), types_of(ToBox), to=LINK, sender=WEB, tells_refusal=True
        )
        self.keeper = KeyKeeper(self.keys, self.line, own=False)

    def kill(self) -> None:
        self.line.close()

    def restart(self) -> None:
        self.kill()
        self.start()

    @property
    def key(self) -> str:
        return read_key_pair(gpu_box_path(self.keys)).public

    @property
    def pairing(self) -> Pairing:
        pairing = read_pairing(pairing_path(self.keys))
        assert pairing is not None
        return pairing

    async def heard(self) -> None:
        """It gets through to the queue, and is answered."""
        worker = f"worker/{self.name}"
        self.house.queue.told.clear()
        self.told.clear()

        def answered() -> bool:
            self.line.deliver("queue", hello(), LINK)
            if worker in self.house.queue.senders():
                self.house.runtime.tell(worker, Greet(uid(1)), "queue")
            return any(message == Greet(uid(1)) for _, message, _ in self.told)

        await until(answered)

    async def announces_until_taken(self) -> None:
        def taken() -> bool:
            self.keeper.announce()
            return self.keeper.next_key is None

        await until(taken)


def make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700)


# -- the box's key ----------------------------------------------------------------------------------


def test_a_box_changes_its_key_and_the_old_one_is_let_in_no_more(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        await box.heard()
        old = read_key_pair(gpu_box_path(box.keys))
        box.keeper.rotate()
        await box.announces_until_taken()
        assert box.key != old.public
        await box.heard()
        await until(lambda: house.boxes.boxes()[0].key == box.key)
        await house.knock(old)
        box.kill()

    run(tmp_path, test)


def test_a_change_of_the_boxs_key_survives_a_kill_of_the_box_at_each_step(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        first = box.key
        box.keeper.rotate()
        announced = read_key_pair(next_path(gpu_box_path(box.keys)))
        box.restart()  # before the announcement came through
        assert box.keeper.next_key == announced
        await box.heard()
        box.keeper.taken = lambda key: None  # the answer is lost
        box.line.deliver("boxes", KeyAnnounced(announced.public), LINK)
        await until(lambda: house.boxes.boxes()[0].next_key == announced.public)
        box.restart()  # the old key is good still
        assert box.key == first
        await box.heard()
        await box.announces_until_taken()
        write_key_pair(next_path(gpu_box_path(box.keys)), announced)
        box.restart()  # between the new key and the end of the old file
        assert box.keeper.next_key is None
        assert not next_path(gpu_box_path(box.keys)).exists()
        assert box.key == announced.public
        await box.heard()
        box.kill()

    run(tmp_path, test)


def test_a_change_of_the_boxs_key_survives_a_kill_of_the_web_process_at_each_step(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        await box.heard()
        first = box.key
        box.keeper.rotate()
        announced = read_key_pair(next_path(gpu_box_path(box.keys))).public
        box.line.deliver("boxes", KeyAnnounced(announced), LINK)
        await until(lambda: house.boxes.boxes()[0].next_key == announced)
        await house.restart()  # both are let in still
        assert house.boxes.boxes()[0].key == first
        await box.announces_until_taken()
        await house.restart()  # perhaps before the first word with the new key, perhaps after
        await box.heard()
        await until(lambda: house.boxes.boxes()[0].key == announced)
        await house.restart()
        await box.heard()
        box.kill()

    run(tmp_path, test)


def test_a_box_cannot_take_a_key_that_is_anothers_or_was_revoked(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        other, revoked = new_key_pair(), new_key_pair()
        await house.join(await house.invite(), other, "Other")
        await house.join(await house.invite(), revoked, "Gone")
        await house.boxes.revoke("Gone")
        for pair in (other, revoked):
            assert house.boxes.list.with_next_key("attic", pair.public) is None
        assert house.boxes.list.with_next_key("gone", new_key_pair().public) is None
        assert house.boxes.list.with_next_key("desk", new_key_pair().public) is None
        box.kill()

    run(tmp_path, test)


def test_a_revoked_box_loses_its_next_key_as_well(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        await box.heard()
        box.keeper.rotate()
        announced = read_key_pair(next_path(gpu_box_path(box.keys)))
        box.line.deliver("boxes", KeyAnnounced(announced.public), LINK)
        await until(lambda: house.boxes.boxes()[0].next_key == announced.public)
        box.kill()
        await house.boxes.revoke("attic")
        await house.knock(announced)

    run(tmp_path, test)


# -- the server's key -------------------------------------------------------------------------------


async def until_switched(house: House) -> None:
    await until(lambda: house.boxes.door.public != SERVER.public)


def test_the_server_changes_its_key_when_all_boxes_keep_the_next_one(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        late = await BoxEnd.paired(house, tmp_path / "late", "late")
        late.kill()
        await house.boxes.withdraw_offer()
        await box.heard()
        await house.boxes.rotate_key()
        announced = read_key_pair(next_path(web_node_path(tmp_path))).public
        await until(lambda: box.pairing.next_server_key == announced)
        await until(lambda: house.boxes.server_key.waits_for() == ["late"])
        assert house.boxes.door.public == SERVER.public
        late.start()
        await late.heard()
        await until_switched(house)
        assert house.boxes.door.public == announced == read_key_pair(web_node_path(tmp_path)).public
        for each in (box, late):
            await each.heard()
            assert (each.pairing.server_key, each.pairing.next_server_key) == (announced, "")
        await until(lambda: house.boxes.list.register.key_change is None)
        await house.join(await house.invite(), new_key_pair(), "New")
        for each in (box, late):
            each.kill()

    run(tmp_path, test)


def test_a_change_of_the_servers_key_survives_a_kill_at_each_step(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        await house.boxes.withdraw_offer()
        await house.boxes.rotate_key()
        announced = read_key_pair(next_path(web_node_path(tmp_path))).public
        await house.restart()  # announced, and nobody has heard it
        await box.heard()
        await until(lambda: box.pairing.next_server_key == announced)
        box.restart()
        await house.restart()  # kept by the box, and perhaps not known to be
        await box.heard()
        await until_switched(house)
        box.kill()
        write_pairing(pairing_path(box.keys), replace(box.pairing, server_key=SERVER.public))
        write_pairing(pairing_path(box.keys), replace(box.pairing, next_server_key=announced))
        box.start()  # as if it had not noticed yet: it tries the old key first
        assert box.line.server_key == SERVER.public
        await box.heard()
        await house.restart()
        assert house.boxes.door.public == announced
        await box.heard()
        await until(lambda: house.boxes.list.register.key_change is None)
        box.restart()
        assert box.line.server_key == announced
        await box.heard()
        box.kill()

    run(tmp_path, test)


def test_a_kill_between_the_new_file_and_the_register_ends_the_change(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        await house.boxes.rotate_key()  # an offer is open, so it waits
        await box.heard()
        await until(lambda: box.pairing.next_server_key != "")
        await house.boxes.server_key.switch()
        await house.restart()
        assert house.boxes.door.public == box.pairing.next_server_key
        await box.heard()
        await until(lambda: house.boxes.list.register.key_change is None)
        box.kill()

    run(tmp_path, test)


def test_nobody_is_waited_for_longer_than_the_settings_allow(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        box = await BoxEnd.paired(house, tmp_path / "box")
        box.kill()
        await house.boxes.withdraw_offer()
        await house.boxes.rotate_key()
        await until_switched(house)

    run(tmp_path, test, BoxesSettings(cut_s=0.05, rotation_days=0.0))


def test_a_box_in_the_servers_own_folder_reads_the_key_there(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        told: list[Told] = []
        dial = Dial(f"tcp://{house.address}", SERVER.public, OWN.public, OWN.secret, "desk")
        line = Dialler(dial, note_in(told), types_of(ToBox), to=LINK, sender=WEB, tells_refusal=True)
        keeper = KeyKeeper(tmp_path, line, own=True)
        keeper.rotate()
        assert keeper.next_key is None
        await house.boxes.rotate_key()
        await until_switched(house)

        def heard() -> bool:
            line.deliver("queue", hello(), LINK)
            return "worker/desk" in house.queue.senders()

        await until(heard)
        line.close()

    run(tmp_path, test)
