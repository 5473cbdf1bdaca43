"""Accounts and logins."""

from actors.messages.archive import AccountRow, AddAccount, AddLogin, DropLogin, FindLogin, SetRole
from storage import tables
from storage.database import marks, raw
from storage.fields import as_id
from storage.unit import Unit, require

FIND_LOGIN = """
SELECT a.id, a.name, a.role, a.password_hash FROM login l JOIN account a ON a.id = l.user_id
WHERE l.token_hash = {} AND l.expires_ms > {}
"""


async def add_account(unit: Unit, write: AddAccount) -> None:
    require(
        not await tables.Account.filter(name=write.name).using_db(unit.db).exists(),
        "There is an account of that name already.",
    )
    await tables.Account.create(
        using_db=unit.db,
        id=write.id,
        name=write.name,
        role=write.role,
        password_hash=write.password_hash,
        created_ms=write.created_ms,
        **unit.owned(write.id),
    )


async def set_role(unit: Unit, write: SetRole) -> None:
    account = tables.Account.filter(id=write.user, role__in=("admin", "user")).using_db(unit.db)
    require(await account.update(role=write.role) == 1, "There is no such account whose role can change.")


async def add_login(unit: Unit, write: AddLogin) -> None:
    await tables.Login.create(
        using_db=unit.db,
        token_hash=write.token_hash,
        created_ms=write.created_ms,
        expires_ms=write.expires_ms,
        **unit.owned(write.user),
    )


async def drop_login(unit: Unit, write: DropLogin) -> None:
    await tables.Login.filter(token_hash=write.token_hash).using_db(unit.db).delete()


async def find_accounts(unit: Unit) -> list[AccountRow]:
    rows = tables.Account.all().using_db(unit.db).order_by("created_ms", "id")
    return [AccountRow(*row) for row in await rows.values_list("id", "name", "role", "password_hash")]


async def find_login(unit: Unit, query: FindLogin) -> AccountRow | None:
    first, second = marks(unit.db, 2).split(", ")
    rows = await raw(unit.db, FIND_LOGIN.format(first, second), query.token_hash, query.now_ms)
    if not rows:
        return None
    row = rows[0]
    return AccountRow(as_id(row["id"]), row["name"], row["role"], row["password_hash"])
