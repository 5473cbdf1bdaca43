"""Settings of the storage: one frozen object, composed by the supervisor."""

from msgspec import Struct


class StorageSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The database."""

    url: str = ""  # "": SQLite in DATA/db; or postgres://USER:PASSWORD@HOST:PORT/DATABASE
    readers: int = 2  # connections for reading, beside the one for writing
    busy_timeout_s: float = 5.0  # longest wait for another program that holds the database
    units_waiting: int = 2_000  # units of work under way or waiting; further ones fail at once
    # Commits that usually take less are the event loop's; 0: never. A disk that then stands still for longer
    # than the supervisor's patience (heartbeat_limit_s) costs a restart of the web process.
    commit_here_s: float = 0.002
    keys_cached: int = 10_000  # data keys kept in memory, unwrapped
    journal_rows: int = (
        2_000  # transactions whose chunks lie together before the oldest get rows of their own
    )
    # -- the index of words
    index_gather_s: float = 0.25  # pause before the first one, for others to come along
    index_batch: int = 4  # messages that it takes in at once
    index_pause_s: float = 0.01  # … and the pause behind them
    index_quiet_turns: int = 8  # so many turns of the event loop, one behind the other, …
    index_quiet_turn_s: float = 0.0003  # … that took less than this have room for it
    index_patience_s: float = 0.1  # it waits for them no longer than this, before each of its steps
    index_retry_s: float = 5.0  # pause behind trouble
    # -- conversations that people removed
    removed_days: float = 30.0  # then they are dropped for good
    purge_s: float = 3_600.0  # how often such ones are looked for
