"""REST of the owner: who has an account on this node, and who of them keeps the queue."""

from quart import Quart, Response

from web import requests
from web.edge import Edge
from web.protocol.accounts import AccountFacts, AccountMade, NewAccount, NewRole


def add_people_routes(app: Quart, edge: Edge) -> None:
    accounts = edge.accounts

    @app.get("/api/accounts")
    async def list_accounts() -> Response:
        return await everybody()

    @app.post("/api/accounts")
    async def add_account() -> Response:
        account, password = await accounts.add_user((await requests.body(NewAccount)).name)
        return requests.answer(AccountMade(AccountFacts(account.id, account.name, "user"), password), 201)

    @app.put("/api/accounts/<account_id>/role")
    async def set_role(account_id: str) -> Response:
        role = (await requests.body(NewRole)).role
        edge.sockets.role_changed(await accounts.set_role(account_id, role), role)
        return await everybody()

    async def everybody() -> Response:
        people = await accounts.people()
        return requests.answer([AccountFacts(row.id, row.name, row.role) for row in people])

    _ = list_accounts, add_account, set_role
