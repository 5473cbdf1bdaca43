"""Each check, on a machine where all is well and on one where it is not."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from deploy.machine import Answer
from deploy.release import lock_text
from deploy.vds.places import Places
from supervisor.doctor import box_checks, machine_checks, node_checks, server_checks, windows_checks
from supervisor.doctor.finding import Condition, Finding
from supervisor.doctor.link_probe import Handshake
from supervisor.doctor.subject import Page
from supervisor.settings import NodeSettings, SupervisorSettings
from tests.supervisor.doctor.subjects import PAIRING, always, doors, process, programs, status, subject
from web.settings import WebSettings


def conditions(found: Iterator[Finding]) -> list[Condition]:
    return [finding.condition for finding in found]


def only(found: Iterator[Finding]) -> Finding:
    (finding,) = found
    return finding


# -- the machine ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"python": (3, 10, 4)}, "too old"),
        ({"bits": "32bit"}, "32bit"),
        ({"system": "win32", "base_prefix": Path("C:/Program Files/WindowsApps/Python")}, "Store"),
    ],
)
def test_a_python_that_will_not_do(tmp_path: Path, changes: dict[str, object], word: str) -> None:
    finding = only(machine_checks.python(subject(tmp_path, doors=doors(**changes))))
    assert finding.condition == "problem"
    assert word in finding.what


def test_a_good_python(tmp_path: Path) -> None:
    assert conditions(machine_checks.python(subject(tmp_path))) == ["ok"]


def as_locked(lock: str) -> dict[str, str]:
    """The versions that a lock names."""
    lines = re.findall(r"^([a-z0-9-]+)==(\S+)", lock_text(lock), re.MULTILINE)
    return dict(lines)


def quart_of_another_version(name: str) -> str | None:
    return "0.0.1" if name == "quart" else None


def test_packages_are_held_against_the_lock_of_the_role(tmp_path: Path) -> None:
    locked = subject(tmp_path, "web", doors=doors(installed=as_locked("web").get))
    assert only(machine_checks.packages(locked)).condition == "ok"
    bare = subject(tmp_path, "web", doors=doors(installed=always(None)))
    assert "missing: " in only(machine_checks.packages(bare)).what
    strange = doors(installed=quart_of_another_version)
    found = list(machine_checks.packages(subject(tmp_path, "web", doors=strange)))
    assert [finding.condition for finding in found] == ["problem", "warning"]
    assert "quart 0.0.1" in found[1].what


@pytest.mark.parametrize(("said", "condition"), [("yes\n", "ok"), ("no\n", "warning"), ("", "ok")])
def test_the_clock_of_linux(tmp_path: Path, said: str, condition: Condition) -> None:
    asked = subject(tmp_path, doors=doors(ask=programs(timedatectl=said)))
    assert only(machine_checks.clock(asked)).condition == condition


def test_the_clock_of_windows(tmp_path: Path) -> None:
    keeps = doors(system="win32", ask=programs(w32tm="Leap Indicator: 0"))
    assert only(machine_checks.clock(subject(tmp_path, doors=keeps))).condition == "ok"
    idle = doors(system="win32", ask=always(Answer(1, "The service has not been started.")))
    assert only(machine_checks.clock(subject(tmp_path, doors=idle))).condition == "warning"


def test_the_link_can_be_encrypted_here(tmp_path: Path) -> None:
    assert conditions(machine_checks.encryption(subject(tmp_path))) == ["ok", "ok"]


# -- the node -------------------------------------------------------------------------------------------


def test_settings_that_cannot_be_read_are_a_problem(tmp_path: Path) -> None:
    broken = subject(tmp_path, settings=None, settings_trouble="there is no key web.prot")
    assert "web.prot" in only(node_checks.settings(broken)).what
    assert only(node_checks.settings(subject(tmp_path))).condition == "ok"


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_a_data_folder_that_others_may_read_is_a_problem(tmp_path: Path) -> None:
    node = subject(tmp_path / "data")
    assert only(node_checks.data_folder(node)).condition == "ok"
    node.data.keys.chmod(0o750)
    assert "chmod 700" in only(node_checks.data_folder(node)).remedy


@pytest.mark.parametrize(("free", "condition"), [(10**11, "ok"), (10**9, "warning"), (10**8, "problem")])
def test_the_room_on_the_disk(tmp_path: Path, free: int, condition: Condition) -> None:
    node = subject(tmp_path, doors=doors(free=always(free)))
    assert only(node_checks.disk(node)).condition == condition


def test_a_process_that_keeps_failing_is_named_with_its_cause(tmp_path: Path) -> None:
    parked = status(process("web"), process("engine", "parked", "no such model"), ready=False)
    first, second = node_checks.processes(subject(tmp_path, status=parked))
    assert (first.name, first.condition) == ("process engine", "problem")
    assert "no such model" in first.what
    assert second.condition == "warning"


def test_a_node_that_is_ready_and_one_that_does_not_run(tmp_path: Path) -> None:
    assert conditions(node_checks.processes(subject(tmp_path, status=status(process("web"))))) == ["ok"]
    absent = only(node_checks.processes(subject(tmp_path, "web")))
    assert (absent.condition, absent.remedy) == ("warning", "samovar up --role web")


def test_a_port_that_is_taken_is_a_problem_unless_the_node_itself_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = NodeSettings(
            web=WebSettings(port=port), supervisor=SupervisorSettings(link_host="127.0.0.1", link_port=0)
        )
        node = subject(tmp_path, "web", settings=settings)
        assert conditions(node_checks.ports(node)) == ["problem", "ok"]
        running = subject(tmp_path, "web", settings=settings, status=status(process("web")))
        assert conditions(node_checks.ports(running)) == []


# -- a GPU box --------------------------------------------------------------------------------------------


def test_a_box_that_was_never_paired(tmp_path: Path) -> None:
    assert "samovar join" in only(box_checks.link(subject(tmp_path, "gpu"))).remedy
    assert conditions(box_checks.link(subject(tmp_path, "all"))) == []


def test_a_box_that_is_linked_is_not_asked_again(tmp_path: Path) -> None:
    def never(*_: object) -> Handshake:
        raise AssertionError

    linked = status(process("link"), link={"linked": True, "refusal": ""})
    box = subject(tmp_path, "gpu", pairing=PAIRING, status=linked, doors=doors(handshake=never))
    assert only(box_checks.link(box)).what == "linked with chat.example.org:7777 as attic"


def test_a_box_that_is_refused_says_why(tmp_path: Path) -> None:
    refused = status(process("link"), link={"linked": False, "refusal": "version 3 is not served"})
    box = subject(tmp_path, "gpu", pairing=PAIRING, status=refused)
    assert "version 3" in only(box_checks.link(box)).what


@pytest.mark.parametrize(
    ("handshake", "condition", "word"),
    [
        ("welcome", "ok", "tea-lamp-river"),
        ("refused", "problem", "revoked"),
        ("another server", "problem", "not the web node"),
        ("no answer", "problem", "does not answer"),
    ],
)
def test_the_handshake(tmp_path: Path, handshake: Handshake, condition: Condition, word: str) -> None:
    box = subject(tmp_path, "gpu", pairing=PAIRING, doors=doors(handshake=always(handshake)))
    finding = only(box_checks.link(box))
    assert finding.condition == condition
    assert word in finding.what


@pytest.mark.parametrize(
    ("date_s", "found"),
    [(None, []), (1_000_010.0, ["ok"]), (1_000_300.0, ["warning"]), (999_000.0, ["warning"])],
)
def test_clocks_that_disagree(tmp_path: Path, date_s: float | None, found: list[Condition]) -> None:
    box = subject(tmp_path, "gpu", pairing=PAIRING, doors=doors(page=always(Page(date_s=date_s))))
    assert conditions(box_checks.skew(box)) == found


def test_a_card_that_is_not_used_is_told_with_the_reason(tmp_path: Path) -> None:
    slow = status(process("engine"), engine={"engine": "ONNX Runtime", "why": "the self-test failed"})
    slow = msgspec.structs.replace(slow, gpu={"cards": [{"name": "RTX 4070"}]})
    finding = only(box_checks.engine(subject(tmp_path, "gpu", status=slow)))
    assert (finding.condition, finding.remedy) == ("warning", "samovar engine self-test")
    fast = status(process("engine"), engine={"engine": "TensorRT 1.7", "why": "there is a card"})
    assert "self-test passed" in only(box_checks.engine(subject(tmp_path, "gpu", status=fast))).what
    assert conditions(box_checks.engine(subject(tmp_path, "web", status=fast))) == []


def test_a_machine_of_the_web_role_is_not_asked_for_a_card(tmp_path: Path) -> None:
    assert conditions(box_checks.card(subject(tmp_path, "web"))) == []
    assert len(conditions(box_checks.card(subject(tmp_path, "gpu")))) >= 1


# -- Windows ----------------------------------------------------------------------------------------------

POWERCFG = """\
Power Setting GUID: 29f6c1db-86da-48c5-9fdb-f2b67b1f44da  (Sleep after)
  Minimum Possible Setting: 0x00000000
  Maximum Possible Setting: 0xffffffff
  Possible Settings increment: 0x00000001
  Possible Settings units: Seconds
