"""What SillyTavern says of a card beyond the card format, read out of its extensions."""

from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct

from actors.character.card import Card
from actors.character.entry_options import flag, number, text, whole


class DepthPrompt(Struct, frozen=True):
    """A text of the author's that stands some messages before the end."""

    prompt: str = ""
    depth: int = 4  # messages from the end
    role: str = "system"  # system, user or assistant


class CardOptions(Struct, frozen=True):
    depth_prompt: DepthPrompt | None = None
    talkativeness: float | None = None  # 0 to 1: how readily the character speaks in a group
    favourite: bool = False
    world: str = ""  # name of the lorebook that goes with the card


def card_options(card: Card) -> CardOptions:
    said = card.extensions
    talkativeness = share(said.get("talkativeness"))
    return CardOptions(
        depth_prompt=depth_prompt(said.get("depth_prompt")),
        talkativeness=talkativeness,
        favourite=flag(said, "fav") or said.get("fav") == "true",
        world=text(said, "world"),
    )


def card_prompts(card: Card) -> dict[str, str]:
    """What a card asks of the model, by the names that a scene of macros has for it."""
    deep = card_options(card).depth_prompt
    return {
        "char_prompt": card.system_prompt,
        "char_instruction": card.post_history_instructions,
        "char_depth_prompt": deep.prompt if deep else "",
    }


def depth_prompt(value: object) -> DepthPrompt | None:
    if not isinstance(value, dict):
        return None
    said = cast("Mapping[str, Any]", value)
    if not text(said, "prompt").strip():
        return None
    depth = whole(said, "depth")
    role = text(said, "role")
    return DepthPrompt(
        text(said, "prompt"),
        max(depth, 0) if depth is not None else DepthPrompt().depth,
        role if role in ("system", "user", "assistant") else "system",
    )


def share(value: object) -> float | None:
    """A number from 0 to 1; SillyTavern writes it as text as well."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    found = number({"": value}, -1.0, "")
    return min(found, 1.0) if found >= 0 else None
