import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from deploy.port import address_of, check_port, data_folder, option
from deploy.troubles import MistakeInTheCall, PortTaken
from supervisor.data_folder import default_data_folder


def test_a_port_that_somebody_listens_on_is_refused_with_another_to_take() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            check_port("127.0.0.1", port)
    assert f"port {port} is taken" in str(caught.value)
    assert "--port " in str(caught.value)


def test_a_port_that_was_left_is_free_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as left:
        port = left.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            left.accept()[0].close()  # the end that closes first stays in TIME_WAIT
            client.recv(1)
    check_port("127.0.0.1", port)


def test_port_0_is_always_free() -> None:
    check_port("127.0.0.1", 0)


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(PortTaken, match=r"cannot listen on 192\.0\.2\.1 port 8080"):
        check_port("192.0.2.1", 8080)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], None),
        (["--port", "9000"], "9000"),
        (["--port=9000"], "9000"),
        (["--port", "9000", "--port=9001"], "9001"),
        (["--port"], None),
        (["--portal", "9000"], None),
    ],
)
def test_an_option_is_found_in_both_spellings_and_the_last_one_holds(
    arguments: Sequence[str], expected: str | None
) -> None:
    assert option(arguments, "--port") == expected


@pytest.mark.parametrize(
    ("arguments", "environ", "settings", "expected"),
    [
        ([], {}, "", ("127.0.0.1", 8080)),
        ([], {}, "[web]\nport = 9000\nhost = '::1'\n", ("::1", 9000)),
        ([], {"SAMOVAR_WEB_PORT": "9001"}, "[web]\nport = 9000\n", ("127.0.0.1", 9001)),
        (["--port", "9002"], {"SAMOVAR_WEB_PORT": "9001"}, "[web]\nport = 9000\n", ("127.0.0.1", 9002)),
        (["--role", "web"], {}, "", ("127.0.0.1", 8080)),
        (["--role", "gpu"], {}, "", None),
        ([], {}, "this is not TOML", ("127.0.0.1", 8080)),
        ([], {}, "web = 3", ("127.0.0.1", 8080)),
    ],
)
def test_the_port_is_the_one_that_up_will_take(
    tmp_path: Path,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    settings: str,
    expected: tuple[str, int] | None,
) -> None:
    (tmp_path / "samovar.toml").write_text(settings)
    assert address_of(arguments, environ, tmp_path) == expected


@pytest.mark.parametrize("port", ["http", "70000", "-1", ""])
def test_a_port_that_is_none_is_a_mistake_in_the_call(tmp_path: Path, port: str) -> None:
    arguments = [f"--port={port}"] if port else ["--port", "x"]
    with pytest.raises(MistakeInTheCall, match="from 0 to 65535"):
        address_of(arguments, {}, tmp_path)


@pytest.mark.parametrize("environ", [{}, {"XDG_DATA_HOME": "/big/data"}, {"XDG_DATA_HOME": "relative"}])
def test_the_data_folder_is_the_one_that_the_supervisor_takes(environ: Mapping[str, str]) -> None:
    expected = default_data_folder(environ, sys.platform)
    assert data_folder([], environ, sys.platform, Path.home()) == expected
    windows = {"LOCALAPPDATA": "local"}
    assert data_folder([], windows, "win32", Path.home()) == default_data_folder(windows, "win32")


def test_the_data_folder_can_be_chosen(tmp_path: Path) -> None:
    assert data_folder(["--data", "here"], {"SAMOVAR_DATA": "there"}, "linux", tmp_path) == Path("here")
    assert data_folder([], {"SAMOVAR_DATA": "there"}, "linux", tmp_path) == Path("there")
