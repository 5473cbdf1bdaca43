import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from actors.messages.control import ChildBrief
from gpu_actor.pairing_file import Pairing, pairing_path, write_pairing
from storage.settings import StorageSettings
from supervisor.data_folder import DataFolder
from supervisor.errors import NotPairedError
from supervisor.keys import gpu_box_key, web_node_key
from supervisor.launch import Launch, Launcher, Ports
from supervisor.settings import NodeSettings, SupervisorSettings
from supervisor.spares import ROOT, Spares
from supervisor.strategy import ChildSpec
from supervisor.switchboard import Switchboard

NODE, BOOT = UUID(int=1), UUID(int=2)


@pytest.fixture
def switchboard() -> Iterator[Switchboard]:
    board = Switchboard()
    yield board
    board.close()


class Launching:
    def __init__(
        self,
        tmp_path: Path,
        switchboard: Switchboard,
        settings: NodeSettings,
        children: Collection[str] = ("web", "link", "engine", "health"),
    ) -> None:
        self.data = DataFolder(tmp_path)
        self.data.make()
        spares = Spares(self.data.logs)
        self.launcher = Launcher(self.data, settings, NODE, "1.2", "the token", children, spares)
        self.switchboard = switchboard

    def launch(self, name: str, ports: Ports | None = None) -> Launch:
        return self.launcher.launch(ChildSpec(name, f"some.{name}"), BOOT, ports or {}, self.switchboard)

    def brief(self, name: str, ports: Ports | None = None) -> ChildBrief:
        return msgspec.json.decode(self.launch(name, ports).brief, type=ChildBrief)


def launching(tmp_path: Path, switchboard: Switchboard, **own: object) -> Launching:
    settings = msgspec.convert({"supervisor": own}, NodeSettings)
    return Launching(tmp_path, switchboard, settings)


def launching_alone(tmp_path: Path, switchboard: Switchboard, *children: str, **own: object) -> Launching:
    """A node of one role."""
    settings = msgspec.convert({"supervisor": own}, NodeSettings)
    return Launching(tmp_path, switchboard, settings, children)


