"""Macros: `{{name}}`, `{{name:value}}`, `{{name::value::value}}`, and the old `<USER>` and `<BOT>`.

Sources: character card V1 to V3 ("Curly Braced Syntaxes"), and the macros that SillyTavern's users write. A
macro names a value or draws one; none computes, fetches or runs anything, and one that is not known stays
as it is written. What a macro becomes is never read again, so a name that looks like a macro stays text.

Chance is keyed (draws.py): the same prompt draws the same on every box and at every attempt.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum, auto

from msgspec import Struct

from actors.character.draws import draw, draw_whole
from actors.character.time_spans import moment_of, span
from actors.messages.seen import MACRO_NAME, pairs

DEEPEST = 16
"""Macros within macros; deeper ones stay as written."""
LONGEST = 400_000
"""Characters that one text may become: a variable can be written into itself."""
OLD_NAMES = re.compile(r"<(BOT|CHAR|USER)>", re.IGNORECASE)
UTC_TIME = re.compile(r"time_UTC([+-]\d{1,2})", re.IGNORECASE)
TRIM = object()
"""In place of `{{trim}}`: takes the line ends around it away."""


class Use(Enum):
    """What a text is expanded for.

    PROMPT  comments and hidden keys are gone
    SCAN    for keys of lore: hidden keys are there, comments are not
    KEEP    for a message that is kept: what gives words is words, once and for all; comments for readers,
            hidden keys and what sets a variable stay macros, which prompts and lore read later
    """

    PROMPT = auto()
    SCAN = auto()
    KEEP = auto()


class Scene(Struct, frozen=True):
    """What macros can name. Texts here are expanded already.

    `seed` is another one at each reply and the same at each of its attempts; `talk` is the conversation.
    `utc_offset_min` is the reader's clock. `idle_ms` None: not known.
    """

    char: str
    user: str
    talk: str = ""
    seed: int = 0
    persona: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    examples: str = ""
    greeting: str = ""
    notes: str = ""
    char_prompt: str = ""  # the card's system_prompt
    char_instruction: str = ""  # … its post_history_instructions
    char_depth_prompt: str = ""
    authors_note: str = ""
    summary: str = ""
    max_prompt: int = 0  # tokens that the prompt may have; 0: not known
    version: str = ""
    model: str = ""
    group: tuple[str, ...] = ()  # all characters of a group talk, this one included
    muted: tuple[str, ...] = ()  # of them, those that do not speak of their own accord
    last_message: str = ""
    last_user_message: str = ""
    last_char_message: str = ""
    last_message_id: int = -1
    now_ms: int = 0
    utc_offset_min: int = 0
    idle_ms: int | None = None


class Macros:
    """Expands the texts of one prompt, in the order of the prompt: variables that one text sets, later ones
    read.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.variables: dict[str, str] = {}
        self.outlets: dict[str, str] = {}
        self.places: dict[str, int] = {}  # draws made at each place

    def expand(
        self,
        text: str,
        place: str,
        *,
        original: str | None = None,
        steady: bool = False,
        use: Use = Use.PROMPT,
    ) -> str:
        """The text without macros. `place` names where it stands, so that two places draw apart; `steady`:
        its draws stay what they are from reply to reply, as in a message that was said. `original` is what
        `{{original}}` becomes.
        """
        if "{{" not in text and "<" not in text:
            return text
        self.places[place] = 0
        return Expansion(self, place, original, steady, use).run(text)


