"""The one-time code of the first visit: whoever can read what the node prints may become its owner."""

import secrets
from collections.abc import Callable

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no I, L, O, U, 0, 1: read aloud without mistakes
LENGTH = 10  # 49 bits, and five tries


class SetupCode:
    """`announce` shows a code to the person at the node; called anew for each."""

    def __init__(self, failures: int, announce: Callable[[str], None]) -> None:
        self.failures = failures
        self.announce = announce
        self.code = ""
        self.failed = 0

    def renew(self) -> None:
        """Make and show a fresh code; the one before is worth nothing any more."""
        self.code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self.failed = 0
        self.announce(f"{self.code[:5]}-{self.code[5:]}")

    def is_right(self, given: str) -> bool:
        """Case, spaces and dashes do not matter. After too many failures the code is burnt."""
        said = "".join(given.upper().split()).replace("-", "").encode()
        if self.code and secrets.compare_digest(said, self.code.encode()):
            return True
        self.failed += 1
        if self.failed >= self.failures:
            self.renew()
        return False

    def burn(self) -> None:
        """The owner is there: no code opens anything any more."""
        self.code = ""
