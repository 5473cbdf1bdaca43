"""A PostgreSQL server of its own for the tests: made in a temporary folder, reached by a socket there."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.storage.migrated import make_postgres_tables

ADVICE = "PostgreSQL is not installed. Run: apt-get install postgresql"


def program(name: str) -> str:
    """Debian keeps the server's programs off the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        raise FileNotFoundError(ADVICE)
    return found


def run(*command: str, account: str | None = None) -> None:
    done = subprocess.run(
        command, user=account, capture_output=True, text=True, check=False, timeout=60, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


class PostgresCluster:
    """A running server; every `database()` is a fresh, empty one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._with_tables = ""

    def database(self, like: str = "template1") -> str:
        """The URL of a new database, a copy of the one of this name."""
        self._count += 1
        name = f"test{self._count}"
        run(program("createdb"), "-h", str(self._folder), "-U", "postgres", "-T", like, name)
        return f"postgres://postgres@/{name}?host={self._folder}"

    def database_with_tables(self) -> str:
        """The URL of a new database with all tables and no rows."""
        if not self._with_tables:
            make_postgres_tables(self.database())
            self._with_tables = f"test{self._count}"
        return self.database(self._with_tables)


def wait_until_ready(log: IO[str]) -> None:
    lines: list[str] = []
    for line in log:
        lines.append(line)
        if "ready to accept connections" in line:
            return
    raise RuntimeError("".join(lines))


@contextmanager
def postgres_cluster() -> Generator[PostgresCluster]:
    """The server refuses to run as root: there it runs as the account that its package made."""
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="samovar-postgres-"))  # short: it holds a socket
    try:
        if account:
            shutil.chown(folder, account)
        data = str(folder / "data")
        run(
            program("initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            account=account,
        )
        # No TCP, and no fsync: nothing in it outlives the tests. A database that is being vacuumed cannot
        # be copied.
        options = ("-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "autovacuum=off")
        server = subprocess.Popen(
            (program("postgres"), "-D", data, *options),
            user=account,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "LC_MESSAGES": "C"},
        )
        try:
            assert server.stderr is not None
            wait_until_ready(server.stderr)
            drain = threading.Thread(target=server.stderr.read)  # or the pipe would fill
            drain.start()
            yield PostgresCluster(folder)
            server.send_signal(signal.SIGINT)  # ends connections that are still open
            drain.join(timeout=30)
            server.wait(timeout=30)
        finally:
            server.kill()
            server.communicate()
    finally:
        shutil.rmtree(folder)
