"""`samovar accounts`: who has an account on this node; let somebody in, and say who keeps the queue."""

import argparse
import json
from urllib.parse import quote

import msgspec

from supervisor.commands.options import add_data, data_folder
from supervisor.control import control
from supervisor.errors import UsageError
from supervisor.table import columns
from web.control_client import ControlClient
from web.protocol.accounts import AccountFacts, AccountMade, NewAccount, NewRole


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.set_defaults(action=show)
    actions = parser.add_subparsers(metavar="ACTION")
    add_parser = actions.add_parser("add", help="make an account, and print its password")
    add_parser.add_argument("name", metavar="NAME")
    add_parser.set_defaults(action=add_account)
    admin_parser = actions.add_parser("admin", help="let an account keep the queue, or --undo it")
    admin_parser.add_argument("name", metavar="NAME")
    admin_parser.add_argument("--undo", action="store_true", help="make it a user again")
    admin_parser.set_defaults(action=set_role)
    for subparser in (add_parser, admin_parser):
        add_data(subparser, again=True)


def run(arguments: argparse.Namespace) -> int:
    return arguments.action(arguments)


def show(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        people = listed(node)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(people), indent=2))
    elif people:
        print(columns(("account", "role", "id"), [(each.name, each.role, str(each.id)) for each in people]))
    else:
        print("Nobody has an account yet. Open the page of this node: see samovar status")
    return 0


def listed(node: ControlClient) -> list[AccountFacts]:
    return msgspec.json.decode(node.ask("GET", "/api/accounts"), type=list[AccountFacts])


def add_account(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        answer = node.ask("POST", "/api/accounts", NewAccount(arguments.name))
    made = msgspec.json.decode(answer, type=AccountMade)
    print(f'"{made.account.name}" has an account. The password, which is shown this once: {made.password}')
    return 0


def set_role(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        account = named(listed(node), arguments.name)
        role = NewRole("user" if arguments.undo else "admin")
        node.ask("PUT", f"/api/accounts/{quote(str(account.id))}/role", role)
    if arguments.undo:
        print(f'"{account.name}" is a user like others now.')
    else:
        print(f'"{account.name}" is an admin now: sees and orders the queue, and drains GPU boxes.')
    return 0


def named(people: list[AccountFacts], name: str) -> AccountFacts:
    """The account of that name. Raises UsageError."""
    for account in people:
        if account.name.casefold() == name.casefold():
            return account
    raise UsageError(f'nobody here is called "{name}"; there are: {", ".join(each.name for each in people)}')
