"""The built user interface."""

import asyncio
from pathlib import Path

import pytest

from tests.web.site import Site, run_at


def test_files_with_a_hash_in_their_name_are_kept_for_ever_and_the_page_never(ui: Path) -> None:
    async def test(site: Site) -> None:
        script = await site.call("GET", "/assets/index-4f2a.js")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        for path in ("/", "/index.html", "/chat/0190", "/login"):
            page = await site.call("GET", path)
            assert b"<title>Samovar</title>" in page.body
            assert page.headers["cache-control"] == "no-cache"
            assert page.headers["content-type"] == "text/html; charset=utf-8"
        manifest = await site.call("GET", "/manifest.webmanifest")
        assert manifest.headers["content-type"] == "application/manifest+json"

    run_at(ui, test)


def test_a_page_that_did_not_change_is_not_sent_again(ui: Path) -> None:
    async def test(site: Site) -> None:
        tag = (await site.call("GET", "/")).headers["etag"]
        again = await site.call("GET", "/", headers={"If-None-Match": tag})
        assert (again.status, again.body) == (304, b"")
        await asyncio.to_thread((ui / "index.html").write_text, "another build")
        assert (await site.call("GET", "/", headers={"If-None-Match": tag})).body == b"another build"

    run_at(ui, test)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/assets/missing-0000.js",
        "/favicon.ico",
    ],
)
def test_nothing_outside_of_the_folder_is_served(ui: Path, path: str) -> None:
    async def test(site: Site) -> None:
        answer = await site.call("GET", path)
        assert answer.status == 404
        assert b"not for the web" not in answer.body

    run_at(ui, test)


def test_without_a_built_interface_the_page_says_what_to_do(ui: Path) -> None:
    (ui / "index.html").unlink()

    async def test(site: Site) -> None:
        answer = await site.call("GET", "/")
        assert answer.status == 503
        assert b"python3 -m deploy setup" in answer.body

    run_at(ui, test)
