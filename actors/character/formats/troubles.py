"""Why a file is refused. Each text is one line for people; each cause has a class of its own."""


class CardTrouble(Exception):  # noqa: N818 - a family of errors, named as the others of the code base
    """The file is not taken. Beside the line there is a code, for programs that have words of their own for
    it, and the facts that the line names: numbers and names."""

    def __init__(self, text: str, code: str, *facts: object) -> None:
        super().__init__(text)
        self.code = code
        self.facts = tuple(str(fact) for fact in facts)


class UnknownFileError(CardTrouble):
    """Neither JSON nor one of the pictures and archives that carry cards: choose the card's own file."""


class NoCardError(CardTrouble):
    """The file is sound, but nobody put a card into it: often a picture saved from a page's preview."""


class LorebookAloneError(NoCardError):
    """A lorebook without a character: import it as a lorebook."""


class NoLorebookError(CardTrouble):
    """The file holds no lorebook: choose another one."""


class BrokenFileError(CardTrouble):
    """The picture or archive is damaged or cut off: fetch it again."""


class BrokenJsonError(CardTrouble):
    """What should be the card's JSON is none: ask its maker for a sound one."""


class TooLargeError(CardTrouble):
    """The file goes beyond a limit: raise that limit if you trust the file."""


class EncryptedCardError(CardTrouble):
    """The card is encrypted for one program: export it from there without encryption."""


class UnsafeArchiveError(CardTrouble):
    """The archive holds what no card needs (links, paths that lead elsewhere, a bomb): do not trust it."""


class CannotExportError(CardTrouble):
    """The card cannot be written in this way: choose another suffix or another --spec."""
