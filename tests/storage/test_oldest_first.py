"""The messages of a conversation come in an order in which a session takes them, whatever their times."""

from uuid import UUID

from actors.messages.conversations import StoredMessage
from storage.sessions import oldest_first

CONVERSATION, VERSION = UUID(int=1), UUID(int=2)
ROOT = UUID(int=3)


def message(number: int, parent: UUID, created_ms: int) -> StoredMessage:
    id_ = UUID(int=1_000 + number)
    return StoredMessage(id_, CONVERSATION, parent, 0, "user", str(number), VERSION, created_ms)


def root(created_ms: int = 50) -> StoredMessage:
    return StoredMessage(ROOT, CONVERSATION, ROOT, -1, "system", "", VERSION, created_ms)


def test_messages_whose_times_run_backwards_follow_their_parents() -> None:
    count = 30_000  # looked through anew for each, they would take minutes
    chain = [root()]
    for number in range(count):
        chain.append(message(number, chain[-1].id, count - number))
    assert list(oldest_first(chain[::-1])) == chain


def test_messages_of_one_time_come_in_the_order_of_their_ids() -> None:
    beside = [message(number, ROOT, 7) for number in range(5)]
    assert list(oldest_first([*beside[::-1], root()])) == [root(), *beside]
