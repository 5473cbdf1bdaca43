"""The questions to the fake storage's memory, each by its kind."""

from typing import Any, assert_never
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
from tests.fakes import (
    memory_accounts,
    memory_choosing,
    memory_conversations,
    memory_filing,
    memory_library,
    memory_lorebooks,
    memory_queueing,
    memory_sessions,
)
from tests.fakes.memory_tables import Tables


def run_query(tables: Tables, query: Query | Load) -> Any:
    """The answer; ValueError where a Load's key is no id or its kind is not known."""
    match query:
        case Load():
            return load(tables, query)
        case FindAccounts():
            return memory_accounts.find_accounts(tables)
        case FindLogins():
            return memory_accounts.find_logins(tables, query)
        case FindCharacters():
            return memory_library.find_characters(tables, query)
        case FindCharacter():
            return memory_library.find_character(tables, query)
        case FindOriginal():
            return memory_library.find_original(tables, query)
        case FindVersions():
            return memory_library.find_versions(tables, query)
        case FindPurgeable():
            return memory_library.find_purgeable(tables, query)
        case FindAssetsInUse():
            return memory_library.find_assets_in_use(tables, query)
        case FindLibraryUse():
            return memory_library.find_use(tables, query)
        case FindLorebooks():
            return memory_lorebooks.find_lorebooks(tables, query)
        case FindLorebook():
            return memory_lorebooks.find_lorebook(tables, query)
        case FindShelf():
            return memory_lorebooks.shelf_of(tables, query.user)
        case FindPersonas():
            return memory_choosing.personas_of(tables, query.user)
        case FindPresets():
            return memory_choosing.presets_of(tables, query.user)
        case FindChoices():
            return memory_choosing.find_choices(tables, query)
        case FindChosen():
            return memory_choosing.find_chosen(tables, query)
        case FindConversations():
            return memory_conversations.find_conversations(tables, query)
        case FindConversation():
            return tables.conversations.get(query.conversation)
        case FindOwners():
            return memory_conversations.find_owners(tables, query)
        case FindTrace():
            return tables.traces.get((query.conversation, query.message))
        case FindChat():
            return memory_sessions.find_chat(tables, query)
        case FindFolders():
            return memory_filing.find_folders(tables, query)
        case FindMatches():
            raise ValueError("the memory has no index of words")
        case _:
            assert_never(query)


def load(tables: Tables, query: Load) -> Any:
    match query.kind:
        case "session":
            return memory_sessions.load_session(tables, UUID(hex=query.key))
        case "character":
            version = tables.versions.get(UUID(hex=query.key))
            return version.sheet if version else None
        case "lorebook":
            text = tables.texts.get(UUID(hex=query.key))
            return text.sheet if text else None
        case "queue":
            return memory_queueing.load_queue(tables)
        case _:
            raise ValueError(f"nothing is stored for actors of the kind {query.kind!r}")
