import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from actors.messages.control import Door
from actors.wire.keys import new_key_pair
from gpu_actor.pairing_file import Pairing
from supervisor.cli import main
from supervisor.commands import doctor
from supervisor.data_folder import DataFolder
from supervisor.doctor.examination import CHECKS, examine, role_of
from supervisor.doctor.finding import Condition, Finding
from supervisor.doctor.link_probe import shake_hands
from supervisor.doctor.subject import Subject, ask_page, installed_version
from supervisor.keys import gpu_box_key
from supervisor.settings import NodeSettings
from tests.actors.wire.line import Server
from tests.supervisor.doctor.subjects import PAIRING, always, process, status, subject
from web.settings import WebSettings


def test_the_role_is_that_of_the_running_node_else_what_the_files_say() -> None:
    proxied = NodeSettings(web=WebSettings(behind_proxy=True))
    assert role_of(status(process("web")), PAIRING, None) == "web"
    assert role_of(status(process("link"), process("engine")), None, proxied) == "gpu"
    assert role_of(status(process("web"), process("engine")), PAIRING, None) == "all"
    assert role_of(None, PAIRING, proxied) == "gpu"
    assert role_of(None, None, proxied) == "web"
    assert role_of(None, None, NodeSettings()) == "all"


def test_a_check_that_breaks_keeps_no_other_from_telling(tmp_path: Path) -> None:
    def breaks(_subject: Subject) -> Iterator[Finding]:
        raise RuntimeError("unexpected")

    found = examine(subject(tmp_path), [breaks, *CHECKS])
    assert found[0].condition == "problem"
    assert "unexpected" in found[0].what
    assert len(found) > 5


def test_every_finding_that_is_not_well_says_what_to_do(tmp_path: Path) -> None:
    for finding in examine(subject(tmp_path / "nowhere", "gpu", settings=None, settings_trouble="odd")):
        assert (finding.condition == "ok") == (finding.remedy == ""), finding


@pytest.mark.parametrize("role", ["all", "web"])
def test_the_command_prints_one_object_and_its_status_says_the_same(
    tmp_path: Path, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["doctor", "--data", str(tmp_path), "--role", role, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["role"] == role
    assert told["ok"] is (status == 0)
    assert {"name", "condition", "what", "remedy"} == set(told["findings"][0])


@pytest.mark.parametrize(("condition", "status"), [("ok", 0), ("warning", 0), ("problem", 1)])
def test_a_warning_is_no_problem(
    tmp_path: Path, condition: Condition, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "examine", always([Finding("tea", condition, "is hot", "wait")]))
    assert main(["doctor", "--data", str(tmp_path)]) == status


def test_a_problem_is_status_1_and_its_remedy_stands_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--data", str(tmp_path), "--role", "gpu"]) == 1
    lines = capsys.readouterr().out.splitlines()
    (place,) = [place for place, line in enumerate(lines) if line.startswith("PROBLEM  link")]
    assert "-> `samovar pair` there" in lines[place + 1]


def test_settings_that_are_wrong_are_told_and_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "samovar.toml").write_text("[web]\nprot = 1\n")
    assert main(["doctor", "--data", str(tmp_path)]) == 1
    assert "did you mean port" in capsys.readouterr().out


def test_keys_that_cannot_be_read_are_told_and_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").write_text("no folder")
    assert main(["doctor", "--data", str(tmp_path), "--role", "gpu"]) == 1
    assert "PROBLEM  link" in capsys.readouterr().out


def test_a_version_is_known_of_what_is_installed_alone() -> None:
    assert installed_version("msgspec")
    assert installed_version("no-such-package-anywhere") is None


# -- a page, on a real socket -------------------------------------------------------------------------------


@pytest.fixture
def http_port() -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path == "/" else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["", "busy"])
def test_a_page_tells_its_clock_also_where_it_is_busy(http_port: int, path: str) -> None:
    page = ask_page(f"http://127.0.0.1:{http_port}/{path}")
    assert page.trouble == ""
    assert page.date_s is not None


def test_a_page_that_is_not_there_is_a_trouble(http_port: int) -> None:
    assert ask_page("http://127.0.0.1:1/").trouble
    page = ask_page(f"https://127.0.0.1:{http_port}/")  # speaks no TLS
    assert page.trouble
    assert not page.untrusted


# -- the handshake, on a real socket ------------------------------------------------------------------------


def handshake(keys: Path, *, admitted: bool, server_key: str = "", within_s: float = 10.0) -> str:
    """The box with the key in `keys` shakes hands with a listener of the product."""
    server = new_key_pair()
    box = gpu_box_key(keys).public if admitted else new_key_pair().public

    async def meet() -> str:
        listener = Server(Door("127.0.0.1", 0, server.public, server.secret, {box: "attic"}))
        address = f"tcp://127.0.0.1:{listener.port}"
        pairing = Pairing(address, server_key or server.public, "attic", "tea")
        try:
            outcome = await asyncio.to_thread(shake_hands, pairing, keys, within_s)
            assert listener.frames == 0
            return outcome
        finally:
            listener.close()

    return asyncio.run(meet())


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    data = DataFolder(tmp_path)
    data.make()
    return data.keys


def test_a_key_that_the_web_node_knows_is_welcome_and_says_nothing_more(keys: Path) -> None:
    assert handshake(keys, admitted=True) == "welcome"


def test_a_key_that_the_web_node_does_not_know_is_refused(keys: Path) -> None:
    assert handshake(keys, admitted=False) == "refused"


def test_a_server_with_another_key_is_another_server(keys: Path) -> None:
    other = handshake(keys, admitted=True, server_key=new_key_pair().public, within_s=3.0)
    assert other in {"another server", "no answer"}


def test_where_nobody_listens_there_is_no_answer(keys: Path) -> None:
    pairing = Pairing("tcp://127.0.0.1:1", new_key_pair().public, "attic", "tea")
    assert shake_hands(pairing, keys, 0.5) == "no answer"
