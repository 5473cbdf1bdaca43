"""`samovar accounts`: who is there, who comes in, who keeps the queue; the node is played by its answers."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from supervisor.cli import main
from supervisor.commands import accounts
from web.protocol.accounts import AccountFacts, AccountMade, NewAccount, NewRole


class Node:
    def __init__(self) -> None:
        self.people = [AccountFacts(UUID(int=1), "Olga", "owner"), AccountFacts(UUID(int=2), "Boris", "user")]
        self.told: list[tuple[str, str, Any]] = []

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        if method != "GET":
            self.told.append((method, path, body))
        if isinstance(body, NewAccount):
            account = AccountFacts(UUID(int=3), body.name, "user")
            return msgspec.json.encode(AccountMade(account, "aaaaa-bbbbb-ccccc-ddddd"))
        return msgspec.json.encode(self.people)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node()

    @contextmanager
    def control(data: Any) -> Generator[Node]:
        yield made

    monkeypatch.setattr(accounts, "control", control)
    return made


def test_accounts_are_listed_for_people_and_for_programs(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accounts"]) == 0
    printed = capsys.readouterr().out
    assert "Olga" in printed
    assert "owner" in printed
    assert main(["accounts", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["role"]) for each in listed] == [("Olga", "owner"), ("Boris", "user")]
    assert node.told == []


def test_an_account_is_made_and_its_password_printed(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "add", "Anna"]) == 0
    assert node.told == [("POST", "/api/accounts", NewAccount("Anna"))]
    assert "aaaaa-bbbbb-ccccc-ddddd" in capsys.readouterr().out


def test_a_user_becomes_an_admin_by_name_and_a_user_again(node: Node) -> None:
    assert main(["accounts", "admin", "boris"]) == 0
    assert main(["accounts", "admin", "--undo", "Boris"]) == 0
    path = f"/api/accounts/{UUID(int=2)}/role"
    assert node.told == [("PUT", path, NewRole("admin")), ("PUT", path, NewRole("user"))]


def test_a_name_that_nobody_has_is_answered_with_those_that_there_are(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accounts", "admin", "Anna"]) == 2
    assert "Olga, Boris" in capsys.readouterr().err
    assert node.told == []
