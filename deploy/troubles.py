"""Troubles of the set-up: one class per cause, each one line that says what to do.

`python3 -m deploy` prints the line and ends with the class's exit status; a trouble is never a traceback.
"""


class Trouble(Exception):  # noqa: N818 - it is expected, and shown to a person
    """Anything that stops the set-up. The message is the whole line shown."""

    exit_status = 1


class MistakeInTheCall(Trouble):
    """The command line is wrong: read `python3 -m deploy --help`."""

    exit_status = 2


class NoVenvModule(Trouble):
    """This Python cannot make virtual environments: install its venv package, or uv."""


class NoNetwork(Trouble):
    """A package index did not answer: look at the connection or the proxy, then run the same again."""


class UntrustedCertificate(Trouble):
    """The other side's certificate is not trusted: a proxy in between needs its certificate made known."""


class HashMismatch(Trouble):
    """What came is not what the lock names, and was not used: a damaged cache, or a tampered mirror."""


class DiskFull(Trouble):
    """There is too little room on a disk: make room, or point SAMOVAR_CACHE elsewhere."""


class NoPermission(Trouble):
    """A folder may not be written: make it this user's own."""


class ToolFailed(Trouble):
    """A tool failed for a reason that is not known here: its log says more."""


class SetUpIsRunning(Trouble):
    """Another set-up works in this checkout and does not end: wait for it, or end it."""


class PortTaken(Trouble):
    """Another program listens on the port: choose another with --port, or end that program."""


class NoUv(Trouble):
    """`python3 -m deploy lock` needs uv: install it."""


class NotThisMachine(Trouble):
    """The machine is not one that this installer knows: do what the text says, or install by hand."""


class NotReady(Trouble):
    """The new version did not become ready: the one before serves again, where there was one."""
