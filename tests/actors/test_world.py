"""Clock, ids and seeds of this machine; the spelling of addresses."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actors import addresses
from actors.world import RealWorld, uuid7


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_holds_its_time_and_says_its_version(utc_ms: int, random: bytes) -> None:
    made = uuid7(utc_ms, random)
    assert made.int >> 80 == utc_ms
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_an_id_keeps_the_random_bits_beside_version_and_variant() -> None:
    assert uuid7(0, b"\xff" * 10) == UUID("00000000-0000-7fff-bfff-ffffffffffff")
    assert uuid7(2**48 - 1, bytes(10)) == UUID("ffffffff-ffff-7000-8000-000000000000")


def test_the_real_world_makes_different_ids_and_seeds_within_their_range() -> None:
    world = RealWorld()
    assert len({world.new_id() for _ in range(100)}) == 100
    seeds = {world.new_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_deadlines_are_of_a_clock_that_never_goes_back_and_rows_of_the_calendar() -> None:
    world = RealWorld()
    before = world.monotonic_s()
    assert before <= world.monotonic_s()
    assert world.utc_ms() > 1_600_000_000_000  # September 2020


def test_an_address_is_its_kind_and_its_key() -> None:
    session = addresses.session(UUID(int=1))
    assert (addresses.kind(session), addresses.key(session)) == ("session", UUID(int=1).hex)
    assert (addresses.kind(addresses.QUEUE), addresses.key(addresses.QUEUE)) == ("queue", "")
    assert addresses.worker("box") == "worker/box"
    assert addresses.socket("1") == "sockets/1"
    assert addresses.character(UUID(int=2)) == f"character/{UUID(int=2).hex}"
