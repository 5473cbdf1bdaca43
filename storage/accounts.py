"""Accounts and logins."""

import msgspec

from actors.messages.accounts import AccountRow, AddAccount, AddLogin, DropLogin, FindLogins, SetRole
from storage import tables
from storage.database import marks, raw
from storage.fields import as_id, of_hex
from storage.unit import Unit, require

FROM_LOGINS = """
FROM login l JOIN account a ON a.id = l.user_id WHERE l.token_hash IN ({ids}) AND l.expires_ms > {now}
"""
FIND_LOGINS = f"SELECT l.token_hash, a.id, a.name, a.role, a.password_hash {FROM_LOGINS}"
FIND_LOGINS_IN_ONE_ROW = f"""
SELECT json_group_array(json_array(hex(l.token_hash), hex(a.id), a.name, a.role, a.password_hash)) AS rows
{FROM_LOGINS}
"""  # for SQLite: select.py says why

decode_rows = msgspec.json.Decoder(list[tuple[str, str, str, str, str]]).decode


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


async def find_logins(unit: Unit, query: FindLogins) -> dict[bytes, AccountRow]:
    count = len(query.token_hashes)
    places = marks(unit.db, count + 1).split(", ")
    by_place = {"ids": ", ".join(places[:count]), "now": places[count]}
    values = (*query.token_hashes, query.now_ms)
    if unit.db.capabilities.dialect == "sqlite":
        (found,) = await raw(unit.db, FIND_LOGINS_IN_ONE_ROW.format(**by_place), *values)
        return {
            bytes.fromhex(token): AccountRow(of_hex(user), name, role, password)
            for token, user, name, role, password in decode_rows(found["rows"])
        }
    rows = await raw(unit.db, FIND_LOGINS.format(**by_place), *values)
    return {
        row["token_hash"]: AccountRow(as_id(row["id"]), row["name"], row["role"], row["password_hash"])
        for row in rows
    }
