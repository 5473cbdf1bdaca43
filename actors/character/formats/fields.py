"""Typed values out of an object of a JSON tree. What is of the wrong type is mended where the meaning is
plain, else counts as absent; both are told.
"""

from typing import Any, cast

from actors.character.formats.json_tree import EXACT_INT, plain, plain_text
from actors.character.formats.warnings import Place, Warnings


class Fields:
    """One object. `place` names it in warnings."""

    def __init__(self, tree: dict[str, Any], place: Place, warnings: Warnings) -> None:
        self.tree = tree
        self.place = place
        self.warnings = warnings
        self.known: set[str] = set()

    def get(self, *names: str) -> Any:
        """The first of these names that is there and not null."""
        self.known.update(names)
        return next((self.tree[name] for name in names if self.tree.get(name) is not None), None)

    def odd(self, code: str, name: str, value: object) -> None:
        self.warnings.odd(code, self.place, name, value)

    def text(self, *names: str) -> str:
        value = self.get(*names)
        if value is None:
            return ""
        if isinstance(value, str):
            return plain_text(value)
        if is_number(value):
            self.odd("odd_text_written", names[0], value)
            return str(value)
        if isinstance(value, list):
            found = cast("list[object]", value)
            self.odd("odd_text_joined", names[0], found)
            return "\n".join(plain_text(each) for each in found if isinstance(each, str))
        self.odd("odd_text", names[0], value)
        return ""

    def texts(self, *names: str, commas: bool = False) -> tuple[str, ...]:
        """A list of texts; a single text is one of it, or several with commas between them."""
        value = self.get(*names)
        match value:
            case None:
                return ()
            case str():
                self.odd("odd_texts_apart" if commas else "odd_texts_one", names[0], value)
                parts = value.split(",") if commas else [value]
                return tuple(plain_text(part.strip() if commas else part) for part in parts if part.strip())
            case list():
                found = cast("list[Any]", value)
                fit = [each for each in found if isinstance(each, str) or is_number(each)]
                if any(not isinstance(each, str) for each in found):
                    self.odd("odd_texts_some", names[0], found)
                return tuple(plain_text(each) if isinstance(each, str) else str(each) for each in fit)
            case _:
                self.odd("odd_texts", names[0], value)
                return ()

    def flag(self, *names: str) -> bool | None:
        value = self.get(*names)
        if value is None or isinstance(value, bool):
            return value
        said = {"true": True, "1": True, "false": False, "0": False, "": False}.get(str(value).lower())
        self.odd("odd_flag", names[0], value)
        return said

    def number(self, *names: str) -> float | None:
        """Finite, and within what every program holds exactly."""
        value = self.get(*names)
        if isinstance(value, str):
            text = value.strip()
            value = whole_or_none(text)
            if text:
                self.odd("odd_number_text", names[0], text)
        if value is None:
            return None
        if is_number(value) and abs(value) <= EXACT_INT:
            return value
        self.odd("odd_number", names[0], value)
        return None

    def whole(self, *names: str) -> int | None:
        value = self.number(*names)
        if value is None or value == int(value):
            return None if value is None else int(value)
        self.odd("odd_whole", names[0], value)
        return round(value)

    def count(self, *names: str) -> int | None:
        value = self.whole(*names)
        if value is not None and value < 0:
            self.odd("odd_negative", names[0], value)
            return None
        return value

    def object(self, *names: str) -> dict[str, Any]:
        value = self.get(*names)
        if isinstance(value, dict):
            return cast("dict[str, Any]", plain(value))
        if value is not None and value != []:  # PHP writes an empty object so
            self.odd("odd_object", names[0], value)
        return {}

    def rest(self) -> dict[str, Any]:
        """What none of the readers above was asked for."""
        return {name: value for name, value in self.tree.items() if name not in self.known}


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def whole_or_none(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number
