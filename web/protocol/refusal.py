"""The REST body of every refusal."""

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """Body of every answer with a status of 400 and above. `limit` is the number that the refusal is about;
    0 where there is none. Of a card: `cause` and `facts`, as ImportedFile has its code and facts."""

    code: str
    text: str
    limit: int = 0
    cause: str = ""
    facts: tuple[str, ...] = ()
