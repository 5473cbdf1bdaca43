"""The writes to the fake storage's memory, each by its kind."""

from typing import assert_never

from actors.messages.accounts import AddAccount, AddLogin, DropLogin, SetRole
from actors.messages.archive import Write
from actors.messages.choosing import PutPersona, PutPreset, RemovePersona, RemovePreset, SetChoices
from actors.messages.conversations import (
    AddConversation,
    AddMessage,
    AddMessages,
    DropConversation,
    DropSummary,
    MarkMessage,
    MoveHead,
    MoveToVersion,
    OutdateSummaries,
    PurgeRemoved,
    PutSummary,
    RenameConversation,
    ReviseMessage,
    SetGroup,
    SetSummarise,
)
from actors.messages.filing import (
    AddFolder,
    ChangeFolder,
    DropFolder,
    FileConversation,
    RemoveConversation,
)
from actors.messages.library import (
    AddCharacterVersion,
    ChooseVersion,
    MarkFavourite,
    PurgeCharacter,
    RemoveCharacter,
    ShareCharacter,
)
from actors.messages.lorebooks import AttachLorebook, PurgeLorebooks, RemoveLorebook, SaveLorebook
from actors.messages.replies import (
    AddGeneration,
    AppendChunk,
    EndGeneration,
    KeepTrace,
    LeaseGeneration,
    MarkSeam,
    PinPrompt,
)
from actors.messages.shares import DrainBox, SetShare, SpendTokens
from tests.fakes import (
    memory_accounts,
    memory_choosing,
    memory_conversations,
    memory_filing,
    memory_library,
    memory_lorebooks,
    memory_messages,
    memory_queueing,
    memory_replies,
    memory_summaries,
)
from tests.fakes.memory_tables import Tables


def run_write(tables: Tables, write: Write) -> None:
    """Raises Forbidden: the caller undoes."""
    match write:
        case AddAccount():
            memory_accounts.add_account(tables, write)
        case SetRole():
            memory_accounts.set_role(tables, write)
        case AddLogin():
            memory_accounts.add_login(tables, write)
        case DropLogin():
            tables.drop(tables.logins, write.token_hash)
        case AddCharacterVersion():
            memory_library.add_version(tables, write)
        case ChooseVersion():
            memory_library.choose_version(tables, write)
        case PurgeCharacter():
            memory_library.purge(tables, write)
        case ShareCharacter():
            memory_library.share(tables, write)
        case RemoveCharacter():
            memory_library.remove(tables, write)
        case MarkFavourite():
            memory_library.mark_favourite(tables, write)
        case SaveLorebook():
            memory_lorebooks.save(tables, write)
        case RemoveLorebook():
            memory_lorebooks.remove(tables, write)
        case AttachLorebook():
            memory_lorebooks.attach(tables, write)
        case PurgeLorebooks():
            memory_lorebooks.purge(tables, write)
        case PutPersona():
            memory_choosing.put_persona(tables, write)
        case PutPreset():
            memory_choosing.put_preset(tables, write)
        case RemovePersona():
            memory_choosing.remove_persona(tables, write)
        case RemovePreset():
            memory_choosing.remove_preset(tables, write)
        case SetChoices():
            memory_choosing.set_choices(tables, write)
        case AddConversation():
            memory_conversations.add(tables, write)
        case AddMessage():
            memory_messages.add_one(tables, write)
        case AddMessages():
            memory_messages.add_many(tables, write)
        case MoveHead():
            memory_messages.move_head(tables, write.conversation, write.head)
        case MarkMessage():
            memory_messages.mark(tables, write)
        case ReviseMessage():
            memory_messages.revise(tables, write)
        case PurgeRemoved():
            memory_messages.purge(tables, write)
        case RenameConversation():
            memory_conversations.rename(tables, write)
        case PutSummary():
            memory_summaries.put(tables, write.summary)
        case DropSummary():
            tables.drop(tables.summaries, write.upto)
        case OutdateSummaries():
            memory_summaries.outdate(tables, write)
        case SetSummarise():
            memory_conversations.set_summarise(tables, write)
        case SetGroup():
            memory_conversations.set_group(tables, write.conversation, write.group)
        case MoveToVersion():
            memory_conversations.move_to_version(tables, write)
        case DropConversation():
            memory_conversations.drop(tables, write.conversation)
        case RemoveConversation():
            memory_filing.remove(tables, write)
        case FileConversation():
            memory_filing.file_conversation(tables, write)
        case AddFolder():
            memory_filing.add_folder(tables, write)
        case ChangeFolder():
            memory_filing.change_folder(tables, write)
        case DropFolder():
            memory_filing.drop_folder(tables, write)
        case AddGeneration():
            memory_replies.add(tables, write)
        case LeaseGeneration():
            memory_replies.lease(tables, write)
        case PinPrompt():
            memory_replies.pin_prompt(tables, write)
        case MarkSeam():
            memory_replies.mark_seam(tables, write)
        case AppendChunk():
            memory_replies.append_chunk(tables, write)
        case EndGeneration():
            memory_replies.end(tables, write)
        case KeepTrace():
            memory_replies.keep_trace(tables, write)
        case SpendTokens():
            memory_queueing.spend_tokens(tables, write)
        case SetShare():
            memory_queueing.set_share(tables, write)
        case DrainBox():
            memory_queueing.drain_box(tables, write)
        case _:
            assert_never(write)
