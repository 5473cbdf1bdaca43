"""What can go wrong with the storage: one class per cause; the text says what to do."""


class StorageError(Exception):
    """The storage cannot do its work; the text is one line for the person who runs the node."""


# -- at the start -------------------------------------------------------------------------------


class ExposedKeyFileError(StorageError):
    """Others may read the key file. Run the command in the text, and ask who could read it till now."""


class MissingKeyFileError(StorageError):
    """The database is sealed and its key file is gone. Put the file back from its own backup: without it
    nobody can read the database, and a new key would not help.
    """


class DamagedKeyFileError(StorageError):
    """The key file does not hold a key. Put it back from its own backup."""


class WrongKeyFileError(StorageError):
    """The key file is another than the one the database was sealed with. Put the right one back."""


class NewerDatabaseError(StorageError):
    """A newer Samovar wrote this database. Update the software, or take the backup that the newer one made
    before it changed the database.
    """


class MigrationError(StorageError):
    """The database could not be brought to this version, or rows would have been lost. It is as it was."""


class DatabaseUrlError(StorageError):
    """The setting storage.url is not one this version understands, or its driver is not installed."""


class UnreachableError(StorageError):
    """The database does not answer at the start. Look whether it runs and whether storage.url is right."""


# -- in a unit of work --------------------------------------------------------------------------


class RefusedError(StorageError):
    """The data forbids it (a fence, a uniqueness, a thing that is not there); trying again will not help."""


class DamagedRowError(RefusedError):
    """A sealed column does not open: the row was altered, swapped or cut. Restore it from a backup and ask
    who could write to the database.
    """


class BusyError(StorageError):
    """As many units of work wait as the settings allow. The disk is too slow, or something holds it."""
