"""The first visit, logins and logouts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.web.site import SETTINGS, TOKEN, Answer, Site, run_at
from web.accounts import NAME_LIMIT, clean_name, hash_token
from web.accounts import OWNER as OWNER_ID
from web.peer import Peer
from web.protocol.frames import Welcome
from web.refusal import RefusedError
from web.requests import COOKIE

OWNER = {"name": "Olga", "password": "samovar and jam"}
PROXIED = replace(SETTINGS, behind_proxy=True, hosts=("chat.example.org",))
THROUGH_PROXY: dict[str, str | None] = {
    "Host": "chat.example.org",
    "Origin": "https://chat.example.org",
    "X-Forwarded-For": "203.0.113.7",
}


async def first_visit(site: Site) -> Answer:
    answer = await site.call("POST", "/api/setup", OWNER)
    assert answer.status == 200, answer.body
    return answer


# -- the first visit ----------------------------------------------------------------------------


def test_the_first_visit_makes_the_owner_and_logs_them_in(ui: Path) -> None:
    async def test(site: Site) -> None:
        before = (await site.call("GET", "/api/me")).json
        assert (before["setup_needed"], before["code_needed"], before["user"]) == (True, False, None)
        answer = await first_visit(site)
        assert (answer.json["user_name"], answer.json["role"], answer.json["setup_needed"]) == (
            "Olga",
            "owner",
            False,
        )
        me = (await site.call("GET", "/api/me", cookie=answer.cookie)).json
        assert me["user_name"] == "Olga"
        assert (await site.call("GET", "/api/me")).json["setup_needed"] is False

    run_at(ui, test)


def test_there_is_only_one_first_visit_however_many_come_at_once(ui: Path) -> None:
    async def test(site: Site) -> None:
        visits = [{"name": f"Olga {number}", "password": "samovar and jam"} for number in range(6)]
        answers = await asyncio.gather(*[site.call("POST", "/api/setup", visit) for visit in visits])
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409, 409]
        owners = [account for account in site.disk.accounts.values() if account.role == "owner"]
        winner = next(answer for answer in answers if answer.status == 200)
        assert [owner.name for owner in owners] == [winner.json["user_name"]]
        assert all("set-cookie" not in answer.headers for answer in answers if answer is not winner)

    run_at(ui, test, storage_s=0.01)


def test_a_second_first_visit_is_refused(ui: Path) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        answer = await site.call("POST", "/api/setup", {"name": "Eve", "password": "samovar and jam"})
        assert (answer.status, answer.json["code"]) == (409, "setup_over")

    run_at(ui, test)


@pytest.mark.parametrize(
    ("visit", "code"),
    [
        ({"name": "", "password": "samovar and jam"}, "name"),
        ({"name": "   ", "password": "samovar and jam"}, "name"),
        ({"name": "a" * 65, "password": "samovar and jam"}, "name"),
        ({"name": "Ol\u202ega", "password": "samovar and jam"}, "name"),
        ({"name": "Local", "password": "samovar and jam"}, "name_taken"),
        ({"name": "Olga", "password": "short"}, "password"),
        ({"name": "Olga", "password": "x" * 257}, "password"),
        ({"name": "Olga"}, "bad_request"),
        ({"name": "Olga", "password": 12345678}, "bad_request"),
        ({"name": "Olga", "password": "samovar and jam", "role": "owner"}, "bad_request"),
    ],
)
def test_a_name_or_password_that_will_not_do_is_refused_in_words(
    ui: Path, visit: dict[str, Any], code: str
) -> None:
    async def test(site: Site) -> None:
        answer = await site.call("POST", "/api/setup", visit)
        assert (answer.status, answer.json["code"]) == (400, code)
        assert (await site.call("GET", "/api/me")).json["setup_needed"] is True

    run_at(ui, test)


def test_a_refusal_says_the_number_that_it_is_about(ui: Path) -> None:
    async def test(site: Site) -> None:
        short = await site.call("POST", "/api/setup", {"name": "Olga", "password": "short"})
        assert (short.json["code"], short.json["limit"]) == ("password", SETTINGS.password_min)
        nameless = await site.call("POST", "/api/setup", {"name": "", "password": "samovar and jam"})
        assert (nameless.json["code"], nameless.json["limit"]) == ("name", NAME_LIMIT)

    run_at(ui, test)


def test_names_are_kept_in_one_form() -> None:
    assert clean_name("  Olga   of\tthe ﬁeld ") == "Olga of the field"
    for name in ("LOCAL", "l\u00adocal"):
        with pytest.raises(RefusedError):
            clean_name(name)


def test_behind_a_proxy_the_first_visit_needs_the_code_that_the_node_printed(ui: Path) -> None:
    async def test(site: Site) -> None:
        assert len(site.codes) == 1
        me = (await site.call("GET", "/api/me", headers=THROUGH_PROXY)).json
        assert (me["setup_needed"], me["code_needed"]) == (True, True)
        for headers in (THROUGH_PROXY, None):  # also from the machine itself: the proxy is there, too
            answer = await site.call("POST", "/api/setup", OWNER, headers=headers)
            assert (answer.status, answer.json["code"]) == (403, "code")
        right = OWNER | {"code": site.codes[0].lower().replace("-", " ")}
        answer = await site.call("POST", "/api/setup", right, headers=THROUGH_PROXY)
        assert answer.status == 200
        assert site.edge.setup_code.code == ""

    run_at(ui, test, PROXIED)


def test_a_code_that_was_guessed_at_too_often_is_burnt_and_a_new_one_printed(ui: Path) -> None:
    async def test(site: Site) -> None:
        wrong = OWNER | {"code": "AAAAA-AAAAA"}
        for _ in range(SETTINGS.code_failures):
            assert (await site.call("POST", "/api/setup", wrong, headers=THROUGH_PROXY)).status == 403
        assert len(site.codes) == 2
        old = OWNER | {"code": site.codes[0]}
        assert (await site.call("POST", "/api/setup", old, headers=THROUGH_PROXY)).status == 403
        new = OWNER | {"code": site.codes[1]}
        assert (await site.call("POST", "/api/setup", new, headers=THROUGH_PROXY)).status == 200

    run_at(ui, test, PROXIED)


def test_guessing_at_the_code_is_throttled(ui: Path) -> None:
    async def test(site: Site) -> None:
        wrong = OWNER | {"code": "AAAAA-AAAAA"}
        statuses = [
            (await site.call("POST", "/api/setup", wrong, headers=THROUGH_PROXY)).status
            for _ in range(SETTINGS.login_failures + 2)
        ]
        assert statuses == [403] * SETTINGS.login_failures + [429, 429]

    run_at(ui, test, PROXIED)


def test_on_this_machine_no_code_is_printed(ui: Path) -> None:
    async def test(site: Site) -> None:
        assert site.codes == []

    run_at(ui, test)


# -- logins -------------------------------------------------------------------------------------


def test_the_login_cookie_has_every_flag(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = (await first_visit(site)).headers["set-cookie"]
        name, *flags = [part.strip() for part in cookie.split(";")]
        assert name.startswith("__Host-samovar=")
        assert len(name.partition("=")[2]) >= 43  # 256 bits in base64
        lowered = {flag.lower() for flag in flags}
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= lowered
        assert not any(flag.startswith("domain") for flag in lowered)

    run_at(ui, test)


def test_a_login_makes_a_new_token_and_ends_the_one_before(ui: Path) -> None:
    async def test(site: Site) -> None:
        first = (await first_visit(site)).cookie
        second = (await site.call("POST", "/api/login", OWNER, first)).cookie
        assert first != second
        assert (await site.call("GET", "/api/me", cookie=first)).json["user_name"] == ""
        assert (await site.call("GET", "/api/me", cookie=second)).json["user_name"] == "Olga"

    run_at(ui, test)


def test_a_token_that_somebody_planted_never_becomes_a_login(ui: Path) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        planted = f"{COOKIE}=planted"
        answer = await site.call("POST", "/api/login", OWNER, planted)
        assert answer.cookie != planted
        assert (await site.call("GET", "/api/me", cookie=planted)).json["user"] is None

    run_at(ui, test)


def test_a_logout_ends_the_login_and_takes_the_cookie_back(ui: Path) -> None:
    async def test(site: Site) -> None:
        cookie = (await first_visit(site)).cookie
        answer = await site.call("POST", "/api/logout", cookie=cookie)
        assert "max-age=0" in answer.headers["set-cookie"].lower()
        assert answer.json["user"] is None
        assert (await site.call("GET", "/api/conversations", cookie=cookie)).status == 401
        assert hash_token(cookie.partition("=")[2]) not in site.disk.logins

    run_at(ui, test)


def test_a_login_ends_by_its_age(ui: Path) -> None:
    async def test(site: Site) -> None:
        account = (await site.edge.records.accounts())[0]
        token = await site.edge.accounts.begin_login(account, 0.0)
        assert (await site.call("GET", "/api/me", cookie=f"{COOKIE}={token}")).json["user"] is None

    run_at(ui, test)


def test_a_name_is_found_in_any_case(ui: Path) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        login = {"name": " OLGA ", "password": OWNER["password"]}
        assert (await site.call("POST", "/api/login", login)).status == 200

    run_at(ui, test)


def test_a_wrong_password_and_an_unknown_name_look_the_same_and_cost_the_same(
    ui: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        checked: list[str] = []
        run = site.edge.accounts.passwords.run

        def counted(work: Callable[[], Any]) -> Awaitable[Any]:
            checked.append("one hash")
            return run(work)

        monkeypatch.setattr(site.edge.accounts.passwords, "run", counted)
        bodies: list[bytes] = []
        for name in ("Olga", "Nobody", "local"):
            answer = await site.call("POST", "/api/login", {"name": name, "password": "guess"})
            assert (answer.status, answer.json["code"]) == (401, "wrong_login")
            bodies.append(answer.body)
        assert len(set(bodies)) == 1
        assert len(checked) == 3

    run_at(ui, test)


def test_the_local_user_has_no_password_that_fits(ui: Path) -> None:
    async def test(site: Site) -> None:
        for password in ("", "local", "A" * 43):
            answer = await site.call("POST", "/api/login", {"name": "local", "password": password})
            assert answer.status == 401

    run_at(ui, test)


# -- throttles ----------------------------------------------------------------------------------


def from_address(address: str) -> dict[str, str | None]:
    return THROUGH_PROXY | {"X-Forwarded-For": f"198.51.100.99, {address}"}


async def owner_behind_proxy(site: Site) -> None:
    answer = await site.call("POST", "/api/setup", OWNER | {"code": site.codes[-1]}, headers=THROUGH_PROXY)
    assert answer.status == 200


def test_an_address_that_guesses_has_to_wait_and_nobody_else_does(ui: Path) -> None:
    async def test(site: Site) -> None:
        await owner_behind_proxy(site)
        wrong = OWNER | {"password": "guess"}
        guesser, owner = from_address("192.0.2.1"), from_address("192.0.2.2")
        statuses = [(await site.call("POST", "/api/login", wrong, headers=guesser)).status for _ in range(4)]
        assert statuses == [401, 401, 401, 429]
        blocked = await site.call("POST", "/api/login", OWNER, headers=guesser)
        assert (blocked.status, blocked.headers["retry-after"]) == (429, "3600")
        assert (await site.call("POST", "/api/login", OWNER, headers=owner)).status == 200

    run_at(ui, test, replace(PROXIED, login_failures=3))


def test_right_passwords_do_not_use_up_the_tries(ui: Path) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        statuses = [(await site.call("POST", "/api/login", OWNER)).status for _ in range(4)]
        assert statuses == [200, 200, 200, 200]

    run_at(ui, test, replace(SETTINGS, login_failures=2))


def test_an_account_that_is_guessed_at_from_everywhere_is_slow_but_never_locked(ui: Path) -> None:
    async def test(site: Site) -> None:
        await owner_behind_proxy(site)
        wrong = OWNER | {"password": "guess"}
        for number in range(5):
            headers = from_address(f"192.0.2.{number}")
            assert (await site.call("POST", "/api/login", wrong, headers=headers)).status == 401
        slept: list[float] = []
        sleep = asyncio.sleep

        async def noted(seconds: float) -> None:
            slept.append(seconds)
            await sleep(0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("web.accounts.asyncio.sleep", noted)
            answer = await site.call("POST", "/api/login", OWNER, headers=from_address("192.0.2.77"))
        assert answer.status == 200
        assert 0.125 in slept

    run_at(ui, test, replace(PROXIED, account_failures=3, account_delay_s=0.125))


def test_addresses_that_a_client_makes_up_help_it_nothing(ui: Path) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        wrong = OWNER | {"password": "guess"}
        statuses = [
            (
                await site.call("POST", "/api/login", wrong, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            ).status
            for number in range(4)
        ]
        assert statuses == [401, 401, 429, 429]

    run_at(ui, test, replace(SETTINGS, login_failures=2))


def test_too_many_passwords_at_once_are_put_off_not_queued_for_ever(ui: Path) -> None:
    async def test(site: Site) -> None:
        await first_visit(site)
        answers = await asyncio.gather(*[site.call("POST", "/api/login", OWNER) for _ in range(6)])
        statuses = [answer.status for answer in answers]
        assert set(statuses) <= {200, 503}
        assert statuses.count(503) >= 1
        assert statuses.count(200) >= 2
        assert (await site.call("POST", "/api/login", OWNER)).status == 200

    run_at(ui, test, replace(SETTINGS, password_workers=1, password_waiting=1))


# -- the terminal -------------------------------------------------------------------------------


def test_the_control_token_opens_a_session_of_the_local_user_before_the_first_visit(ui: Path) -> None:
    async def test(site: Site) -> None:
        answer = await site.call("POST", "/api/control", {"token": TOKEN})
        assert (answer.json["role"], answer.json["setup_needed"]) == ("local", True)
        assert (await site.call("GET", "/api/characters", cookie=answer.cookie)).status == 200

    run_at(ui, test)


@pytest.mark.parametrize("token", ["", "the control toke", "the control token ", "é"])
def test_another_token_opens_nothing(ui: Path, token: str) -> None:
    async def test(site: Site) -> None:
        answer = await site.call("POST", "/api/control", {"token": token})
        assert (answer.status, answer.json["code"]) == (403, "control")
        assert "set-cookie" not in answer.headers

    run_at(ui, test)


def test_the_control_token_is_worth_nothing_through_a_proxy(ui: Path) -> None:
    async def test(site: Site) -> None:
        through = await site.call("POST", "/api/control", {"token": TOKEN}, headers=THROUGH_PROXY)
        assert through.status == 403
        assert (await site.call("POST", "/api/control", {"token": TOKEN})).status == 200

    run_at(ui, test, PROXIED)


def test_the_local_user_is_made_once(ui: Path) -> None:
    async def test(site: Site) -> None:
        await site.restart()
        assert [account.role for account in await site.edge.records.accounts()] == ["local"]

    run_at(ui, test)


# -- what is written down -----------------------------------------------------------------------


def test_logins_are_logged_without_names_or_secrets(ui: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def test(site: Site) -> None:
        await first_visit(site)
        cookie = (await site.call("POST", "/api/login", OWNER)).cookie
        await site.call("POST", "/api/login", {"name": "my password by mistake", "password": "guess-canary"})
        async with site.page(cookie) as page:
            await page.until(Welcome)
        logged = "\n".join(r.getMessage() for r in caplog.records if r.name != "websockets.client")
        assert "login refused for nobody" in logged
        assert f"login of {OWNER_ID}" in logged
        for secret in (OWNER["password"], "by mistake", "guess-canary", cookie.partition("=")[2], TOKEN):
            assert secret not in logged

    run_at(ui, test)


def test_a_guess_from_ipv6_counts_for_the_whole_household() -> None:
    assert Peer("2001:db8::1", loopback=False, here=False).network == "2001:db8::/64"