class Expansion:
    """One text under expansion."""

    def __init__(self, macros: Macros, place: str, original: str | None, steady: bool, use: Use) -> None:
        self.macros = macros
        self.scene = macros.scene
        self.place = place
        self.original = original
        self.steady = steady
        self.use = use
        self.length = 0

    def run(self, text: str) -> str:
        return self.expand(text, 0)

    # -- reading ------------------------------------------------------------------------------

    def expand(self, text: str, depth: int) -> str:
        pieces: list[str | object] = []
        at = 0
        for start, end in sorted(pairs(text).items()):
            if start >= at:  # else it stands in the one before
                pieces.append(self.old_names(text[at:start]))
                pieces.append(self.one(text[start:end], depth))
                at = end
        pieces.append(self.old_names(text[at:]))
        return joined(pieces)

    def old_names(self, text: str) -> str:
        if "<" not in text:
            return text
        return OLD_NAMES.sub(
            lambda match: self.scene.user if match[1].lower() == "user" else self.scene.char, text
        )

    def one(self, written: str, depth: int) -> str | object:
        """What the macro `{{…}}` becomes; itself where it is not known."""
        body = written[2:-2]
        found = MACRO_NAME.match(body)
        if found is None or depth >= DEEPEST or self.length > LONGEST:
            return written
        name, rest = found[1].lower(), body[found.end() :]
        if name == "trim" and not rest.strip():
            return TRIM
        if zone := UTC_TIME.fullmatch(body.strip()):
            return self.clock(int(zone[1]) * 60).strftime("%H:%M")
        value = VALUES.get(name)
        if value is not None and not rest.strip():
            became = value(self)
        else:
            function = FUNCTIONS.get(name)
            became = function(self, Arguments(self, rest, depth)) if function is not None else None
        if became is None:
            return written
        self.length += len(became)
        return became

    # -- what values need ---------------------------------------------------------------------

    def key(self, what: str, *, steady: bool) -> tuple[object, ...]:
        number = self.macros.places[self.place]
        self.macros.places[self.place] = number + 1
        scene = self.scene
        held = (scene.talk,) if steady or self.steady else (scene.talk, scene.seed)
        return (what, *held, self.place, number)

    def clock(self, offset_min: int) -> datetime:
        zone = timezone(timedelta(minutes=max(-1439, min(1439, offset_min))))
        return datetime.fromtimestamp(self.scene.now_ms / 1000, zone)

    @property
    def here(self) -> datetime:
        return self.clock(self.scene.utc_offset_min)


class Arguments:
    """What stands behind a macro's name, unexpanded: `:value`, `::a::b` or ` value`."""

    def __init__(self, expansion: Expansion, written: str, depth: int) -> None:
        self.expansion = expansion
        self.depth = depth
        self.doubled = written.startswith("::")
        self.text = written[2:] if self.doubled else written.removeprefix(":")

    def expanded(self, text: str) -> str:
        return self.expansion.expand(text, self.depth + 1)

    def whole(self) -> str:
        return self.expanded(self.text).strip()

    def parts(self) -> list[str]:
        """`a::b::c`."""
        return [self.expanded(part) for part in split_outside(self.text, "::")]

    def choices(self) -> list[str]:
        """`a,b,c` or `a::b::c`."""
        parts = split_outside(self.text, "::")
        if len(parts) == 1:
            parts = [part.replace("\\,", ",") for part in split_outside(self.text, ",")]
        return [part.strip() for part in parts]


def split_outside(text: str, separator: str) -> list[str]:
    """Split at separators that stand in no macro; a comma behind a backslash separates nothing."""
    macros = pairs(text)
    parts: list[str] = []
    begin = at = 0
    while at < len(text):
        if at in macros:
            at = macros[at]
        elif text.startswith("\\,", at):
            at += 2
        elif text.startswith(separator, at):
            parts.append(text[begin:at])
            at = begin = at + len(separator)
        else:
            at += 1
    return [*parts, text[begin:]]


def joined(pieces: list[str | object]) -> str:
    trimming = False
    parts: list[str] = []
    for piece in pieces:
        if not isinstance(piece, str):
            parts, trimming = ["".join(parts).rstrip("\r\n")], True
            continue
        text = piece.lstrip("\r\n") if trimming else piece
        trimming = trimming and not text
        parts.append(text)
    return "".join(parts)


# -- what they become ---------------------------------------------------------------------------

Value = Callable[[Expansion], str | None]
Function = Callable[[Expansion, Arguments], str | None]


def scene_text(field: str) -> Value:
    return lambda run: getattr(run.scene, field)


def formatted(format_: str) -> Value:
    return lambda run: run.here.strftime(format_)


