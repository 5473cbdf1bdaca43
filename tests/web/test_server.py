"""Listening, and what is refused before it; stopping."""

import asyncio
import signal
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Origin
from websockets.uri import parse_uri

from actors.host import CannotServeError
from tests.web.site import SETTINGS, Page, Site, run_at
from web.protocol.frames import Greeting, Welcome
from web.server import (
    AddressTakenError,
    NoPublicNameError,
    Server,
    TlsFilesError,
    UnsafeAddressError,
    check_address,
    listen,
    text_frame,
)
from web.settings import WebSettings


@pytest.mark.parametrize(
    "settings",
    [
        WebSettings(),
        WebSettings(host="localhost"),
        WebSettings(host="::1"),
        WebSettings(host="127.0.0.5"),
        WebSettings(behind_proxy=True, hosts=("chat.example.org",)),
        WebSettings(host="10.0.0.2", behind_proxy=True, hosts=("chat.example.org",)),
        WebSettings(host="0.0.0.0", tls_certificate="c", tls_key="k", hosts=("chat.example.org",)),
        WebSettings(host="10.0.0.2", tls_certificate="c", tls_key="k"),
    ],
)
def test_safe_ways_to_listen_are_let_pass(settings: WebSettings) -> None:
    check_address(settings)


@pytest.mark.parametrize(
    ("settings", "error", "word"),
    [
        (WebSettings(host="0.0.0.0"), UnsafeAddressError, "tls_certificate"),
        (WebSettings(host="::"), UnsafeAddressError, "behind_proxy"),
        (WebSettings(host="10.0.0.2", hosts=("a",)), UnsafeAddressError, "10.0.0.2"),
        (WebSettings(host="box.example.org"), UnsafeAddressError, "127.0.0.1"),
        (WebSettings(behind_proxy=True), NoPublicNameError, "hosts"),
        (WebSettings(host="0.0.0.0", tls_certificate="c", tls_key="k"), NoPublicNameError, "hosts"),
        (WebSettings(tls_certificate="c"), TlsFilesError, "tls_key"),
        (WebSettings(tls_key="k"), TlsFilesError, "tls_certificate"),
    ],
)
def test_unsafe_ways_to_listen_are_refused_in_one_line_that_says_what_to_do(
    settings: WebSettings, error: type[CannotServeError], word: str
) -> None:
    with pytest.raises(error) as refused:
        check_address(settings)
    assert word in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_port_that_is_taken_is_said_so(ui: Path) -> None:
    async def test(site: Site) -> None:
        taken = replace(SETTINGS, port=site.server.port)
        with pytest.raises(AddressTakenError, match=str(site.server.port)):
            await Server(site.server.app, site.edge.sockets, taken).start()

    run_at(ui, test)


def test_events_are_never_held_back_by_nagle() -> None:
    """asyncio sets TCP_NODELAY only on sockets whose protocol is named."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP


def test_the_server_leaves_signals_alone(ui: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    async def test(site: Site) -> None:
        assert signal.getsignal(signal.SIGTERM) == before[0]

    run_at(ui, test)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_stop_waits_for_no_connection_that_hangs(ui: Path) -> None:
    async def test(site: Site) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(b"GET / HT")
        await writer.drain()
        async with site.dial(await site.person("Anna")):
            await site.server.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", site.server.port)
        assert await reader.read() == b""
        writer.close()

    run_at(ui, test)


def test_an_edge_that_comes_back_knows_its_logins(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        boots: list[str] = []
        for _ in range(2):
            async with site.page(cookie) as page:
                boots.append((await page.until(Welcome)).boot)
            await site.restart()
        assert boots[0] != boots[1]

    run_at(ui, test)


# -- TLS ----------------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "cert.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


def test_with_a_certificate_it_speaks_https_and_wss_alone(ui: Path, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)

    async def test(site: Site) -> None:
        trusting = ssl.create_default_context(cafile=str(pem))
        headers = {"Cookie": await site.person("Anna")}
        url = f"wss://{site.host}/ws"
        origin = Origin(f"https://{site.host}")
        async with connect(url, ssl=trusting, origin=origin, additional_headers=headers, proxy=None) as raw:
            page = Page(raw)
            await page.say(Greeting(1))
            await page.until(Welcome)
        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(f"GET / HTTP/1.1\r\nHost: {site.host}\r\n\r\n".encode())
        assert b"HTTP" not in await reader.read()
        writer.close()

    run_at(ui, test, replace(SETTINGS, tls_certificate=str(pem), tls_key=str(key)))


def test_a_certificate_that_cannot_be_read_is_said_so(ui: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")

    async def test(site: Site) -> None:
        for path in (broken, tmp_path / "missing.pem"):
            settings = replace(SETTINGS, tls_certificate=str(path), tls_key=str(path))
            with pytest.raises(TlsFilesError, match="tls_certificate"):
                await Server(site.server.app, site.edge.sockets, settings).start()

    run_at(ui, test)


# -- frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_frame_is_one_that_a_client_takes_as_a_whole_text(size: int) -> None:
    client = ClientProtocol(parse_uri("ws://x/"), state=State.OPEN, max_size=None)
    data = b"t" * size
    client.receive_data(text_frame(data))
    assert client.events_received() == [Frame(Opcode.TEXT, data, fin=True)]
