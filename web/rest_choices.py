"""REST of choices: what counts for a conversation, a character and everything, and presets of replies."""

from uuid import UUID

from msgspec.structs import replace
from quart import Quart, Response

from actors.character.sheet import card_of
from actors.messages import choices
from actors.messages.choices import Choices, Level, ReplySettings
from actors.messages.choosing import PutPreset
from actors.presets import PRESETS
from web import requests
from web.ask_session import own_conversation
from web.choosing import TooManyError, effect, in_full, on_their_own
from web.edge import Edge
from web.files.readers import why_of
from web.files.work import PresetTaken, ReadPresetFile
from web.protocol.choices import (
    CharacterChoices,
    ConversationChoices,
    NewPreset,
    Preset,
    PresetChange,
    PresetFile,
    PresetRead,
    Presets,
)
from web.records import ConflictError
from web.refusal import RefusedError, not_found
from web.rest_library import id_of
from web.rest_personas import too_many
from web.unfit_choices import check_choices, check_settings, name_of


def add_choice_routes(app: Quart, edge: Edge) -> None:
    choosing, records = edge.choosing, edge.records

    @app.get("/api/conversations/<conversation_id>/choices")
    async def conversation_choices(conversation_id: str) -> Response:
        conversation, user = await own_conversation(edge, conversation_id), requests.account().id
        row = await records.conversation(conversation)
        if row is None:
            raise not_found()
        chosen = await records.chosen(user, row.character_version, conversation)
        found = await records.character(row.character_version, user)
        card = card_of(found.sheet) if found is not None else None
        return requests.answer(
            ConversationChoices(
                conversation=chosen.conversation,
                character=chosen.character,
                everywhere=chosen.everywhere,
                character_id=found.row.character if found is not None else None,
                character_name=found.row.name if found is not None else "",
                own_name=row.user_name,
                card_system_prompt=card.system_prompt if card is not None else "",
                card_post_history=card.post_history_instructions if card is not None else "",
            )
        )

    @app.put("/api/conversations/<conversation_id>/choices")
    async def choose_for_conversation(conversation_id: str) -> Response:
        return await choose("conversation", await own_conversation(edge, conversation_id))

    @app.get("/api/characters/<character_id>/choices")
    async def character_choices(character_id: str) -> Response:
        user = requests.account().id
        return requests.answer(
            CharacterChoices(
                character=await records.choices(user, id_of(character_id)),
                everywhere=await records.choices(user, user),
            )
        )

    @app.put("/api/characters/<character_id>/choices")
    async def choose_for_character(character_id: str) -> Response:
        return await choose("character", id_of(character_id))

    @app.put("/api/choices")
    async def choose_everywhere() -> Response:
        return await choose("all", requests.account().id)

    async def choose(level: Level, about: UUID) -> Response:
        given = await requests.body(Choices)
        check_choices(given)
        try:
            await choosing.choose(requests.account().id, level, about, given)
        except ConflictError as error:
            raise not_found() from error
        return Response(b"", 204)

    # -- presets ------------------------------------------------------------------------------

    @app.get("/api/presets")
    async def presets() -> Response:
        own = await records.presets(requests.account().id)
        built_in = tuple(Preset(name, name, in_full(sampling), False) for name, sampling in PRESETS.items())
        return requests.answer(
            Presets(
                usual=in_full(choosing.usual),
                presets=(*built_in, *(shown(each) for each in own)),
            )
        )

    @app.post("/api/presets")
    async def new_preset() -> Response:
        given = await requests.body(NewPreset)
        check_settings(given.settings)
        return requests.answer(await make_preset(given.name, given.settings), 201)

    @app.post("/api/presets/import")
    async def import_preset() -> Response:
        given = await requests.body(PresetFile)
        data = given.data.encode("utf-8", "replace")
        answer = await edge.readers.read(ReadPresetFile(data), requests.account().id)
        if not isinstance(answer, PresetTaken):
            raise RefusedError(400, "preset", why_of(answer).text)
        read = answer.read
        check_settings(read.settings)
        return requests.answer(PresetRead(await make_preset(given.name, read.settings), read.left_out), 201)

    async def make_preset(name: str, settings: ReplySettings) -> Preset:
        try:
            return shown(await choosing.new_preset(requests.account().id, name_of(name), settings))
        except TooManyError as error:
            raise too_many(error) from error

    @app.patch("/api/presets/<preset_id>")
    async def change_preset(preset_id: str) -> Response:
        change = await requests.body(PresetChange)
        user, preset = requests.account().id, id_of(preset_id)
        if change.removed is not None:
            try:
                await choosing.remove_preset(user, preset, removed=change.removed)
            except ConflictError as error:
                raise not_found() from error
        if change.name is not None or change.settings is not None:
            own = await records.presets(user)
            old = next((each for each in own if each.id == preset), None)
            if old is None:
                raise not_found()
            settings = old.settings
            if change.settings is not None:
                check_settings(change.settings)
                settings = on_their_own(change.settings, own)
            name = old.name if change.name is None else name_of(change.name)
            await choosing.change(user, PutPreset(replace(old, name=name, settings=settings), user))
        return Response(b"", 204)

    def shown(preset: choices.Preset) -> Preset:
        return Preset(preset.id.hex, preset.name, effect(preset.settings, [], choosing.usual), True)

    _ = conversation_choices, choose_for_conversation, character_choices, choose_for_character
    _ = choose_everywhere, presets, new_preset, import_preset, change_preset
