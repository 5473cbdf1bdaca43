"""What was odd about a file and was tolerated: a code with its facts and a line of English, each once, so
many and no more. Whatever of the file stands in them was cut and cleaned here.

The page has its own words for each code: web/ui/src/messages/warnings.ts.
"""

from actors.messages.remarks import Remark, remark

LINES = {
    # the file
    "json_utf16": "The JSON is in UTF-16, not in UTF-8.",
    "json_garbled": "The JSON is not clean UTF-8: what could not be read stands as �.",
    "json_breaks": "The JSON has line breaks or other control characters inside its texts.",
    "json_name_twice": "A name stands twice in one object of the JSON: the last one counts.",
    "json_constant": "{} is no number in JSON: read as null.",
    "picture_more": "{:,} bytes follow the end of the picture: they are not read.",
    "picture_unshown": "The picture is not shown: it is damaged, or of a kind that is not shown.",
    "picture_too_large": "The picture is not shown: it has {:,} pixels, more than {:,}.",
    "picture_no_decoder": "The picture is not shown: Pillow is missing here, run python3 -m deploy setup.",
    "archive_before": "{:,} bytes stand before the archive: they are not read.",
    "file_no_base64": 'The embedded file "{}" is no base64: left out.',
    "file_twice": 'The embedded file "{}" stands twice: the first one counts.',
    "chunks_differ": "The picture has several {} chunks that differ: the first one counts.",
    "chunk_unread": "The {} chunk cannot be read.",
    "chunk_bare": "The card stands in the picture as bare JSON, not as base64.",
    "newer_no_json": "Of two cards in the file the newer one cannot be read: its JSON is broken.",
    "newer_no_card": "Of two cards in the file the newer one cannot be read: its JSON is no card.",
    # the format
    "spec_no_data": 'The card calls itself "{}", but has no data: read as V1.',
    "spec_missing": "The card does not say of which format it is: read as V2.",
    "spec_unknown": 'The card\'s format "{}" is unknown: read as V3.',
    "spec_newer": "The card is of a newer format ({}): what is new in it is kept.",
    "spec_other": "The card calls itself {}, but version {}.",
    # what it holds
    "no_name": "The card has no name.",
    "assets_none": "{:,} of the assets are none: left out.",
    "icons_main": "{:,} of the icons are called main; one should be.",
    "asset_type": 'asset {}: its type "{}" is unknown: kept, not used.',
    "asset_remote": 'asset {}: "{}" lies elsewhere: it is never fetched.',
    "asset_missing": 'asset {}: the file "{}" is not in the card.',
    "asset_uri": "asset {}: its data URI cannot be read.",
    "entries_none": "lorebook: {:,} of the entries are none: left out.",
    "more": "… and {:,} more",
}
"""By code. The facts stand in the order in which a line has them."""
ODD = {
    "odd_text_written": "not a text: written out",
    "odd_text_joined": "not a text: its texts were joined",
    "odd_text": "not a text: left out",
    "odd_texts_one": "not a list of texts",
    "odd_texts_apart": "not a list of texts: taken apart",
    "odd_texts_some": "and not all of it is text",
    "odd_texts": "not a list of texts: left out",
    "odd_flag": "not true or false",
    "odd_number_text": "not a number",
    "odd_number": "not a number of use: left out",
    "odd_whole": "not a whole number: rounded",
    "odd_negative": "below nought: left out",
    "odd_object": "not an object: left out",
    "odd_list": "not a list: left out",
    "odd_book": "not a lorebook: left out",
    "odd_position": "neither before_char nor after_char",
    "odd_version": "taken for {}",
    "odd_entries": "so it has none",
}
"""Of a value: how a line about it ends."""
PLACES = {"card": "", "lorebook": "lorebook: ", "entry": "lore entry {}: ", "asset": "asset {}: "}
KINDS = {
    "missing": "missing",
    "text": 'the text "{}"',
    "number": "the number {}",
    "true": "true",
    "false": "false",
    "object": "an object",
    "list": "a list",
}
CODES = (*LINES, *ODD)
VALUE = 30  # characters

Place = tuple[str, int]
"""One of PLACES, and which of its kind it is, counted from 1."""


class Warnings:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.found: dict[Remark, None] = {}  # in the order they came
        self.more = 0

    def add(self, code: str, *facts: str | int) -> None:
        self.keep(line_of(code, *facts))

    def odd(self, code: str, place: Place, field: str, value: object, *more: str) -> None:
        """Of a value of the wrong type. Facts: the place, its number, the field, the kind of value, the
        value, and what else the line has."""
        kind, said = kind_of(value)
        where, what = PLACES[place[0]].format(place[1]), ODD[code].format(*more)
        line = f"{where}{field} is {KINDS[kind].format(said)}, {what}."
        self.keep(remark(code, line, *place, field, kind, said, *more))

    def keep(self, found: Remark) -> None:
        if found in self.found:
            return
        if len(self.found) < self.limit:
            self.found[found] = None
        else:
            self.more += 1

    def told(self) -> tuple[Remark, ...]:
        return (*self.found, line_of("more", self.more)) if self.more else tuple(self.found)


def line_of(code: str, *facts: str | int) -> Remark:
    clean = tuple(shown(fact) if isinstance(fact, str) else fact for fact in facts)
    return remark(code, LINES[code].format(*clean), *clean)


def kind_of(value: object) -> tuple[str, str]:
    """One of KINDS, and what is shown of the value."""
    match value:
        case None:
            return "missing", ""
        case str():
            return "text", shown(value, VALUE)
        case bool():
            return ("true" if value else "false"), ""
        case dict():
            return "object", ""
        case list():
            return "list", ""
        case _:
            return "number", shown(str(value), VALUE)


def shown(value: object, length: int = 60) -> str:
    """A piece of the card as it may stand in a line: short, and without control characters."""
    text = value if isinstance(value, str) else repr(value)
    cut = text[:length]
    clean = "".join(letter if letter.isprintable() else "?" for letter in cut)
    return clean + ("…" if len(text) > length else "")
