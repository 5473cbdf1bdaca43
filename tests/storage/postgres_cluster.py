"""A PostgreSQL server of its own for the tests: made in a temporary folder, reached by a socket there."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ADVICE = (
    "PostgreSQL is not installed: apt-get install postgresql, or run the tests with: python3 -m deploy test"
)


def program(name: str) -> str:
    """Debian keeps the server's programs off the path."""
    found = shutil.which(name) or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    if found is None:
        raise FileNotFoundError(ADVICE)
    return found


def run(*command: str, account: str | None) -> None:
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

    def database(self) -> str:
        """The URL of a new database."""
        self._count += 1
        name = f"test{self._count}"
        run(program("createdb"), "-h", str(self._folder), "-U", "postgres", name, account=None)
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgres://postgres@/{name}?host={self._folder}"


@contextmanager
def postgres_cluster() -> Generator[PostgresCluster]:
    """The server refuses to run as root: there it runs as the account that its package made."""
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="samovar-postgres-"))  # short: it holds a socket
    try:
        if account:
            shutil.chown(folder, account)
        data, log = str(folder / "data"), str(folder / "log")
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
        # No TCP, and no fsync: nothing in it outlives the tests.
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run(program("pg_ctl"), "-D", data, "-l", log, "-o", options, "-w", "start", account=account)
        try:
            yield PostgresCluster(folder)
        finally:
            run(program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop", account=account)
    finally:
        shutil.rmtree(folder)
