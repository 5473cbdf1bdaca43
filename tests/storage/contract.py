"""What every storage port does, whatever lies behind it: a class that names a port inherits this."""

from tests.storage.contract_accounts import AccountContract
from tests.storage.contract_choices import ChoicesContract
from tests.storage.contract_conversations import ConversationContract
from tests.storage.contract_filing import FilingContract
from tests.storage.contract_generations import GenerationContract
from tests.storage.contract_groups import GroupContract
from tests.storage.contract_library import LibraryContract
from tests.storage.contract_lorebooks import LorebookContract
from tests.storage.contract_marks import MarkContract
from tests.storage.contract_queueing import QueueingContract
from tests.storage.contract_summaries import SummaryContract
from tests.storage.contract_traces import TraceContract


class StorageContract(
    AccountContract,
    ChoicesContract,
    ConversationContract,
    FilingContract,
    GenerationContract,
    GroupContract,
    LibraryContract,
    LorebookContract,
    MarkContract,
    QueueingContract,
    SummaryContract,
    TraceContract,
):
    """All of it."""
