"""REST of writing characters: a card as its author sees it, saves, copies, and pictures for cards."""

import base64
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from quart import Quart, Response, request

from web import requests
from web.edge import Edge
from web.library.authoring import CardRefusedError, Draft, Saved, SavedMeanwhileError
from web.library.bench import BusyError
from web.library.importing import NAME
from web.protocol.characters import BroughtPicture, CardAsset, CardSave, EditableCard, SavedCard
from web.refusal import RefusedError, not_found
from web.rest_library import busy, id_of, refused_card, shown
from web.rest_versions import conflict

T = TypeVar("T")


def add_authoring_routes(app: Quart, edge: Edge) -> None:
    authoring = edge.authoring

    @app.get("/api/characters/versions/<version_id>/card")
    async def editable_card(version_id: str) -> Response:
        account = requests.account()
        seen = await tried(authoring.show(id_of(version_id), account))
        if seen is None:
            raise not_found()
        found, card = seen
        return requests.answer(
            EditableCard(
                character=shown(found.row, account.id),
                current=found.current or found.row.version,
                texts=card.texts,
                book=card.book,
                assets=tuple(
                    CardAsset(one.type, one.name, one.ext, one.where, one.size, as_base64(one.thumb))
                    for one in card.assets
                ),
                other=card.other,
            )
        )

    @app.post("/api/characters")
    async def new_character() -> Response:
        account, save = requests.account(), await card_save()
        return answer(await tried(authoring.save_new(draft_of(save), save.base, account)))

    @app.post("/api/characters/<character_id>/versions")
    async def save_character(character_id: str) -> Response:
        account, save = requests.account(), await card_save()
        if save.base is None:
            raise RefusedError(400, "bad_request", "Say of which version it is a further one.")
        over = save.over or save.base
        saved = await tried(authoring.save(draft_of(save), id_of(character_id), save.base, over, account))
        await edge.shelves.tell(account.id)  # the character's lorebooks count with this version too
        return answer(saved)

    @app.post("/api/characters/pictures")
    async def bring_picture() -> Response:
        take_turn()
        data = cast("bytes", await request.get_data(cache=False))
        picture, drawn = await tried(authoring.bring_picture(data))
        brought = BroughtPicture(picture, as_base64(drawn.thumb), drawn.width, drawn.height)
        return requests.answer(brought, 201)

    async def card_save() -> CardSave:
        take_turn()
        save = await requests.body(CardSave)
        named = save.name or (save.texts.name if save.texts is not None else None)
        if (save.base is None and save.texts is None) or (named is not None and not fits(named)):
            raise RefusedError(400, "card_name", f"A name has 1 to {NAME} characters.", limit=NAME)
        return save

    def take_turn() -> None:
        if not edge.imports.take(requests.account().id.hex, edge.world.monotonic_s()):
            raise RefusedError(429, "too_many", "Too many saves at once: wait a minute.", 60)

    _ = editable_card, new_character, save_character, bring_picture


async def tried(work: Coroutine[Any, Any, T]) -> T:
    """Raises RefusedError."""
    try:
        return await work
    except CardRefusedError as error:
        raise refused_card(error.refused) from error
    except SavedMeanwhileError as error:
        raise conflict() from error
    except BusyError as error:
        raise busy() from error


def fits(name: str) -> bool:
    return len(name.strip()) >= 1 and len(name) <= NAME


def draft_of(save: CardSave) -> Draft:
    return Draft(save.texts, save.book, save.assets, save.portrait, save.name)


def answer(saved: Saved | None) -> Response:
    if saved is None:
        raise not_found()
    body = SavedCard(saved.character, saved.version, saved.changed)
    return requests.answer(body, 201 if saved.changed else 200)


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
