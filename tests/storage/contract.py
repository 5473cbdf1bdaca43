"""What every storage port does, whatever lies behind it: a class that names a port inherits this."""

from tests.storage.contract_conversations import ConversationContract
from tests.storage.contract_generations import GenerationContract


class StorageContract(ConversationContract, GenerationContract):
    """All of it."""
