"""The questions, each by its kind."""

from typing import Any
from uuid import UUID

from actors.messages.accounts import FindAccounts, FindLogins
from actors.messages.archive import Load, Query
from actors.messages.choosing import FindChoices, FindChosen, FindPersonas, FindPresets
from actors.messages.conversations import FindChat, FindConversation, FindConversations, FindOwners
from actors.messages.filing import FindFolders, FindMatches
from actors.messages.library import (
    FindAssetsInUse,
    FindCharacter,
    FindCharacters,
    FindLibraryUse,
    FindOriginal,
    FindPurgeable,
    FindVersions,
)
from actors.messages.lorebooks import FindLorebook, FindLorebooks, FindShelf
from actors.messages.replies import FindTrace
from storage import (
    accounts,
    characters,
    choices,
    conversations,
    filing,
    library,
    lorebooks,
    queueing,
    sessions,
    traces,
    versions,
)
from storage.errors import RefusedError
from storage.search import found
from storage.unit import Unit


async def run_query(unit: Unit, query: Query | Load) -> Any:
    """The result, as the question's docstring says. Raises RefusedError."""
    match query:
        case Load():
            return await load(unit, query)
        case FindAccounts():
            return await accounts.find_accounts(unit)
        case FindLogins():
            return await accounts.find_logins(unit, query)
        case FindCharacters():
            return await library.find_characters(unit, query)
        case FindCharacter():
            return await library.find_character(unit, query)
        case FindOriginal():
            return await library.find_original(unit, query)
        case FindVersions():
            return await versions.find_versions(unit, query)
        case FindPurgeable():
            return await versions.find_purgeable(unit, query)
        case FindAssetsInUse():
            return await versions.find_assets_in_use(unit, query)
        case FindLibraryUse():
            return await library.find_use(unit, query)
        case FindLorebooks():
            return await lorebooks.find_lorebooks(unit, query)
        case FindLorebook():
            return await lorebooks.find_lorebook(unit, query)
        case FindShelf():
            return await lorebooks.shelf_of(unit, query.user)
        case FindPersonas():
            return await choices.find_personas(unit, query)
        case FindPresets():
            return await choices.find_presets(unit, query)
        case FindChoices():
            return await choices.find_choices(unit, query)
        case FindChosen():
            return await choices.find_chosen(unit, query)
        case FindConversations():
            return await conversations.find_conversations(unit, query)
        case FindConversation():
            return await conversations.find_conversation(unit, query)
        case FindOwners():
            return await conversations.find_owners(unit, query)
        case FindTrace():
            return await traces.find_trace(unit, query)
        case FindChat():
            return await sessions.find_chat(unit, query)
        case FindFolders():
            return await filing.find_folders(unit, query)
        case FindMatches():
            return await found.find_matches(unit, query)


def is_direct(query: Query | Load) -> bool:
    """Whether it asks nothing of the ORM (direct.py): what hundreds of readers that come back at once ask."""
    return isinstance(query, FindLogins | FindOwners) or (isinstance(query, Load) and query.kind == "session")


async def load(unit: Unit, query: Load) -> Any:
    match query.kind:
        case "session":
            return await sessions.load_session(unit, id_of(query))
        case "character":
            return await characters.load_sheet(unit, id_of(query))
        case "lorebook":
            return await lorebooks.load_book(unit, id_of(query))
        case "queue":
            return await queueing.load_queue(unit)
        case _:
            raise RefusedError(f"Nothing is stored for actors of the kind {query.kind!r}.")


def id_of(query: Load) -> UUID:
    try:
        return UUID(hex=query.key)
    except ValueError:
        raise RefusedError(f"{query.key!r} is not the id of a {query.kind}.") from None
