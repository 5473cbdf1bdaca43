"""kill -9 in the middle of writing: what was answered is there, and nothing is there by half."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from actors.messages.accounts import FindAccounts
from tests.storage.node import Node
from tests.storage.store import CHAT, Store, begin_reply

ROOT = Path(__file__).parents[2]
KILLS = (1, 20, 57, 121, 200)  # after so many answers


def written_until_killed(node: Node, begin: int, answers: int) -> list[int]:
    """Runs the writer, kills it after so many answers; all that it said."""
    command = (sys.executable, "-m", "tests.storage.writer_program", str(node.folder), str(begin))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            said = [int(writer.stdout.readline()) for _ in range(answers)]
        finally:
            writer.kill()
        # A last line may be cut off: that one was not said.
        said += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return said


def test_every_answered_write_outlives_a_kill_and_none_is_torn(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.using(begin_reply)

    async def stored(store: Store) -> tuple[tuple[int, ...], set[str]]:
        state = await store.session(CHAT)
        assert state.committed_text == "".join(f"{number} " for number in state.committed)
        return state.committed, {account.name for account in await store.find(FindAccounts())}

    begin = 0
    for answers in KILLS:
        said = written_until_killed(node, begin, answers)
        assert said == list(range(begin, begin + len(said)))
        assert len(said) >= answers
        with closing(sqlite3.connect(node.file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
            (logins,) = connection.execute("SELECT count(*) FROM login").fetchone()
        tokens, accounts = node.using(stored)
        assert tokens == tuple(range(len(tokens)))
        assert len(tokens) >= begin + len(said)
        assert accounts == {"Ada"} | {f"account {number}" for number in tokens}
        assert logins == len(tokens)
        begin = len(tokens)
