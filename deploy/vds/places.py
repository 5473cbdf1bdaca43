"""Where things lie on the server."""

from dataclasses import dataclass
from pathlib import Path

SERVICE = "samovar"
USER = "samovar"


@dataclass(frozen=True)
class Places:
    """All of them below `root`, which is / but for tests."""

    root: Path = Path("/")

    @property
    def program(self) -> Path:
        return self.root / "opt" / "samovar"

    @property
    def releases(self) -> Path:
        return self.program / "releases"

    @property
    def shape(self) -> Path:
        """What the server was told to be like the last time."""
        return self.program / "shape.json"

    @property
    def current(self) -> Path:
        """A link to the release that serves."""
        return self.program / "current"

    @property
    def log(self) -> Path:
        return self.root / "var" / "log" / "samovar-install.log"

    @property
    def data(self) -> Path:
        return self.root / "var" / "lib" / "samovar"

    @property
    def settings(self) -> Path:
        return self.data / "samovar.toml"

    @property
    def database(self) -> Path:
        return self.data / "db"

    @property
    def saved_database(self) -> Path:
        """The database as it was before the last upgrade, which may have migrated it."""
        return self.data / "backup" / "before-upgrade"

    @property
    def unit(self) -> Path:
        return self.root / "etc" / "systemd" / "system" / f"{SERVICE}.service"

    @property
    def command(self) -> Path:
        """`samovar` for whoever administers the server."""
        return self.root / "usr" / "local" / "bin" / "samovar"

    @property
    def caddyfile(self) -> Path:
        return self.root / "etc" / "caddy" / "Caddyfile"

    @property
    def site(self) -> Path:
        return self.root / "etc" / "caddy" / "sites" / "samovar.caddy"

    def release_now(self) -> Path | None:
        """The folder of the release that serves; None where none does."""
        return self.current.resolve() if self.current.is_symlink() else None
