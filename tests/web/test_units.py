"""Small pure parts: throttles, peers, codes, passwords, the pace of events."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.codes import ALPHABET, SetupCode
from web.pacer import Pacer
from web.passwords import LANES, MEMORY_KIB, NOBODY, PASSES, Passwords, TooManyPasswordsError, is_password
from web.peer import Peer, peer_of
from web.throttle import Bucket, Throttle

# -- throttles ----------------------------------------------------------------------------------


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    bucket = Bucket(burst=3, per_s=2, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(0.5)  # the debt of the refused one is paid first
    assert bucket.take(2.0)


def test_a_bucket_is_deep_in_debt_after_a_burst_too_many() -> None:
    bucket = Bucket(burst=3, per_s=1, now=0.0)
    for _ in range(5):
        bucket.take(0.0)
    assert not bucket.deep_in_debt
    bucket.take(0.0)
    assert bucket.deep_in_debt


@given(st.lists(st.floats(0, 10), max_size=50))
def test_a_bucket_never_gives_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    bucket = Bucket(burst=5, per_s=2, now=0.0)
    now, given_away = 0.0, 0
    for pause in pauses:
        now += pause
        given_away += bucket.take(now)
    assert given_away <= 5 + 2 * now + 1e-6


def test_a_throttle_counts_each_key_by_itself_and_waits_for_nobody_twice() -> None:
    throttle = Throttle(burst=2, per_s=1)
    assert [throttle.take("a", 0.0) for _ in range(4)] == [True, True, False, False]
    assert throttle.take("b", 0.0)
    assert throttle.take("a", 1.0)  # a refused try costs nothing


def test_what_did_no_harm_is_given_back() -> None:
    throttle = Throttle(burst=1, per_s=0.001)
    for _ in range(5):
        assert throttle.take("a", 0.0)
        throttle.give_back("a")
    throttle.give_back("a")
    assert throttle.take("a", 0.0)
    assert not throttle.take("a", 0.0)


def test_a_flood_of_keys_takes_bounded_memory() -> None:
    throttle = Throttle(burst=1, per_s=1, keys=100)
    for number in range(1_000):
        throttle.take(str(number), 0.0)
    assert len(throttle.buckets) == 100


# -- peers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "forwarded", "behind_proxy", "peer"),
    [
        ("127.0.0.1", [], False, Peer("127.0.0.1", loopback=True, here=True)),
        ("127.9.9.9", [], False, Peer("127.9.9.9", loopback=True, here=True)),
        ("::1", [], False, Peer("::1", loopback=True, here=True)),
        ("::ffff:127.0.0.1", [], False, Peer("127.0.0.1", loopback=True, here=True)),
        ("10.0.0.2", [], False, Peer("10.0.0.2", loopback=False, here=False)),
        ("10.0.0.2", ["127.0.0.1"], False, Peer("10.0.0.2", loopback=False, here=False)),
        ("127.0.0.1", ["8.8.8.8"], False, Peer("127.0.0.1", loopback=False, here=False)),
        ("127.0.0.1", [], True, Peer("127.0.0.1", loopback=True, here=False)),
        ("127.0.0.1", ["8.8.8.8"], True, Peer("8.8.8.8", loopback=False, here=False)),
        ("127.0.0.1", ["127.0.0.1, 8.8.8.8"], True, Peer("8.8.8.8", loopback=False, here=False)),
        ("127.0.0.1", ["1.1.1.1", "127.0.0.1, 8.8.8.8"], True, Peer("8.8.8.8", loopback=False, here=False)),
        ("127.0.0.1", ["8.8.8.8, 127.0.0.1"], True, Peer("127.0.0.1", loopback=False, here=False)),
        ("127.0.0.1", ["nonsense"], True, Peer("127.0.0.1", loopback=False, here=False)),
        ("", [], False, Peer("", loopback=False, here=False)),
    ],
)
def test_a_peer_is_judged_by_its_connection(
    client: str, forwarded: list[str], behind_proxy: bool, peer: Peer
) -> None:
    assert peer_of(client, forwarded, behind_proxy=behind_proxy) == peer


def test_an_ipv6_household_counts_as_one() -> None:
    one = Peer("2001:db8:1:2:3::4", loopback=False, here=False)
    other = Peer("2001:db8:1:2:ffff::1", loopback=False, here=False)
    elsewhere = Peer("2001:db8:1:3::4", loopback=False, here=False)
    assert one.network == other.network != elsewhere.network


# -- the one-time code --------------------------------------------------------------------------


def test_a_code_is_right_however_it_is_typed_and_wrong_otherwise() -> None:
    shown: list[str] = []
    code = SetupCode(5, shown.append)
    assert not code.is_right("")
    code.renew()
    assert set(shown[0].replace("-", "")) <= set(ALPHABET)
    for typed in (shown[0], shown[0].lower(), f" {shown[0].replace('-', ' ')} ", shown[0].replace("-", "")):
        assert code.is_right(typed)
    assert not code.is_right(shown[0][:-1])
    assert not code.is_right("é" * 10)


def test_a_burnt_code_opens_nothing() -> None:
    shown: list[str] = []
    code = SetupCode(5, shown.append)
    code.renew()
    code.burn()
    assert not code.is_right(shown[0])
    assert not code.is_right("")


def test_codes_differ() -> None:
    shown: list[str] = []
    code = SetupCode(5, shown.append)
    for _ in range(50):
        code.renew()
    assert len(set(shown)) == 50


# -- passwords ----------------------------------------------------------------------------------


def test_a_password_is_stored_as_argon2id_with_its_parameters_and_a_salt_of_its_own() -> None:
    async def test() -> None:
        passwords = Passwords(2, 4)
        one, other = await asyncio.gather(passwords.hash("jam"), passwords.hash("jam"))
        assert one.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")
        assert one != other
        assert await passwords.check("jam", one)
        assert not await passwords.check("Jam", one)
        assert not await passwords.check("jam", "")
        passwords.close()

    asyncio.run(test())


def test_the_hash_of_nobody_costs_what_a_real_one_costs_and_fits_no_password() -> None:
    assert NOBODY.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")
    assert not is_password("", NOBODY)


def test_no_more_passwords_wait_than_the_settings_allow() -> None:
    async def test() -> None:
        passwords = Passwords(1, 1)
        first = asyncio.create_task(passwords.hash("a"))
        second = asyncio.create_task(passwords.hash("b"))
        await asyncio.sleep(0)
        with pytest.raises(TooManyPasswordsError):
            await passwords.hash("c")
        await asyncio.gather(first, second)
        assert await passwords.hash("d")
        passwords.close()

    asyncio.run(test())


# -- pace ---------------------------------------------------------------------------------------


def test_a_pacer_runs_the_first_at_once_and_the_newest_after_the_pause() -> None:
    async def test() -> None:
        pacer, ran, done = Pacer(0.01), list[int](), asyncio.Event()

        def last() -> None:
            ran.append(3)
            done.set()

        pacer.run(lambda: ran.append(1))
        assert ran == [1]
        pacer.run(lambda: ran.append(2))
        pacer.run(last)
        await done.wait()
        assert ran == [1, 3]
        pacer.cancel()

    asyncio.run(test())


def test_a_pacer_that_is_cancelled_runs_nothing_more() -> None:
    async def test() -> None:
        pacer, ran = Pacer(0.0), list[int]()
        pacer.run(lambda: ran.append(1))
        pacer.run(lambda: ran.append(2))
        pacer.cancel()
        after = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, after.set)
        await after.wait()
        assert ran == [1]

    asyncio.run(test())
