"""The texts that the installer writes, and what it makes of its command line."""

import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.troubles import DiskFull, MistakeInTheCall, NotThisMachine
from deploy.vds.caddy import site_text, with_import, without_import
from deploy.vds.checks import Server, check
from deploy.vds.options import read_options
from deploy.vds.places import Places
from deploy.vds.settings import get, with_key
from deploy.vds.unit import command_text, unit_text
from tests.deploy.places import ROOT
from tests.faults.split_node import RESTART_S

GOOD = Server("debian ", "Debian 12", is_root=True, has_systemd=True, python=(3, 11), free_bytes=10**10)


# -- the unit -------------------------------------------------------------------------------------------


def test_the_service_may_write_its_data_and_nothing_else() -> None:
    unit = unit_text(Places())
    for line in ("User=samovar", "ProtectSystem=strict", "StateDirectory=samovar", "CapabilityBoundingSet="):
        assert f"\n{line}\n" in unit
    assert "ReadWritePaths" not in unit


def test_the_service_comes_back_whatever_ends_it() -> None:
    unit = unit_text(Places())
    assert "\nRestart=always\n" in unit
    assert f"\nRestartSec={1000 * RESTART_S:.0f}ms\n" in unit  # what the fault bench measures with
    assert "\nStartLimitIntervalSec=0\n" in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_the_unit_and_calls_it_safe(tmp_path: Path) -> None:
    unit = tmp_path / "samovar.service"
    # A program that is there: else systemd complains of that alone.
    unit.write_text(re.sub("^ExecStart=.*", "ExecStart=/bin/true", unit_text(Places()), flags=re.MULTILINE))
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, timeout=50
    )
    assert "samovar.service:" not in verified.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert judged.returncode == 0, judged.stdout[-400:]


def shellcheck(file: Path) -> None:
    if shutil.which("shellcheck") is None:
        subprocess.run(["sh", "-n", file], check=True)
        return
    done = subprocess.run(["shellcheck", file], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
def test_the_scripts_are_sound(tmp_path: Path) -> None:
    shellcheck(ROOT / "deploy" / "vds" / "install.sh")
    command = tmp_path / "samovar"
    command.write_text(command_text(Places()))
    shellcheck(command)


def test_without_a_wheel_beside_it_the_script_says_so(tmp_path: Path) -> None:
    script = shutil.copy(ROOT / "deploy" / "vds" / "install.sh", tmp_path)
    done = subprocess.run(["sh", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no wheel" in done.stderr
    assert done.stderr.count("\n") == 1


# -- Caddy ----------------------------------------------------------------------------------------------


def test_the_site_goes_to_the_node_and_compresses_the_page_alone() -> None:
    site = site_text("chat.example.org", 8080, "public")
    assert "reverse_proxy 127.0.0.1:8080" in site
    assert "tls" not in site
    assert "/api" not in site.partition("@page")[2].partition("\n")[0]
    assert "\ttls internal\n" in site_text("chat.example.org", 8080, "internal")


@pytest.mark.parametrize("before", ["", ":80 {\n}\n", ":80 {\n}", ":80 {\n}\n\n"])
def test_the_line_in_the_caddyfile_comes_once_and_goes_again(before: str) -> None:
    once = with_import(before)
    assert once.count("import sites/*.caddy") == 1
    assert with_import(once) == once
    assert without_import(once).rstrip("\n") == before.rstrip("\n")


def test_a_caddyfile_without_our_line_is_left_as_it_is() -> None:
    assert without_import(":80 {\n}\n\n\n") == ":80 {\n}\n\n\n"


# -- the settings ---------------------------------------------------------------------------------------

FILE = """\
# Settings
[web]
# host = "127.0.0.1"  # address to listen on
port = 8080  # mine
# hosts = []  # names

[session]
# preset = "balanced"
"""


def test_a_commented_default_becomes_the_value_and_keeps_its_remark() -> None:
    text = with_key(FILE, "web", "hosts", ["a.example.org"])
    assert 'hosts = ["a.example.org"]  # names\n' in text
    assert text.count("\n") == FILE.count("\n")


def test_a_value_that_is_set_is_replaced() -> None:
    text = with_key(FILE, "web", "port", 9000)
    assert "port = 9000  # mine\n" in text
    assert get(text, "web", "port") == 9000


def test_a_key_that_is_not_there_goes_to_its_section() -> None:
    text = with_key(FILE, "web", "behind_proxy", value=True)
    assert tomllib.loads(text) == {"web": {"port": 8080, "behind_proxy": True}, "session": {}}


def test_a_section_that_is_not_there_is_made() -> None:
    text = with_key(with_key("", "web", "port", 1), "supervisor", "link_port", 2)
    assert tomllib.loads(text) == {"web": {"port": 1}, "supervisor": {"link_port": 2}}


def test_what_is_set_already_changes_nothing() -> None:
    text = with_key(FILE, "web", "port", 8080)
    assert text == FILE


def test_the_node_reads_what_the_installer_wrote(tmp_path: Path) -> None:
    from supervisor.settings_file import default_text, read_settings  # noqa: PLC0415

    file = tmp_path / "samovar.toml"
    text = with_key(default_text(), "web", "hosts", ["a.example.org"])
    text = with_key(text, "web", "behind_proxy", value=True)
    text = with_key(text, "supervisor", "link_port", 7777)
    file.write_text(text)
    settings = read_settings(file, {})
    assert settings.web.hosts == ("a.example.org",)
    assert settings.web.behind_proxy
    assert settings.supervisor.link_port == 7777


# -- what is asked for, and of which machine ---------------------------------------------------------------


def test_a_name_is_taken_as_the_dns_takes_it() -> None:
    assert read_options(["--domain", "Chat.Example.ORG."]).domain == "chat.example.org"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--domain", "localhost"],
        ["--domain", "chat.example.org {"],
        ["--domain", "192.0.2.1"],
        ["--port", "80"],
        ["--purge"],
        ["--certificate", "mine"],
        ["--ponies"],
    ],
)
def test_a_mistaken_call_is_one_line(arguments: list[str]) -> None:
    with pytest.raises(MistakeInTheCall) as caught:
        read_options(arguments)
    assert "\n" not in str(caught.value)


def test_two_services_do_not_share_a_port() -> None:
    with pytest.raises(MistakeInTheCall, match="differ"):
        read_options(["--domain", "a.example.org", "--port", "7777"]).shape(None)


def test_the_systems_that_are_known() -> None:
    check(GOOD)
    check(replace(GOOD, system="ubuntu debian"))
    check(replace(GOOD, system="linuxmint ubuntu debian"))


@pytest.mark.parametrize(
    ("server", "word"),
    [
        (replace(GOOD, is_root=False), "root"),
        (replace(GOOD, system="fedora ", name="Fedora 44"), "Fedora 44"),
        (replace(GOOD, python=(3, 10)), "3.10"),
        (replace(GOOD, has_systemd=False), "systemd"),
    ],
)
def test_another_machine_is_refused_with_what_is_missing(server: Server, word: str) -> None:
    with pytest.raises(NotThisMachine, match=re.escape(word)):
        check(server)


def test_a_full_disk_is_seen_beforehand() -> None:
    with pytest.raises(DiskFull):
        check(replace(GOOD, free_bytes=10**8))