def nothing(_run: Expansion) -> str:
    """Also of what has no value when a reply is asked for: what stands in the box, versions of the reply."""
    return ""


def clock_time(run: Expansion) -> str:
    return run.here.strftime("%H:%M")


def idle(run: Expansion) -> str:
    minutes = (run.scene.idle_ms or 0) // 60_000
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}" + ("s" if count > 1 else "")
    return "just now"


def group(run: Expansion) -> str:
    return ", ".join(run.scene.group) or run.scene.char


def not_muted(run: Expansion) -> str:
    return ", ".join(name for name in run.scene.group if name not in run.scene.muted) or run.scene.char


def others(run: Expansion) -> str:
    return ", ".join(name for name in run.scene.group if name != run.scene.char) or run.scene.user


def max_prompt(run: Expansion) -> str:
    return str(run.scene.max_prompt) if run.scene.max_prompt > 0 else ""


def last_id(run: Expansion) -> str:
    return str(run.scene.last_message_id) if run.scene.last_message_id >= 0 else ""


def one_of_many(run: Expansion, given: Arguments, *, steady: bool) -> str | None:
    choices = given.choices()
    if not given.text.strip():
        return None
    return given.expanded(choices[int(draw(*run.key("choice", steady=steady)) * len(choices))])


def random(run: Expansion, given: Arguments) -> str | None:
    return one_of_many(run, given, steady=False)


def pick(run: Expansion, given: Arguments) -> str | None:
    return one_of_many(run, given, steady=True)


DICE = re.compile(r"(\d{0,3})d?(\d{1,9})([+-]\d{1,9})?", re.IGNORECASE)


def roll(run: Expansion, given: Arguments) -> str | None:
    """`6`, `d6`, `2d6`, `2d6+1`."""
    text = given.whole().lower()
    found = DICE.fullmatch(text if "d" in text else f"d{text}")
    if found is None or int(found[2]) == 0:
        return None
    count, most = int(found[1] or 1), int(found[2])
    key = run.key("roll", steady=False)
    return str(sum(draw_whole(most, *key, number) for number in range(count)) + int(found[3] or 0))


def removed(_run: Expansion, _given: Arguments) -> str:
    return ""


def comment(run: Expansion, given: Arguments) -> str:
    return f"{{{{comment:{given.expanded(given.text)}}}}}" if run.use is Use.KEEP else ""


def hidden_key(run: Expansion, given: Arguments) -> str:
    match run.use:
        case Use.PROMPT:
            return ""
        case Use.SCAN:
            return given.whole()
        case Use.KEEP:
            return f"{{{{hidden_key:{given.expanded(given.text)}}}}}"


def reverse(_run: Expansion, given: Arguments) -> str:
    return given.whole()[::-1]


STRFTIME = {
    "YYYY": "%Y",
    "YY": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "DD": "%d",
    "dddd": "%A",
    "ddd": "%a",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "A": "%p",
}
MOMENT = re.compile("|".join(STRFTIME))


def datetime_format(run: Expansion, given: Arguments) -> str:
    """In the letters of moment.js, which cards use."""
    return MOMENT.sub(lambda match: run.here.strftime(STRFTIME[match[0]]), given.whole())


def time_difference(run: Expansion, given: Arguments) -> str | None:
    parts = given.parts()
    if len(parts) != 2:
        return None
    first, second = (moment_of(part, run.here.tzinfo) for part in parts)
    return span(first, second) if first is not None and second is not None else None


def set_variable(run: Expansion, given: Arguments) -> str | None:
    parts = given.parts()
    if len(parts) != 2 or len(parts[1]) > LONGEST:
        return None
    return now_is(run, parts[0].strip(), parts[1])


def now_is(run: Expansion, name: str, value: str) -> str:
    """Sets the variable; a message that is kept sets it in each prompt."""
    run.macros.variables[name] = value
    return f"{{{{setvar::{name}::{value}}}}}" if run.use is Use.KEEP else ""


def get_variable(run: Expansion, given: Arguments) -> str:
    return run.macros.variables.get(given.whole(), "")


