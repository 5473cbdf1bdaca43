"""The key file: made once, for its owner's eyes only, and never made anew for a database that has one."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.messages.conversations import RenameConversation
from actors.messages.library import FindCharacters
from storage.errors import (
    DamagedKeyFileError,
    DamagedRowError,
    ExposedKeyFileError,
    MissingKeyFileError,
    StorageError,
    WrongKeyFileError,
)
from storage.key_file import StorageKey, read_key
from tests.storage.node import Node
from tests.storage.store import CHAT, Store, begin_reply

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def key_file(node: Node) -> Path:
    return node.folder / "keys" / "storage.key"


def refused(node: Node, error: type[StorageError]) -> str:
    with pytest.raises(error) as raised:
        node.look()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_first_start_makes_a_key_and_the_next_ones_keep_it(node: Node) -> None:
    state = node.fill()
    line = key_file(node).read_text("ascii")
    label, secret = line.split()
    assert label == "samovar-storage-key-1"
    assert len(bytes.fromhex(secret)) == 32
    assert node.look() == state
    assert key_file(node).read_text("ascii") == line
    assert [path.name for path in key_file(node).parent.iterdir()] == ["storage.key"]


def test_two_nodes_never_have_the_same_key(tmp_path: Path) -> None:
    keys: set[StorageKey] = set()
    for name in ("one", "two"):
        node = Node(tmp_path / name)
        node.fill()
        key = read_key(key_file(node))
        assert key is not None
        keys.add(key)
    assert len(keys) == len({key.id for key in keys}) == 2


@posix
def test_the_key_its_folder_and_the_database_are_for_their_owner_only(node: Node) -> None:
    node.fill()
    assert key_file(node).stat().st_mode & 0o777 == 0o600
    for folder in ("keys", "db", "backup"):
        assert (node.folder / folder).stat().st_mode & 0o777 == 0o700
    assert node.file.stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize(
    ("which", "rights", "mend"),
    [("file", 0o640, "600"), ("file", 0o604, "600"), ("folder", 0o750, "700"), ("folder", 0o777, "700")],
)
def test_a_key_that_others_may_read_is_refused_with_the_command_that_mends_it(
    node: Node, which: str, rights: int, mend: str
) -> None:
    state = node.fill()
    place = key_file(node) if which == "file" else key_file(node).parent
    place.chmod(rights)
    assert f"chmod {mend} {json.dumps(str(place))}" in refused(node, ExposedKeyFileError)
    place.chmod(int(mend, 8))
    assert node.look() == state


def test_a_missing_key_is_never_made_anew_for_a_sealed_database(node: Node) -> None:
    state = node.fill()
    kept = key_file(node).rename(node.folder / "elsewhere")
    assert f"{key_file(node)} is gone" in refused(node, MissingKeyFileError)
    assert not key_file(node).exists()
    kept.rename(key_file(node))
    assert node.look() == state


def test_another_key_is_refused(node: Node, tmp_path: Path) -> None:
    state = node.fill()
    other = Node(tmp_path / "other")
    other.fill()
    mine = key_file(node).read_bytes()
    key_file(node).write_bytes(key_file(other).read_bytes())
    assert "is not the key that this database was sealed with" in refused(node, WrongKeyFileError)
    key_file(node).write_bytes(mine)
    assert node.look() == state


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda line: line[:0],
    lambda line: line[:-3],
    lambda line: line + b"00",
    lambda line: line.replace(b"key-1", b"key-9"),
    lambda line: b"\xff" + line,
    lambda line: line[:22] + b"zz" * 32,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_key_file_is_refused(node: Node, damage: Callable[[bytes], bytes]) -> None:
    node.fill()
    key_file(node).write_bytes(damage(key_file(node).read_bytes()))
    assert "does not hold a storage key" in refused(node, DamagedKeyFileError)


def test_a_start_that_was_cut_off_before_its_first_key_is_begun_anew(node: Node) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as cut:
        cut.setattr("storage.key_file.write_private", stop)
        with pytest.raises(KeyboardInterrupt):
            node.fill()
    assert node.file.exists()
    assert not key_file(node).exists()
    node.fill()
    assert key_file(node).exists()


def test_every_conversation_has_a_data_key_of_its_own_and_it_goes_with_it(node: Node) -> None:
    node.fill()
    with closing(sqlite3.connect(node.file)) as connection:
        keys = connection.execute(
            "SELECT conversation_id, id FROM data_key ORDER BY conversation_id"
        ).fetchall()
        wrapped = connection.execute("SELECT data_key_id, length(blob) FROM wrapped_key").fetchall()
        used = connection.execute("SELECT DISTINCT body_key_id FROM message").fetchall()
    (characters, conversation) = keys
    assert characters[0] is None
    assert conversation[0] == CHAT.bytes
    assert used == [(conversation[1],)]
    assert sorted(wrapped) == sorted([(characters[1], 73), (conversation[1], 73)])  # 32 + 41 of the seal


def test_a_lost_data_key_for_characters_is_said_at_the_start(node: Node) -> None:
    node.fill()
    with closing(sqlite3.connect(node.file)) as connection, connection:
        connection.execute(
            "DELETE FROM wrapped_key "
            "WHERE data_key_id IN (SELECT id FROM data_key WHERE conversation_id IS NULL)"
        )
    assert "Restore a backup" in refused(node, DamagedRowError)


def test_a_key_is_read_again_when_too_many_are_in_memory(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await begin_reply(store)
        await store.put(RenameConversation(CHAT, "one"))
        assert len(await store.find(FindCharacters(None))) == 1
        await store.put(RenameConversation(CHAT, "two"))
        assert (await store.session(CHAT)).conversation.title == "two"

    Node(tmp_path, keys_cached=1).using(scenario)
