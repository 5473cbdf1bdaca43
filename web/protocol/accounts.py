"""REST bodies about accounts: logging in, who one is, who may what."""

from typing import Literal
from uuid import UUID

from msgspec import Struct


class Me(Struct, frozen=True):
    """GET /api/me. `user_name` is "" when nobody is logged in."""

    version: str
    setup_needed: bool  # no owner yet: show the first visit
    code_needed: bool  # … which asks for the one-time code that the node printed
    user: UUID | None = None
    user_name: str = ""
    role: str = ""


class FirstVisit(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/setup → Me, and the login cookie."""

    name: str
    password: str
    code: str = ""


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/login → Me, and the cookie. POST /api/logout has no body."""

    name: str
    password: str


class ControlToken(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/control, from loopback only → Me, and the cookie of the built-in local user."""

    token: str


class AccountFacts(Struct, frozen=True):
    """GET /api/accounts, for owners: the people of this node, oldest first."""

    id: UUID
    name: str
    role: str  # owner, admin or user


class NewAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/accounts → AccountMade."""

    name: str


class AccountMade(Struct, frozen=True):
    """`password` was made by the server and is told this once."""

    account: AccountFacts
    password: str


class NewRole(Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/accounts/<id>/role → the accounts. What each role may do: web/rights.py."""

    role: Literal["admin", "user"]