def test_a_child_is_a_module_that_is_found_whatever_the_current_folder_holds(
    tmp_path: Path, switchboard: Switchboard
) -> None:
    launch = launching(tmp_path, switchboard).launch("web")
    assert launch.command == [sys.executable, "-P", "-m", "some.web"]
    assert launch.environ["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)
    assert launch.out == tmp_path / "logs" / "web.out"
    assert launch.brief.endswith(b"\n")
    assert launch.brief.count(b"\n") == 1


def test_the_brief_says_who_and_where_and_lets_the_child_in(tmp_path: Path, switchboard: Switchboard) -> None:
    brief = launching(tmp_path, switchboard, heartbeat_s=0.5).brief("web")
    assert (brief.name, brief.node, brief.boot, brief.version) == ("web", NODE, BOOT, "1.2")
    assert brief.supervisor_pid == os.getpid()
    assert brief.data == str(tmp_path)
    assert brief.heartbeat_s == 0.5
    assert switchboard.allowed[brief.control.public] == "web"
    assert msgspec.convert(brief.settings["supervisor"], SupervisorSettings).heartbeat_s == 0.5


def test_only_the_web_process_gets_the_token_and_the_address_of_the_database(
    tmp_path: Path, switchboard: Switchboard
) -> None:
    settings = NodeSettings(storage=StorageSettings(url="postgres://me:secret@db"))
    launcher = Launching(tmp_path, switchboard, settings)
    assert launcher.brief("web").token == "the token"
    assert launcher.brief("web").settings["storage"]["url"] == "postgres://me:secret@db"
    for name in ("link", "engine", "health"):
        launch = launcher.launch(name)
        assert b"the token" not in launch.brief
        assert b"secret@db" not in launch.brief


def test_the_link_door_of_a_whole_node_admits_its_own_box_on_loopback(
    tmp_path: Path, switchboard: Switchboard
) -> None:
    whole = launching(tmp_path, switchboard, box_name="desk")
    door = whole.brief("web").doors["link"]
    assert door.allowed == {gpu_box_key(tmp_path / "keys").public: "desk"}
    key = web_node_key(tmp_path / "keys")
    assert (door.host, door.port, door.public, door.secret) == ("127.0.0.1", 0, key.public, key.secret)


def test_a_web_node_alone_listens_for_boxes_of_other_machines_and_has_none_of_its_own(
    tmp_path: Path, switchboard: Switchboard
) -> None:
    door = launching_alone(tmp_path, switchboard, "web").brief("web").doors["link"]
    assert (door.host, door.port, door.allowed) == ("0.0.0.0", 7777, {})
    chosen = launching_alone(tmp_path, switchboard, "web", link_host="10.0.0.1", link_port=0)
    door = chosen.brief("web", {"web": {"link": 5}}).doors["link"]
    assert (door.host, door.port) == ("10.0.0.1", 5)


def test_a_port_of_the_settings_goes_before_the_port_of_the_last_time(
    tmp_path: Path, switchboard: Switchboard
) -> None:
    ports = {"web": {"link": 5}}
    assert launching(tmp_path, switchboard).brief("web", ports).doors["link"].port == 5
    assert launching(tmp_path, switchboard, link_port=6).brief("web", ports).doors["link"].port == 6


def test_link_and_web_fit_each_other(tmp_path: Path, switchboard: Switchboard) -> None:
    both = launching(tmp_path, switchboard)
    door = both.brief("web").doors["link"]
    dial = both.brief("link", {"web": {"http": 80, "link": 5}}).dials["web"]
    assert dial.address == "tcp://127.0.0.1:5"
    assert dial.server_public == door.public
    assert door.allowed[dial.public] == dial.name


def test_engine_and_link_fit_each_other_for_the_whole_run(tmp_path: Path, switchboard: Switchboard) -> None:
    both = launching(tmp_path, switchboard)
    door = both.brief("link").doors["engine"]
    for port in (7, 8):
        dial = both.brief("engine", {"link": {"engine": port}}).dials["link"]
        assert dial.address == f"tcp://127.0.0.1:{port}"
        assert dial.server_public == door.public
        assert door.allowed == {dial.public: "engine"}


def test_a_link_whose_web_process_is_not_up_yet_gets_no_address(
    tmp_path: Path, switchboard: Switchboard
) -> None:
    assert launching(tmp_path, switchboard).brief("link").dials["web"].address == ""


def test_a_box_alone_dials_the_web_node_that_it_joined(tmp_path: Path, switchboard: Switchboard) -> None:
    alone = launching_alone(tmp_path, switchboard, "link", "engine", "health")
    with pytest.raises(NotPairedError, match="samovar join"):
        alone.brief("link")
    pairing = Pairing("tcp://vds.example:7000", "w" * 40, "attic", "AAAA-BBBB-CCCC")
    write_pairing(pairing_path(tmp_path / "keys"), pairing)
    dial = alone.brief("link").dials["web"]
    assert (dial.address, dial.server_public, dial.name) == ("tcp://vds.example:7000", "w" * 40, "attic")
    assert dial.public == gpu_box_key(tmp_path / "keys").public


def test_a_whole_node_serves_its_own_box_whatever_it_joined(tmp_path: Path, switchboard: Switchboard) -> None:
    whole = launching(tmp_path, switchboard)
    pairing = Pairing("tcp://vds.example:7000", "w" * 40, "attic", "AAAA-BBBB-CCCC")
    write_pairing(pairing_path(tmp_path / "keys"), pairing)
    dial = whole.brief("link", {"web": {"link": 5}}).dials["web"]
    assert (dial.address, dial.server_public) == (
        "tcp://127.0.0.1:5",
        web_node_key(tmp_path / "keys").public,
    )
