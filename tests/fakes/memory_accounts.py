"""Accounts and logins, in the memory of the fake storage."""

from uuid import UUID

from msgspec.structs import replace

from actors.messages.accounts import AccountRow, AddAccount, AddLogin, FindLogins, SetRole
from tests.fakes.memory_tables import Tables, require

# -- writes -------------------------------------------------------------------------------------


def add_account(tables: Tables, write: AddAccount) -> None:
    require(write.id not in tables.accounts, "the account exists")
    require(all(a.name != write.name for a in tables.accounts.values()), "the name is taken")
    tables.put(tables.accounts, write.id, write)


def set_role(tables: Tables, write: SetRole) -> None:
    account = tables.accounts.get(write.user)
    require(account is not None and account.role in {"admin", "user"}, "no such account")
    tables.put(tables.accounts, write.user, replace(tables.accounts[write.user], role=write.role))


def add_login(tables: Tables, write: AddLogin) -> None:
    require(write.user in tables.accounts, "no such account")
    require(write.token_hash not in tables.logins, "the login exists")
    tables.put(tables.logins, write.token_hash, write)


# -- reads --------------------------------------------------------------------------------------


def find_accounts(tables: Tables) -> list[AccountRow]:
    rows = sorted(tables.accounts.values(), key=lambda a: (a.created_ms, a.id))
    return [shown(tables, a.id) for a in rows]


def find_logins(tables: Tables, query: FindLogins) -> dict[bytes, AccountRow]:
    known = {token: tables.logins[token] for token in query.token_hashes if token in tables.logins}
    return {
        token: shown(tables, login.user) for token, login in known.items() if login.expires_ms > query.now_ms
    }


def shown(tables: Tables, user: UUID) -> AccountRow:
    account = tables.accounts[user]
    return AccountRow(account.id, account.name, account.role, account.password_hash)