Current AC Power Setting Index: 0x{ac:08x}
Current DC Power Setting Index: 0x00000384
"""


@pytest.mark.parametrize(("seconds", "condition"), [(0, "ok"), (1800, "warning")])
def test_a_pc_that_goes_to_sleep_is_no_box(tmp_path: Path, seconds: int, condition: Condition) -> None:
    pc = doors(system="win32", ask=programs(powercfg=POWERCFG.format(ac=seconds)))
    finding = only(windows_checks.sleep(subject(tmp_path, "gpu", doors=pc)))
    assert finding.condition == condition
    assert ("30 minutes" in finding.what) == (seconds == 1800)


def test_a_powercfg_that_says_nothing_is_a_warning(tmp_path: Path) -> None:
    pc = doors(system="win32")
    assert only(windows_checks.sleep(subject(tmp_path, "gpu", doors=pc))).condition == "warning"


@pytest.mark.parametrize(
    ("xml", "condition"),
    [
        ("<Task><Settings><Enabled>true</Enabled></Settings></Task>", "ok"),
        ("<Task><Settings><Enabled>false</Enabled></Settings></Task>", "warning"),
        (None, "warning"),
    ],
)
def test_the_scheduled_task(tmp_path: Path, xml: str | None, condition: Condition) -> None:
    ask = programs(schtasks=xml) if xml else programs()
    finding = only(windows_checks.task(subject(tmp_path, "gpu", doors=doors(system="win32", ask=ask))))
    assert finding.condition == condition


def test_linux_is_not_asked_for_what_windows_has(tmp_path: Path) -> None:
    linux = subject(tmp_path, "gpu")
    assert conditions(windows_checks.task(linux)) + conditions(windows_checks.sleep(linux)) == []


# -- a server -----------------------------------------------------------------------------------------------


def installed_server(root: Path, *, caddy: bool) -> Places:
    places = Places(root)
    for file in (places.unit, *((places.site,) if caddy else ())):
        file.parent.mkdir(parents=True)
        file.touch()
    return places


def systemctl(enabled: str, active: str) -> Callable[..., Answer]:
    def ask(*argv: str | Path) -> Answer:
        said = enabled if argv[1] == "is-enabled" else active
        return Answer(0 if said in {"enabled", "active"} else 3, f"{said}\n")

    return ask


@pytest.mark.parametrize(
    ("enabled", "active", "found"),
    [
        ("enabled", "active", ["ok", "ok"]),
        ("disabled", "active", ["warning", "ok"]),
        ("enabled", "failed", ["ok", "problem"]),
        ("", "", ["warning", "problem"]),
    ],
)
def test_the_service_and_caddy(tmp_path: Path, enabled: str, active: str, found: list[Condition]) -> None:
    places = installed_server(tmp_path / "server", caddy=True)
    server = subject(tmp_path, "web", doors=doors(places=places, ask=systemctl(enabled, active)))
    assert conditions(server_checks.service(server)) == found


def test_a_server_with_another_proxy_is_not_asked_for_caddy(tmp_path: Path) -> None:
    places = installed_server(tmp_path / "server", caddy=False)
    server = subject(tmp_path, "web", doors=doors(places=places, ask=systemctl("enabled", "")))
    assert conditions(server_checks.service(server)) == ["ok"]


def test_where_install_sh_has_not_been_there_is_no_service(tmp_path: Path) -> None:
    assert (
        conditions(server_checks.service(subject(tmp_path, "web", doors=doors(places=Places(tmp_path)))))
        == []
    )


PUBLIC = NodeSettings(web=WebSettings(hosts=("chat.example.org",), behind_proxy=True))


@pytest.mark.parametrize(
    ("page", "condition"),
    [
        (Page(date_s=1.0), "ok"),
        (Page(trouble="self-signed", untrusted=True), "warning"),
        (Page(trouble="Connection refused"), "problem"),
    ],
)
def test_the_way_of_a_browser(tmp_path: Path, page: Page, condition: Condition) -> None:
    server = subject(tmp_path, "web", settings=PUBLIC, doors=doors(page=always(page)))
    assert only(server_checks.site(server)).condition == condition


def test_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    server = subject(tmp_path, "web", settings=PUBLIC, doors=doors(addresses=always([])))
    assert only(server_checks.site(server)).name == "name"


def test_a_node_on_loopback_has_no_site_to_be_looked_at(tmp_path: Path) -> None:
    assert conditions(server_checks.site(subject(tmp_path, "web"))) == []
