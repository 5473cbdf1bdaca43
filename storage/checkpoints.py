"""Checkpoints: SQLite's log is moved into the database beside whoever writes.

By itself SQLite does that in the very commit that makes the log long enough, which then takes as long as
twenty others; and where commits are done on the event loop (direct.py), everybody waits for it.
"""

import logging
import sqlite3
from collections.abc import Callable

log = logging.getLogger(__name__)

LONGEST_LOG = 4_000
"""Pages at which SQLite does it by itself all the same: where a reader or another program is in the way."""
TRIES = 4  # what is written meanwhile is moved by the next one


class Checkpoints:
    """After each `every` commits; 0: never. `open` makes a connection of its own."""

    def __init__(self, open_one: Callable[[], sqlite3.Connection], every: int) -> None:
        self.open_one = open_one
        self.every = every
        self.commits = 0
        self.connection: sqlite3.Connection | None = None

    def is_due(self) -> bool:
        """Asked behind each commit."""
        self.commits += 1
        return self.every > 0 and self.commits % self.every == 0

    def run(self) -> None:
        """Takes a while; always on one and the same thread. Trouble is not ours alone: who writes next is
        told of it.
        """
        try:
            connection = self.connection = self.connection or self.open_one()
            for _ in range(TRIES):
                _, pages, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages == moved:
                    return
        except sqlite3.Error as error:
            log.warning("the log of the database could not be moved into it: %s", error)
            self.close()

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
