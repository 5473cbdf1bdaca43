"""Ownership: whose a conversation is. Asked of the archive once and remembered; it never changes."""

from collections import OrderedDict
from uuid import UUID

from web.records import Records


class Ownership:
    def __init__(self, records: Records, remembered: int = 10_000) -> None:
        self.records = records
        self.remembered = remembered
        self.owners: OrderedDict[UUID, UUID] = OrderedDict()

    async def owns(self, user: UUID, conversation: UUID) -> bool:
        """Raises StorageTroubleError."""
        owner = self.owners.get(conversation)
        if owner is None:
            owner = await self.records.owner(conversation)
            if owner is None:
                return False
            self.remember(conversation, owner)
        return owner == user

    def remember(self, conversation: UUID, owner: UUID) -> None:
        self.owners[conversation] = owner
        if len(self.owners) > self.remembered:
            self.owners.popitem(last=False)

    def forget(self, conversation: UUID) -> None:
        """It is deleted."""
        self.owners.pop(conversation, None)
