"""Why something was not sealed or opened: one class per cause. Both implementations raise these."""


class SealError(Exception):
    """Something could not be sealed or opened; nothing of the plaintext came out."""


class KeyLengthError(SealError):
    """A key has not 32 bytes: a mistake in the program, or a damaged key file."""


class BlobTooShortError(SealError):
    """A sealed blob was cut off. Restore the row from a backup."""


class UnknownSuiteError(SealError):
    """A newer Samovar sealed this blob. Update the software; never edit the blob."""


class SealBrokenError(SealError):
    """The tag does not fit: another key, another row, or altered bytes. Restore from a backup and ask
    who could write to the database.
    """


class HashLengthError(Exception):
    """The key of a hash, or the hash itself, is longer than the algorithm has, or empty: a mistake in the
    program.
    """


class TooLongError(SealError):
    """More than one blob can hold (256 GiB)."""


class NoRandomnessError(SealError):
    """The operating system gave no random bytes for a nonce. Nothing may be sealed; restart the machine."""
