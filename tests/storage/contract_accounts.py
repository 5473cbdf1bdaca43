"""What every storage port does with accounts."""

from pathlib import Path

from actors.messages.accounts import AddAccount, FindAccounts, SetRole
from tests.storage.opened_storage import OpenedStorage
from tests.storage.store import ACCOUNT, STRANGER, USER, Store, uid

LOCAL = uid(77)


class AccountContract(OpenedStorage):
    """Roles."""

    def test_a_user_becomes_an_admin_and_a_user_again_and_nobody_else_changes(self, tmp_path: Path) -> None:
        async def scenario(store: Store) -> None:
            people = (
                AddAccount(STRANGER, "Bo", "user", "", 2_000),
                AddAccount(LOCAL, "local", "local", "", 3_000),
            )
            await store.put(ACCOUNT, *people)
            await store.put(SetRole(STRANGER, "admin"))
            await store.again()
            assert await roles(store) == {"Ada": "owner", "Bo": "admin", "local": "local"}
            await store.put(SetRole(STRANGER, "user"))
            for other in (USER, LOCAL, uid(78)):
                await store.refused(SetRole(other, "admin"))
                await store.refused(SetRole(other, "user"))
            assert await roles(store) == {"Ada": "owner", "Bo": "user", "local": "local"}

        self.run(tmp_path, scenario)


async def roles(store: Store) -> dict[str, str]:
    return {account.name: account.role for account in await store.find(FindAccounts())}
