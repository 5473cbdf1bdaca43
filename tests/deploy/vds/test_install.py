import io
import stat
import tomllib
from pathlib import Path

import pytest

from deploy.machine import Rehearsal
from deploy.progress import Progress
from deploy.troubles import DiskFull, MistakeInTheCall, NotReady, NotThisMachine, ToolFailed
from deploy.vds.install import Installation
from deploy.vds.options import read_options
from deploy.vds.places import Places
from tests.deploy.vds.server import FakeServer, bundle, fake_server, installation

DOMAIN = ("--domain", "chat.example.org")


@pytest.fixture
def server(tmp_path: Path) -> FakeServer:
    return fake_server(tmp_path / "server")


def install(server: FakeServer, version: str, *arguments: str) -> None:
    installation(server, version, *arguments).install()


def test_a_bare_server_serves_afterwards(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    assert server.serving.startswith("1.0-")
    assert server.did("useradd", "--system") == 1
    assert server.did("systemctl", "enable", "samovar") == 1
    assert "chat.example.org {" in server.places.site.read_text()
    assert "import sites/*.caddy" in server.places.caddyfile.read_text()
    assert stat.S_IMODE(server.places.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.places.settings.stat().st_mode) == 0o600
    settings = tomllib.loads(server.places.settings.read_text())
    assert settings["web"] == {"hosts": ["chat.example.org"], "port": 8080, "behind_proxy": True}
    assert settings["supervisor"] == {"link_port": 7777}
    assert settings["boxes"] == {"addresses": ["chat.example.org"]}


def test_packages_are_checked_against_their_hashes_and_nothing_is_built(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    (locked,) = [command for command in server.ran if command.endswith("web.lock")]
    assert "--require-hashes" in locked
    assert "--only-binary :all:" in locked
    others = [command for command in server.ran if " pip install " in command and command != locked]
    assert all("--no-index" in command for command in others)


def test_called_again_it_leaves_a_server_that_serves_alone(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    before = len(server.ran)
    mode = server.places.unit.stat().st_mtime_ns
    install(server, "1.0")
    assert [command for command in server.ran[before:] if not command.startswith("apt-get")] == []
    assert server.places.unit.stat().st_mtime_ns == mode


def test_called_again_it_mends_what_is_missing(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    server.places.unit.unlink()
    server.places.site.unlink()
    server.running = False
    install(server, "1.0")
    assert server.places.unit.is_file()
    assert server.places.site.is_file()
    assert server.serving.startswith("1.0-")


def test_what_was_set_by_hand_stays(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    own = server.places.settings.read_text() + '[session]\npreset = "mine"  # mine\n'
    server.places.settings.write_text(own)
    install(server, "1.1")
    assert server.places.settings.read_text() == own


def test_an_upgrade_replaces_the_release_and_keeps_the_one_before(server: FakeServer) -> None:
    for version in ("1.0", "1.1", "1.2"):
        install(server, version, *DOMAIN)
    assert server.serving.startswith("1.2-")
    assert [place.name[:3] for place in sorted(server.places.releases.iterdir())] == ["1.1", "1.2"]


def test_a_release_that_does_not_become_ready_gives_way_to_the_one_before(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    (server.places.database / "samovar.db").write_text("as 1.0 left it")
    unit = server.places.unit.read_text()
    server.broken.add("1.1")
    with pytest.raises(NotReady, match=r"1\.1-\w+ did not become ready .*; 1\.0-\w+ serves again"):
        install(server, "1.1", "--ready-s", "30")
    assert server.serving.startswith("1.0-")
    assert server.places.unit.read_text() == unit
    assert (server.places.saved_database / "samovar.db").read_text() == "as 1.0 left it"
    assert 30 <= server.slept_s < 35


def test_the_database_is_put_back_before_the_old_release_starts(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    (server.places.database / "samovar.db").write_text("as 1.0 left it")
    server.broken.add("1.1")
    with pytest.raises(NotReady):
        install(server, "1.1", "--ready-s", "3")
    assert server.found_at_start[-1] == "as 1.0 left it"


def test_a_copy_that_cannot_be_made_leaves_the_old_release_serving(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    server.disk_is_full = True
    with pytest.raises(OSError, match="No space"):
        install(server, "1.1")
    assert server.serving.startswith("1.0-")


def test_without_room_for_the_copy_the_node_is_not_even_stopped(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    upgrade = installation(server, "1.1")
    upgrade.free_on = lambda _folder: 1_000_000
    with pytest.raises(DiskFull, match="make room"):
        upgrade.install()
    assert server.serving.startswith("1.0-")
    assert server.did("systemctl", "stop") == 0


def test_when_neither_release_becomes_ready_the_line_says_where_the_data_are(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    server.broken |= {"1.0", "1.1"}
    with pytest.raises(NotReady, match=r"neither .*before-upgrade"):
        install(server, "1.1", "--ready-s", "3")


def test_a_first_installation_that_does_not_become_ready_says_so(server: FakeServer) -> None:
    server.broken.add("1.0")
    with pytest.raises(NotReady, match="journalctl"):
        install(server, "1.0", *DOMAIN, "--ready-s", "3")


def test_a_release_that_was_cut_off_is_made_anew(server: FakeServer) -> None:
    server.failing.add(
        str(server.places.releases / bundle(server.places.root / "bundles", "1.0").name / "bin/python")
    )
    with pytest.raises(ToolFailed):
        install(server, "1.0", *DOMAIN)
    assert not server.serving
    server.failing.clear()
    install(server, "1.0", *DOMAIN)
    assert sum(" -m venv " in command for command in server.ran) == 2
    assert server.serving.startswith("1.0-")


def test_an_upgrade_need_not_be_told_again_what_the_server_is_like(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN, "--port", "9000", "--link-port", "9001", "--certificate", "internal")
    settings, site = server.places.settings.read_text(), server.places.site.read_text()
    install(server, "1.1")
    assert server.places.settings.read_text() == settings
    assert server.places.site.read_text() == site
    install(server, "1.1", "--domain", "other.example.org")
    assert "other.example.org {" in server.places.site.read_text()
    changed = tomllib.loads(server.places.settings.read_text())
    assert changed["web"]["port"] == 9000
    assert changed["boxes"]["addresses"] == ["other.example.org"]


def test_an_address_for_the_boxes_that_was_set_by_hand_stays(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    text = server.places.settings.read_text()
    server.places.settings.write_text(text.replace('["chat.example.org"]\n', '["192.0.2.1"]\n'))
    install(server, "1.1", "--domain", "other.example.org")
    changed = tomllib.loads(server.places.settings.read_text())
    assert changed["web"]["hosts"] == ["other.example.org"]
    assert changed["boxes"]["addresses"] == ["192.0.2.1"]


def test_the_first_time_the_name_of_the_site_is_asked_for(server: FakeServer) -> None:
    with pytest.raises(MistakeInTheCall, match="--domain"):
        install(server, "1.0")
    assert server.ran == []


def test_another_web_server_on_port_80_is_not_pushed_aside(server: FakeServer) -> None:
    server.listening[80] = "nginx"
    with pytest.raises(NotThisMachine, match="nginx listens on port 80"):
        install(server, "1.0", *DOMAIN)
    assert not server.places.site.exists()
    install(server, "1.0", *DOMAIN, "--no-caddy")
    assert server.serving
    assert not server.places.site.exists()


def test_uninstalling_leaves_nothing_but_the_data(server: FakeServer) -> None:
    server.places.caddyfile.write_text(":80 {\n\tfile_server\n}\n")
    install(server, "1.0", *DOMAIN)
    installation(server, "1.0", "--uninstall").uninstall()
    places = server.places
    assert not any(place.exists() for place in (places.unit, places.program, places.command, places.site))
    assert places.caddyfile.read_text() == ":80 {\n\tfile_server\n}\n"
    assert places.database.is_dir()
    assert "--purge" in server.said()
    assert server.users


def test_purging_takes_the_data_and_the_user_too(server: FakeServer) -> None:
    install(server, "1.0", *DOMAIN)
    installation(server, "1.0", "--uninstall", "--purge").uninstall()
    assert not server.places.data.exists()
    assert not server.users


def test_uninstalling_twice_is_no_trouble(server: FakeServer) -> None:
    for _ in range(2):
        installation(server, "1.0", "--uninstall", "--purge").uninstall()


def test_a_rehearsal_touches_nothing_and_tells_everything(tmp_path: Path) -> None:
    server = fake_server(tmp_path / "server")
    before = sorted(server.places.root.rglob("*"))
    out = io.StringIO()
    machine = Rehearsal(Progress(out), tmp_path / "log", {"PATH": "/nonexistent"})
    places = Places(server.places.root)
    made = bundle(tmp_path, "1.0")
    Installation(machine, places, read_options([*DOMAIN, "--dry-run"]), made).install()
    assert sorted(server.places.root.rglob("*")) == before
    for word in ("useradd", "-m venv", "web.lock", "samovar.service", "sites/samovar.caddy", "restart"):
        assert word in out.getvalue()
    assert "serves https" not in out.getvalue()
