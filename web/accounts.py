"""Accounts: the first visit, logins, and whose a login is.

A login is a random token of 256 bits in a cookie; only its SHA-256 is stored. The clock tells nothing
about which names exist, and no account is ever locked: an address that guesses has to wait, a name that
is guessed at answers slowly.
"""

import asyncio
import hashlib
import logging
import secrets
import unicodedata
from typing import Literal
from uuid import UUID

from actors.messages.accounts import AccountRow, AddAccount, AddLogin, DropLogin, SetRole
from actors.world import World
from web.passwords import Passwords, TooManyPasswordsError
from web.peer import Peer
from web.protocol.accounts import FirstVisit, Login
from web.records import ConflictError, Records
from web.refusal import RefusedError, not_found
from web.settings import WebSettings
from web.throttle import Throttle

log = logging.getLogger(__name__)

# Fixed ids: two first visits at once meet in the primary key of the table, whatever names they chose.
OWNER = UUID("01900000-0000-7000-8000-000000000001")
LOCAL = UUID("01900000-0000-7000-8000-000000000002")
LOCAL_NAME = "local"

TOKEN_BYTES = 32
NAME_LIMIT = 64
PASSWORD_LIMIT = 256
DAY_MS = 86_400_000

PEOPLE = frozenset({"owner", "admin", "user"})

