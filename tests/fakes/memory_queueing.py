"""What the generation queue keeps, in the memory of the fake storage: spendings, shares, drained boxes."""

from actors.messages.archive import QueueState
from actors.messages.replies import UNFINISHED
from actors.messages.shares import SPENDING_DAYS, DrainBox, SetShare, Spending, SpendTokens
from tests.fakes.memory_tables import Tables


def spend_tokens(tables: Tables, write: SpendTokens) -> None:
    place = (write.user, write.day)
    tables.put(tables.spendings, place, tables.spendings.get(place, 0) + write.tokens)


def set_share(tables: Tables, write: SetShare) -> None:
    tables.drop(tables.shares, write.user)
    if write.share != 1:
        tables.put(tables.shares, write.user, write.share)


def drain_box(tables: Tables, write: DrainBox) -> None:
    tables.drop(tables.drained, write.name)
    if write.drained:
        tables.put(tables.drained, write.name, write)


def load_queue(tables: Tables) -> QueueState:
    found = [g for g in tables.generations.values() if g.state in UNFINISHED]
    last = sorted({day for _, day in tables.spendings})[-SPENDING_DAYS:]
    spendings = sorted((day, user, n) for (user, day), n in tables.spendings.items() if day in last)
    return QueueState(
        unfinished=tuple(sorted(found, key=lambda g: (g.created_ms, g.id))),
        spendings=tuple(Spending(user, day, n) for day, user, n in spendings),
        shares=tuple(sorted(tables.shares.items())),
        drained=tuple(sorted(tables.drained)),
    )