def add_to_variable(run: Expansion, given: Arguments) -> str | None:
    """Numbers are added, texts joined."""
    parts = given.parts()
    if len(parts) != 2:
        return None
    name, more = parts[0].strip(), parts[1]
    before = run.macros.variables.get(name, "0" if as_number(more) is not None else "")
    first, second = as_number(before), as_number(more)
    after = shown_number(first + second) if first is not None and second is not None else before + more
    if len(after) > LONGEST:
        return None
    return now_is(run, name, after)


def step_variable(by: int) -> Function:
    def step(run: Expansion, given: Arguments) -> str:
        name = given.whole()
        after = shown_number((as_number(run.macros.variables.get(name, "0")) or 0) + by)
        return now_is(run, name, after) + after

    return step


def as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None


def shown_number(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def outlet(run: Expansion, given: Arguments) -> str:
    return run.macros.outlets.get(given.whole(), "")


def lines(_run: Expansion, given: Arguments) -> str | None:
    text = given.whole()
    return "\n" * min(int(text), 100) if text.isdecimal() else None


VALUES: Mapping[str, Value] = {
    "char": scene_text("char"),
    "bot": scene_text("char"),
    "user": scene_text("user"),
    "persona": scene_text("persona"),
    "description": scene_text("description"),
    "chardescription": scene_text("description"),
    "personality": scene_text("personality"),
    "charpersonality": scene_text("personality"),
    "scenario": scene_text("scenario"),
    "mesexamples": scene_text("examples"),
    "mesexamplesraw": scene_text("examples"),
    "charfirstmessage": scene_text("greeting"),
    "charcreatornotes": scene_text("notes"),
    "charprompt": scene_text("char_prompt"),
    "charinstruction": scene_text("char_instruction"),
    "chardepthprompt": scene_text("char_depth_prompt"),
    "authorsnote": scene_text("authors_note"),
    "summary": scene_text("summary"),
    "maxprompt": max_prompt,
    "input": nothing,
    "lastswipeid": nothing,
    "currentswipeid": nothing,
    "charversion": scene_text("version"),
    "char_version": scene_text("version"),
    "model": scene_text("model"),
    "lastmessage": scene_text("last_message"),
    "lastusermessage": scene_text("last_user_message"),
    "lastcharmessage": scene_text("last_char_message"),
    "lastmessageid": last_id,
    "group": group,
    "charifnotgroup": group,
    "groupnotmuted": not_muted,
    "notchar": others,
    "original": lambda run: run.original,
    "newline": lambda _: "\n",
    "space": lambda _: " ",
    "noop": nothing,
    "time": clock_time,
    "date": formatted("%d %B %Y"),
    "weekday": formatted("%A"),
    "isotime": clock_time,
    "isodate": formatted("%Y-%m-%d"),
    "idle_duration": idle,
    "idleduration": idle,
}
FUNCTIONS: Mapping[str, Function] = {
    "random": random,
    "pick": pick,
    "roll": roll,
    "//": removed,
    "comment": comment,
    "hidden_key": hidden_key,
    "reverse": reverse,
    "datetimeformat": datetime_format,
    "timediff": time_difference,
    "setvar": set_variable,
    "getvar": get_variable,
    "addvar": add_to_variable,
    "incvar": step_variable(1),
    "decvar": step_variable(-1),
    "setglobalvar": set_variable,
    "getglobalvar": get_variable,
    "addglobalvar": add_to_variable,
    "incglobalvar": step_variable(1),
    "decglobalvar": step_variable(-1),
    "outlet": outlet,
    "newline": lines,
    "banned": removed,
}


def expand_names(text: str, char: str, user: str) -> str:
    """The text with the two names in place and every other macro as written."""
    names = {"char": char, "bot": char, "user": user}
    return NAMES.sub(lambda match: names[(match[1] or match[2]).lower()], text)


NAMES = re.compile(r"\{\{(char|bot|user)\}\}|<(BOT|CHAR|USER)>", re.IGNORECASE)
