"""REST of the owner: an offer that a box can use, and the list as the pages show it."""

import asyncio
from pathlib import Path

import pytest

from actors.wire.join_string import read_join_string
from actors.wire.keys import new_key_pair
from gpu_actor.join import StringOverError, join
from tests.web.site import Site, run_at
from web.join_addresses import BadAddressError, join_addresses, with_port


def test_a_box_joins_with_the_string_is_renamed_and_revoked(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Anna", "owner")
        offer = (await site.call("POST", "/api/boxes/offer", {}, owner)).json
        invitation = read_join_string(offer["join"])
        assert list(invitation.addresses) == offer["addresses"] == [f"127.0.0.1:{site.boxes.listener.port}"]
        assert all(len(row) == len(offer["qr"]) for row in offer["qr"])
        await asyncio.to_thread(join, invitation, new_key_pair(), "Attic", "1.2", 10.0)
        listed = (await site.call("GET", "/api/boxes", None, owner)).json
        (box,) = listed["boxes"]
        assert (box["id"], box["name"], box["own"], box["revoked_ms"]) == ("attic", "Attic", False, 0)
        assert listed["offer"]["joined"] == box
        assert listed["loopback"] is True

        assert (await site.call("PATCH", "/api/boxes/attic", {"name": "Roof"}, owner)).status == 204
        assert (await site.call("PATCH", "/api/boxes/attic", {"name": " "}, owner)).status == 400
        assert (await site.call("PATCH", "/api/boxes/cellar", {"name": "x"}, owner)).status == 404
        assert (await site.call("DELETE", "/api/boxes/Roof", None, owner)).status == 204
        assert (await site.call("DELETE", "/api/boxes/Roof", None, owner)).status == 404
        (box,) = (await site.call("GET", "/api/boxes", None, owner)).json["boxes"]
        assert box["name"] == "Roof"
        assert box["revoked_ms"] > 0

    run_at(ui, test)


def test_an_offer_for_another_address_and_its_withdrawal(ui: Path) -> None:
    async def test(site: Site) -> None:
        owner = await site.person("Anna", "owner")
        bad = await site.call("POST", "/api/boxes/offer", {"address": "not an address"}, owner)
        assert (bad.status, bad.json["code"]) == (400, "address")
        asked = {"address": f"localhost:{site.boxes.listener.port}"}
        offer = (await site.call("POST", "/api/boxes/offer", asked, owner)).json
        assert offer["addresses"] == [asked["address"]]
        assert (await site.call("DELETE", "/api/boxes/offer", None, owner)).status == 204
        with pytest.raises(StringOverError):
            await asyncio.to_thread(
                join, read_join_string(offer["join"]), new_key_pair(), "Attic", "1.2", 10.0
            )

    run_at(ui, test)


def test_the_addresses_of_a_join_string() -> None:
    assert join_addresses("127.0.0.1", 7, (), ("chat.example.org",)) == ["127.0.0.1:7"]
    assert join_addresses("::1", 7, (), ()) == ["[::1]:7"]
    assert join_addresses("0.0.0.0", 7, ("vds", "10.0.0.1:9"), ("chat.example.org",)) == [
        "vds:7",
        "10.0.0.1:9",
    ]
    found = join_addresses("0.0.0.0", 7, (), ("localhost", "chat.example.org", "other.example.org"))
    assert found[0] == "chat.example.org:7"
    assert "other.example.org:7" not in found


@pytest.mark.parametrize("text", ["", "a b", "host:0", "host:70000", "host:", ":7", "http://host", "a:1:2"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddressError):
        with_port(text, 7)