# A made password: 4 groups of 5 out of 32 signs that nobody takes for one another: 100 bits.
EASY_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 4, 5


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def same_name(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def clean_name(name: str) -> str:
    """The name as it is stored. Raises RefusedError where it cannot be one."""
    clean = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 1 <= len(clean) <= NAME_LIMIT or any(unicodedata.category(mark)[0] == "C" for mark in clean):
        text = f"The name must have 1 to {NAME_LIMIT} visible characters."
        raise RefusedError(400, "name", text, limit=NAME_LIMIT)
    if same_name(clean, LOCAL_NAME):
        raise RefusedError(400, "name_taken", "That name is taken by the node itself: choose another one.")
    return clean


class Accounts:
    def __init__(self, records: Records, world: World, settings: WebSettings) -> None:
        self.records = records
        self.world = world
        self.settings = settings
        self.passwords = Passwords(settings.password_workers, settings.password_waiting)
        self.owner_known = False
        per_s = 1 / settings.login_pause_s
        self.by_network = Throttle(settings.login_failures, per_s)
        self.by_name = Throttle(settings.account_failures, per_s)

    # -- the first visit ----------------------------------------------------------------------

    async def setup_needed(self) -> bool:
        if not self.owner_known:
            self.owner_known = any(account.role == "owner" for account in await self.records.accounts())
        return not self.owner_known

    async def make_local_user(self) -> None:
        """The built-in user of this machine's terminal; it has no password."""
        if any(account.id == LOCAL for account in await self.records.accounts()):
            return
        await self.records.commit(AddAccount(LOCAL, LOCAL_NAME, "local", "", self.world.utc_ms()))

    def guess_allowed(self, peer: Peer) -> None:
        """Count a guess at a secret from this network. Raises RefusedError where there were too many."""
        if not self.by_network.take(peer.network, self.world.monotonic_s()):
            log.warning("too many failed logins from %s", peer.network)
            wait = self.settings.login_pause_s
            raise RefusedError(
                429, "too_many", f"Too many failed tries: wait {wait:g} seconds and try again.", int(wait)
            )

    def guessed_right(self, peer: Peer) -> None:
        self.by_network.give_back(peer.network)

    async def make_owner(self, visit: FirstVisit) -> AccountRow:
        """Raises RefusedError: a name or password that will not do, or somebody was first."""
        name = clean_name(visit.name)
        least = self.settings.password_min
        if not least <= len(visit.password) <= PASSWORD_LIMIT:
            text = f"The password must have {least} to {PASSWORD_LIMIT} characters."
            raise RefusedError(400, "password", text, limit=least)
        hashed = await self.hashed(visit.password)
        try:
            await self.records.commit(AddAccount(OWNER, name, "owner", hashed, self.world.utc_ms()))
        except ConflictError as error:
            raise setup_over() from error
        self.owner_known = True
        log.info("the owner's account was made")
        return AccountRow(OWNER, name, "owner", hashed)

    # -- other people -------------------------------------------------------------------------

    async def people(self) -> list[AccountRow]:
        """All accounts but the terminal's; oldest first."""
        return [account for account in await self.records.accounts() if account.role in PEOPLE]

    async def add_user(self, name: str) -> tuple[AccountRow, str]:
        """A fresh account and its password, which is kept nowhere. Raises RefusedError."""
        name = clean_name(name)
        people = await self.people()
        if len(people) >= self.settings.accounts:
            text = f"This node has {self.settings.accounts} accounts, and takes no more (web.accounts)."
            raise RefusedError(409, "too_many_accounts", text, limit=self.settings.accounts)
        if any(same_name(account.name, name) for account in people):
            raise name_taken()
        password = new_password()
        account = AccountRow(self.world.new_id(), name, "user", await self.hashed(password))
        try:
            await self.records.commit(
                AddAccount(account.id, name, "user", account.password_hash, self.world.utc_ms())
            )
        except ConflictError as error:
            raise name_taken() from error
        log.info("an account was made: %s", account.id)
        return account, password

    async def set_role(self, account_id: str, role: Literal["admin", "user"]) -> UUID:
        """It holds from the account's next request on. Returns its id. Raises RefusedError."""
        account = next((row for row in await self.people() if str(row.id) == account_id), None)
        if account is None:
            raise not_found()
        if account.role == "owner":
            raise RefusedError(409, "owner_role", "The owner stays the owner: choose another account.")
        await self.records.commit(SetRole(account.id, role))
        log.info("%s is %s now", account.id, role)
        return account.id

    async def hashed(self, password: str) -> str:
        try:
            return await self.passwords.hash(password)
        except TooManyPasswordsError as error:
            raise too_busy() from error

    # -- logins -------------------------------------------------------------------------------

    async def check_password(self, login: Login, peer: Peer) -> AccountRow:
        """The account that name and password open. Raises RefusedError."""
        self.guess_allowed(peer)
        name = " ".join(unicodedata.normalize("NFKC", login.name).split())[:NAME_LIMIT]
        if not self.by_name.take(hash_name(name), self.world.monotonic_s()):
            await asyncio.sleep(self.settings.account_delay_s)
        account = next((row for row in await self.records.accounts() if same_name(row.name, name)), None)
        try:
            right = await self.passwords.check(
                login.password[: PASSWORD_LIMIT + 1], account.password_hash if account else ""
            )
        except TooManyPasswordsError as error:
            raise too_busy() from error
        if account is None or not right:
            log.warning("login refused for %s from %s", account.id if account else "nobody", peer.network)
            raise RefusedError(401, "wrong_login", "Name or password is wrong.")
        self.guessed_right(peer)
        self.by_name.give_back(hash_name(name))
        log.info("login of %s from %s", account.id, peer.network)
        return account

    async def begin_login(self, account: AccountRow, lasts_s: float) -> str:
        """A fresh token: the one secret of a login."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self.world.utc_ms()
        await self.records.commit(AddLogin(hash_token(token), account.id, now, now + int(lasts_s * 1000)))
        return token

    async def whose(self, token_hash: bytes) -> AccountRow | None:
        return await self.records.login(token_hash)

    async def end_login(self, token_hash: bytes) -> None:
        await self.records.commit(DropLogin(token_hash))

    def close(self) -> None:
        self.passwords.close()


def hash_name(name: str) -> str:
    """Names that nobody has are remembered only so: people type passwords into the wrong field."""
    return hashlib.sha256(name.casefold().encode()).hexdigest()


def new_password() -> str:
    return "-".join("".join(secrets.choice(EASY_SIGNS) for _ in range(GROUP)) for _ in range(GROUPS))


def name_taken() -> RefusedError:
    return RefusedError(409, "name_taken", "There is an account of that name already: choose another one.")


def setup_over() -> RefusedError:
    return RefusedError(409, "setup_over", "This node has an owner already: log in instead.")


def too_busy() -> RefusedError:
    return RefusedError(503, "busy", "Many people log in just now: try again in a moment.", 2)


def spoken_name(account: AccountRow) -> str:
    """How characters call the account; always the same for the terminal, whose replies are repeatable."""
    return "You" if account.role == "local" else account.name
