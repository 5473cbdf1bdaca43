"""What can be mended by the person at the keyboard. Each text is one line that says what to do."""


class OperatorError(Exception):
    """Printed as one line, and the command ends with status 1. Each cause has a class of its own."""


class UsageError(Exception):
    """The call itself is mistaken: printed as one line, status 2."""


class SettingsError(OperatorError):
    """A setting is unknown or of the wrong type: correct the named key in the named place."""


class NodeRunningError(OperatorError):
    """A node runs on this data folder: stop it, or give another folder with --data."""


class NotRunningError(OperatorError):
    """No node runs on this data folder: start one with `samovar up`, or name its folder with --data."""


class NoAnswerError(OperatorError):
    """The node's supervisor does not answer: look into logs/supervisor.log, then stop its process."""


class PortTakenError(OperatorError):
    """Another program listens on the port: stop it, or give another port with --port."""


class NoModelError(OperatorError):
    """The file given with --model is not there: name one that is, or leave --model out."""


class ExposedKeyError(OperatorError):
    """Others may read a secret file: run the command that the text gives."""


class BrokenKeyError(OperatorError):
    """A key file holds no key: put it back from a backup, or move it away to have a new one made."""


class NotPairedError(OperatorError):
    """The GPU box knows no web node: let it join one with `samovar join`."""


class ControlRefusedError(OperatorError):
    """The running node cannot be asked, or refuses, in the words of the text."""


class DataFolderError(OperatorError):
    """The data folder cannot be made or written: mend its rights, or give another one with --data."""


class NotACheckoutError(OperatorError):
    """The command works on the source code: run it from a checkout of the project."""
