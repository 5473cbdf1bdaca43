"""Keyring: the data keys, unwrapped. They lie in the database, wrapped under the storage key."""

import os
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from uuid import UUID, uuid4

from rust_crypto.seal import KEY_LEN
from storage import tables
from storage.database import marks, raw
from storage.errors import DamagedRowError, MissingKeyFileError, WrongKeyFileError
from storage.fields import as_id
from storage.key_file import StorageKey
from storage.sealing import NOWHERE, DataKey, Place, SealedColumn, Secrets
from storage.search.terms import TermKey
from storage.work import Db

WRAPPED = SealedColumn("wrapped_key", "wrapped")
IDS_AT_ONCE = 500
FIND_KEYS = """
SELECT w.data_key_id, w.user_id, w.suite, w.blob, k.conversation_id
FROM wrapped_key w JOIN data_key k ON k.id = w.data_key_id
WHERE w.data_key_id IN ({ids}) AND w.recipient = {recipient}
"""


def place_of(key: UUID, user: UUID, conversation: UUID | None) -> Place:
    return Place(key, user, conversation or NOWHERE)


async def check_storage_key(db: Db, key: StorageKey | None, path: object) -> None:
    """Is this the storage key that the database was sealed with? None: the file is not there.

    Raises MissingKeyFileError, WrongKeyFileError.
    """
    sealed_for = await tables.WrappedKey.all().using_db(db).limit(1).values_list("recipient", flat=True)
    if not sealed_for:
        return
    if key is None:
        raise MissingKeyFileError(
            f"{path} is gone, and the database is sealed with it. Put it back from its backup; "
            "a new key would open nothing."
        )
    if not await tables.WrappedKey.filter(recipient=key.id).using_db(db).exists():
        raise WrongKeyFileError(
            f"{path} is not the key that this database was sealed with. Put the right one back."
        )


class Keyring:
    """Data keys by id; the ones used last stay in memory. An id never gets another key, so what is
    remembered is right even if the unit of work that made it failed.
    """

    def __init__(self, storage_key: StorageKey, node: UUID, limit: int) -> None:
        self._storage_key = storage_key
        self._node = node
        self._limit = limit
        self._secrets: OrderedDict[UUID, bytes] = OrderedDict()
        self._lock = Lock()  # units of work run on several threads
        self._for_characters: DataKey | None = None

    async def open_for_characters(self, db: Db) -> None:
        """Finds the node's key for what belongs to no conversation, or makes it."""
        mine = tables.DataKey.filter(node_id=self._node, conversation_id__isnull=True).using_db(db)
        found = await mine.order_by("created_ms", "id").limit(1).values_list("id")
        if found:
            self._for_characters = await self.key(db, found[0][0])
        else:
            self._for_characters = await self.make(db, self._node, None, 0)

    @property
    def for_characters(self) -> DataKey:
        if self._for_characters is None:
            raise RuntimeError("open_for_characters comes first")
        return self._for_characters

    def term_key(self, user: UUID) -> TermKey:
        """The key of the user's words in the index."""
        return TermKey(self._storage_key.secret, user)

    async def make(self, db: Db, user: UUID, conversation: UUID | None, created_ms: int) -> DataKey:
        """A fresh data key, in the transaction of `db`."""
        key = DataKey(uuid4(), os.urandom(KEY_LEN))
        owned = {"node_id": self._node, "user_id": user}
        await tables.DataKey.create(
            using_db=db, id=key.id, conversation_id=conversation, created_ms=created_ms, **owned
        )
        wrapper = DataKey(self._storage_key.id, self._storage_key.secret)
        sealed = WRAPPED.seal(wrapper, place_of(key.id, user, conversation), key.secret)
        await tables.WrappedKey.create(
            using_db=db,
            data_key_id=key.id,
            recipient=wrapper.id,
            suite=sealed["wrapped_suite"],
            blob=sealed["wrapped_blob"],
            **owned,
        )
        self._remember(key)
        return key

    async def key(self, db: Db, key_id: UUID) -> DataKey:
        """Raises DamagedRowError where it is lost."""
        secrets = await self.secrets(db, (key_id,))
        if key_id not in secrets:
            raise DamagedRowError(f"The data key {key_id} is gone. Restore a backup.")
        return DataKey(key_id, secrets[key_id])

    async def secrets(self, db: Db, key_ids: Iterable[UUID]) -> Secrets:
        """These keys; one that the database lacks is left out. Raises DamagedRowError."""
        wanted = set(key_ids)
        found: dict[UUID, bytes] = {}
        with self._lock:
            for key_id in wanted & self._secrets.keys():
                self._secrets.move_to_end(key_id)
                found[key_id] = self._secrets[key_id]
        missing = list(wanted - found.keys())
        for start in range(0, len(missing), IDS_AT_ONCE):
            for key in await self._unwrap(db, missing[start : start + IDS_AT_ONCE]):
                found[key.id] = key.secret
                self._remember(key)
        return found

    async def _unwrap(self, db: Db, key_ids: list[UUID]) -> list[DataKey]:
        postgres = db.capabilities.dialect == "postgres"
        recipient = f"${len(key_ids) + 1}" if postgres else "?"
        query = FIND_KEYS.format(ids=marks(db, len(key_ids)), recipient=recipient)
        rows = await raw(db, query, *key_ids, self._storage_key.id)
        mine = {self._storage_key.id: self._storage_key.secret}
        keys: list[DataKey] = []
        for row in rows:
            key_id, conversation = as_id(row["data_key_id"]), row["conversation_id"]
            place = place_of(key_id, as_id(row["user_id"]), as_id(conversation) if conversation else None)
            wrapped = {
                "wrapped_key_id": self._storage_key.id,
                "wrapped_suite": row["suite"],
                "wrapped_blob": row["blob"],
            }
            keys.append(DataKey(key_id, WRAPPED.open(mine, place, wrapped)))
        return keys

    def _remember(self, key: DataKey) -> None:
        with self._lock:
            self._secrets[key.id] = key.secret
            while len(self._secrets) > self._limit:
                self._secrets.popitem(last=False)
