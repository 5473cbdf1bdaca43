"""Starter characters: the cards in web/starter, added when a node has no character at all. Those in English
stand in the folder itself, others in one that is called by their language; a page shows those of its own.

Ids come from the content, so that the same card is the same character and the same version everywhere.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import CardTrouble
from actors.character.sheet import sheet_of
from actors.messages.library import AddCharacterVersion
from actors.world import World
from web.accounts import LOCAL
from web.library.content_ids import content_id
from web.library.settings import LibrarySettings
from web.library.tagline import samovar_extension
from web.records import ConflictError, Records

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent / "starter"
ENGLISH = "en"


class StarterCardError(Exception):
    """A card in web/starter is not what it should be: mend the file, or take it away."""


def read_starter(
    path: Path, put_asset: Callable[[bytes], str], created_ms: int, pictures: Path = FOLDER
) -> AddCharacterVersion:
    """The card and its picture. Raises StarterCardError."""
    language = ENGLISH if path.parent == pictures else path.parent.name
    data = path.read_bytes()
    try:
        card = read_card(data, CardLimits()).card
    except CardTrouble as error:
        raise StarterCardError(f"{path.name}: {error}") from error
    said = samovar_extension(card)
    portrait = ""
    if said.portrait:
        picture = pictures / Path(said.portrait).name
        if picture.name != said.portrait or not picture.is_file():
            raise StarterCardError(f"{path.name}: there is no picture {said.portrait} beside it")
        portrait = put_asset(picture.read_bytes())
    digest = hashlib.sha256(data).digest()
    version = content_id("version", digest)
    named = path.stem if language == ENGLISH else f"{language}/{path.stem}"
    return AddCharacterVersion(
        character=content_id("starter", named.encode()),
        version=version,
        owner=LOCAL,
        sheet=sheet_of(version, card, LibrarySettings().sheet_bytes),
        card=data,
        content_hash=digest,
        tagline=said.tagline,
        tags=card.tags,
        portrait=portrait,
        created_ms=created_ms,
        shared=True,
        language=language,
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
        paths = [*sorted(folder.glob("*.json")), *sorted(folder.glob("*/*.json"))]
        return [read_starter(path, put_asset, now + place, folder) for place, path in enumerate(paths)]

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
