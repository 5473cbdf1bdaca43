"""Sets single keys of samovar.toml and leaves every other line, every comment and every order alone."""

import json
import re
import tomllib
from typing import Any, cast

Value = str | int | bool | list[str]


def toml(value: Value) -> str:
    """JSON's way to write these is TOML's as well."""
    return json.dumps(value, ensure_ascii=False)


def get(text: str, section: str, key: str) -> Any:
    """What the file says; None where it says nothing. Raises tomllib.TOMLDecodeError."""
    found = tomllib.loads(text).get(section, {})
    return cast("dict[str, Any]", found).get(key) if isinstance(found, dict) else None


def with_key(text: str, section: str, key: str, value: Value) -> str:
    """The file with `key` set: in place of its line, also of a commented default, or at the section's head.

    Values over several lines are not known here; Samovar writes none.
    """
    line = f"{key} = {toml(value)}"
    lines = text.splitlines()
    head = next((place for place, one in enumerate(lines) if one.strip() == f"[{section}]"), None)
    if head is None:
        gap = [""] if lines else []
        return "\n".join([*lines, *gap, f"[{section}]", line]) + "\n"
    end = next((place for place in range(head + 1, len(lines)) if lines[place].startswith("[")), len(lines))
    for pattern in (rf"\s*{re.escape(key)}\s*=", rf"#\s*{re.escape(key)}\s*="):
        for place in range(head + 1, end):
            if re.match(pattern, lines[place]):
                remark = re.search(r"  # [^\"\[\]]*$", lines[place])
                lines[place] = line + (remark[0] if remark else "")
                return "\n".join(lines) + "\n"
    lines.insert(head + 1, line)
    return "\n".join(lines) + "\n"
