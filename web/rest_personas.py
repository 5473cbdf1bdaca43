"""REST of personas: who a user can be in conversations."""

from typing import cast
from uuid import UUID

from msgspec.structs import replace
from quart import Quart, Response, request

from actors.messages import choices
from actors.messages.choosing import PutPersona
from web import requests
from web.choosing import NoPictureError, TooManyError
from web.edge import Edge
from web.library.bench import BusyError
from web.protocol.choices import NewPersona, Persona, PersonaChange
from web.records import ConflictError
from web.refusal import RefusedError, not_found
from web.rest_library import busy, id_of
from web.unfit_choices import description_of, name_of


def add_persona_routes(app: Quart, edge: Edge) -> None:
    choosing, records = edge.choosing, edge.records

    @app.get("/api/personas")
    async def personas() -> Response:
        user = requests.account().id
        standard = (await records.choices(user, user)).persona
        return requests.answer([shown(each, standard) for each in await records.personas(user)])

    @app.post("/api/personas")
    async def new_persona() -> Response:
        given = await requests.body(NewPersona)
        user = requests.account().id
        try:
            made = await choosing.new_persona(user, name_of(given.name), description_of(given.description))
        except TooManyError as error:
            raise too_many(error) from error
        return requests.answer(shown(made, None), 201)

    @app.patch("/api/personas/<persona_id>")
    async def change_persona(persona_id: str) -> Response:
        change = await requests.body(PersonaChange)
        user, persona = requests.account().id, id_of(persona_id)
        if change.removed is not None:
            try:
                await choosing.remove_persona(user, persona, removed=change.removed)
            except ConflictError as error:
                raise not_found() from error
        if change.name is not None or change.description is not None:
            old = await own(user, persona)
            name = old.name if change.name is None else name_of(change.name)
            text = old.description if change.description is None else description_of(change.description)
            await choosing.change(user, PutPersona(replace(old, name=name, description=text), user))
        if change.standard is not None:
            await make_standard(user, (await own(user, persona)).id, standard=change.standard)
        return Response(b"", 204)

    @app.put("/api/personas/<persona_id>/picture")
    async def set_picture(persona_id: str) -> Response:
        user = requests.account().id
        old = await own(user, id_of(persona_id))
        data = cast("bytes", await request.get_data(cache=False))
        try:
            drawn = await choosing.with_picture(old, data)
        except NoPictureError as error:
            raise RefusedError(400, "picture", str(error)) from error
        except BusyError as error:
            raise busy() from error
        await choosing.change(user, PutPersona(drawn, user))
        return requests.answer(shown(drawn, None))

    @app.delete("/api/personas/<persona_id>/picture")
    async def drop_picture(persona_id: str) -> Response:
        user = requests.account().id
        old = await own(user, id_of(persona_id))
        await choosing.change(user, PutPersona(replace(old, portrait="", thumb=""), user))
        return Response(b"", 204)

    async def own(user: UUID, persona: UUID) -> choices.Persona:
        found = next((each for each in await records.personas(user) if each.id == persona), None)
        if found is None:
            raise not_found()
        return found

    async def make_standard(user: UUID, persona: UUID, *, standard: bool) -> None:
        """Of all conversations where nothing nearer is chosen."""
        now = await records.choices(user, user)
        if standard or now.persona == persona:
            chosen = replace(now, persona=persona if standard else None)
            await choosing.choose(user, "all", user, chosen)

    _ = personas, new_persona, change_persona, set_picture, drop_picture


def too_many(error: TooManyError) -> RefusedError:
    text = f"You have {error.limit} of them, as many as this server allows."
    return RefusedError(409, "too_many_of_them", text, limit=error.limit)


def shown(persona: choices.Persona, standard: UUID | None) -> Persona:
    return Persona(
        id=persona.id,
        name=persona.name,
        description=persona.description,
        portrait=requests.asset_path(persona.portrait),
        thumb=requests.asset_path(persona.thumb or persona.portrait),
        standard=persona.id == standard,
    )
