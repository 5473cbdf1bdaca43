"""Starter characters: the cards in web/starter, added when a node has no character at all.

Ids come from the content, so that the same card is the same character and the same version everywhere.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from actors.messages.archive import AddCharacterVersion
from actors.messages.generation import CharacterSheet
from actors.world import World
from web.accounts import LOCAL
from web.records import ConflictError, Records

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "starter"


class StarterCardError(Exception):
    """A card in web/starter is not what it should be: mend the file, or take it away."""


class SamovarExtension(Struct, frozen=True):
    """What a card says to Samovar alone."""

    tagline: str = ""
    portrait: str = ""  # name of the picture beside the card


class Extensions(Struct, frozen=True):
    samovar: SamovarExtension = SamovarExtension()


class CardData(Struct, frozen=True):
    """The fields of a card of the third format that the prompt and the gallery use."""

    name: str
    description: str = ""
    personality: str = ""
    scenario: str = ""
    system_prompt: str = ""
    post_history_instructions: str = ""
    mes_example: str = ""
    first_mes: str = ""
    alternate_greetings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    extensions: Extensions = Extensions()


class Card(Struct, frozen=True, tag="chara_card_v3", tag_field="spec"):
    """https://github.com/kwaroran/character-card-spec-v3"""

    data: CardData


def content_id(kind: str, digest: bytes) -> UUID:
    """A UUIDv8 (RFC 9562 §5.8) that belongs to this content."""
    value = int.from_bytes(hashlib.sha256(kind.encode() + b"\0" + digest).digest()[:16], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def read_card(path: Path, put_asset: Callable[[bytes], str], created_ms: int) -> AddCharacterVersion:
    """The card and its picture. Raises StarterCardError."""
    card = path.read_bytes()
    try:
        data = msgspec.json.decode(card, type=Card).data
    except msgspec.DecodeError as error:
        raise StarterCardError(f"{path.name}: {error}") from error
    mine = data.extensions.samovar
    portrait = ""
    if mine.portrait:
        picture = path.parent / Path(mine.portrait).name
        if picture.name != mine.portrait or not picture.is_file():
            raise StarterCardError(f"{path.name}: there is no picture {mine.portrait} beside it")
        portrait = put_asset(picture.read_bytes())
    digest = hashlib.sha256(card).digest()
    version = content_id("version", digest)
    return AddCharacterVersion(
        character=content_id("starter", path.stem.encode()),
        version=version,
        owner=LOCAL,
        sheet=CharacterSheet(
            character=version,
            name=data.name,
            description=data.description,
            personality=data.personality,
            scenario=data.scenario,
            system_prompt=data.system_prompt,
            post_history_instructions=data.post_history_instructions,
            mes_example=data.mes_example,
            first_mes=data.first_mes,
            alternate_greetings=data.alternate_greetings,
        ),
        card=card,
        content_hash=digest,
        tagline=mine.tagline,
        tags=data.tags,
        portrait=portrait,
        created_ms=created_ms,
    )


async def add_starter_characters(
    records: Records, world: World, put_asset: Callable[[bytes], str], folder: Path = FOLDER
) -> int:
    """How many were added: none where there is a character already.

    `put_asset` keeps a picture and returns its id; it may block. Call it when the local user, who owns
    these characters, exists. Raises StarterCardError, StorageTroubleError.
    """
    if await records.characters():
        return 0
    now = world.utc_ms()

    def read_all() -> list[AddCharacterVersion]:
        paths = sorted(folder.glob("*.json"))
        return [read_card(path, put_asset, now + place) for place, path in enumerate(paths)]

    writes = await asyncio.to_thread(read_all)
    if not writes:
        return 0
    try:
        await records.commit(*writes)
    except ConflictError as error:
        log.info("the starter characters are there already: %s", error)
        return 0
    log.info("added %d starter characters", len(writes))
    return len(writes)
