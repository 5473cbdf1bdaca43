"""Why the queue did not make a reply: in words for people, and in a code for pages, which have their own."""

from datetime import UTC, datetime

from msgspec import Struct

from actors.messages.queueing import Dismissed, GaveUp, OverLimit, QueueFull


class TurnedAway(Struct, frozen=True):
    """`reason` is the code; `limit` and `again_ms` are what the words of a page need."""

    reason: str
    why: str
    limit: int = 0
    again_ms: int = 0


def turned_away(said: QueueFull | OverLimit | Dismissed | GaveUp) -> TurnedAway:
    match said:
        case QueueFull(_, limit):
            why = f"{limit} replies are waiting already: try again in a while."
            return TurnedAway("queue_full", why, limit)
        case OverLimit(_, "user_waiting", limit):
            why = f"You have {limit} replies waiting already: ask again when one of them is done."
            return TurnedAway("user_waiting", why, limit)
        case OverLimit(_, "user_tokens", limit, again_ms):
            again = datetime.fromtimestamp(again_ms / 1000, UTC)
            why = f"You have had the {limit} tokens of this day: ask again after {again:%d %B, %H:%M} UTC."
            return TurnedAway("user_tokens", why, limit, again_ms)
        case OverLimit():
            raise TypeError(said.reason)
        case Dismissed():
            return TurnedAway("dismissed", "A keeper of this node took it out of the queue.")
        case GaveUp(_, why):
            return TurnedAway("no_worker", why)
