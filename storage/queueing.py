"""What the generation queue keeps: its rows under way, what users have spent, their shares, drained boxes."""

from actors.messages.archive import QueueState
from actors.messages.replies import UNFINISHED
from actors.messages.shares import SPENDING_DAYS, DrainBox, SetShare, Spending, SpendTokens
from storage import tables
from storage.database import insert
from storage.generations import COLUMNS, open_generation
from storage.statement import Statement
from storage.unit import Unit

EVERYBODYS_SHARE = 1.0
SPEND = Statement("UPDATE spending SET tokens = tokens + ? WHERE user_id = ? AND day = ?")


async def spend_tokens(unit: Unit, write: SpendTokens) -> None:
    if not await SPEND.run(unit.db, write.tokens, write.user, write.day):
        spending = {"day": write.day, "tokens": write.tokens, **unit.owned(write.user)}
        await insert(unit.db, "spending", spending)


async def set_share(unit: Unit, write: SetShare) -> None:
    await tables.QueueShare.filter(user_id=write.user).using_db(unit.db).delete()
    if write.share != EVERYBODYS_SHARE:
        await tables.QueueShare.create(using_db=unit.db, share=write.share, **unit.owned(write.user))


async def drain_box(unit: Unit, write: DrainBox) -> None:
    await tables.DrainedBox.filter(name=write.name).using_db(unit.db).delete()
    if write.drained:
        await tables.DrainedBox.create(using_db=unit.db, name=write.name, **unit.owned(write.user))


async def load_queue(unit: Unit) -> QueueState:
    live = tables.Generation.filter(state__in=UNFINISHED).using_db(unit.db).order_by("created_ms", "id")
    rows = await live.values(*COLUMNS)
    secrets = await unit.keys.secrets(unit.db, (row["inputs_key_id"] for row in rows))
    shares = tables.QueueShare.all().using_db(unit.db).order_by("user_id")
    boxes = tables.DrainedBox.all().using_db(unit.db).order_by("name")
    return QueueState(
        unfinished=tuple(open_generation(secrets, row) for row in rows),
        spendings=await spendings(unit),
        shares=tuple(await shares.values_list("user_id", "share")),
        drained=tuple([name for (name,) in await boxes.values_list("name")]),
    )


async def spendings(unit: Unit) -> tuple[Spending, ...]:
    """Of the last days that have any."""
    days = tables.Spending.all().using_db(unit.db).distinct().order_by("-day").limit(SPENDING_DAYS)
    last = [day for (day,) in await days.values_list("day")]
    if not last:
        return ()
    found = tables.Spending.filter(day__gte=last[-1]).using_db(unit.db).order_by("day", "user_id")
    return tuple(Spending(*row) for row in await found.values_list("user_id", "day", "tokens"))
