"""Remarks: what is to be said about a file that came in, for people and for programs."""

from msgspec import Struct


class Remark(Struct, frozen=True):
    """`text` is one line of English; `code` and `facts` (numbers and names, as the line has them) are for
    programs that have words of their own."""

    code: str
    text: str
    facts: tuple[str, ...] = ()


def remark(code: str, text: str, *facts: object) -> Remark:
    return Remark(code, text, tuple(str(fact) for fact in facts))
