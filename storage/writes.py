"""The writes of a unit of work, each by its kind."""

from collections.abc import Iterable

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
from storage import (
    accounts,
    characters,
    choices,
    chunks,
    conversations,
    filing,
    generations,
    groups,
    library,
    lorebooks,
    marks,
    messages,
    queueing,
    summaries,
    traces,
    versions,
)
from storage.unit import Unit

DIRECT_WRITES = frozenset(
    {
        AddGeneration,
        AddMessage,
        AppendChunk,
        EndGeneration,
        KeepTrace,
        LeaseGeneration,
        MarkSeam,
        MoveHead,
        PinPrompt,
        SpendTokens,
    }
)
"""Those that replies are made of. They ask nothing of the ORM (direct.py). Writes of many sessions go in one
transaction, and one that is not of these takes all of them the slow way."""


async def run_writes(unit: Unit, writes: Iterable[Write]) -> None:
    """In their order; chunks that follow each other go in together. Raises RefusedError, and what the
    database raises: the caller rolls back.
    """
    appended: list[AppendChunk] = []
    for write in writes:
        if isinstance(write, AppendChunk):
            appended.append(write)
            continue
        if appended:
            await chunks.append_chunks(unit, appended)
            appended = []
        await run_write(unit, write)
    if appended:
        await chunks.append_chunks(unit, appended)


async def run_write(unit: Unit, write: Write) -> None:
    match write:
        case AddAccount():
            await accounts.add_account(unit, write)
        case SetRole():
            await accounts.set_role(unit, write)
        case AddLogin():
            await accounts.add_login(unit, write)
        case DropLogin():
            await accounts.drop_login(unit, write)
        case AddCharacterVersion():
            await characters.add_version(unit, write)
        case ChooseVersion():
            await versions.choose(unit, write)
        case PurgeCharacter():
            await versions.purge(unit, write)
        case ShareCharacter():
            await library.share(unit, write)
        case RemoveCharacter():
            await library.remove(unit, write)
        case MarkFavourite():
            await library.mark_favourite(unit, write)
        case SaveLorebook():
            await lorebooks.save(unit, write)
        case RemoveLorebook():
            await lorebooks.remove(unit, write)
        case AttachLorebook():
            await lorebooks.attach(unit, write)
        case PurgeLorebooks():
            await lorebooks.purge(unit, write)
        case PutPersona():
            await choices.put_persona(unit, write)
        case RemovePersona():
            await choices.remove_persona(unit, write)
        case PutPreset():
            await choices.put_preset(unit, write)
        case RemovePreset():
            await choices.remove_preset(unit, write)
        case SetChoices():
            await choices.set_choices(unit, write)
        case AddConversation():
            await conversations.add_conversation(unit, write)
        case AddMessage():
            await messages.add_message(unit, write)
        case AddMessages():
            await messages.add_messages(unit, write)
        case MoveHead():
            await conversations.move_head(unit, write)
        case MarkMessage():
            await marks.mark(unit, write)
        case ReviseMessage():
            await marks.revise(unit, write)
        case PurgeRemoved():
            await marks.purge(unit, write)
        case RenameConversation():
            await conversations.rename(unit, write)
        case PutSummary():
            await summaries.put(unit, write)
        case DropSummary():
            await summaries.drop(unit, write)
        case OutdateSummaries():
            await summaries.outdate(unit, write)
        case SetSummarise():
            await summaries.set_summarise(unit, write)
        case SetGroup():
            await groups.set_group(unit, write)
        case MoveToVersion():
            await conversations.move_to_version(unit, write)
        case RemoveConversation():
            await filing.remove(unit, write)
        case DropConversation():
            await conversations.drop(unit, write)
        case FileConversation():
            await filing.file_conversation(unit, write)
        case AddFolder():
            await filing.add_folder(unit, write)
        case ChangeFolder():
            await filing.change_folder(unit, write)
        case DropFolder():
            await filing.drop_folder(unit, write)
        case AddGeneration():
            await generations.add_generation(unit, write)
        case LeaseGeneration():
            await generations.lease(unit, write)
        case PinPrompt():
            await generations.pin_prompt(unit, write)
        case MarkSeam():
            await generations.mark_seam(unit, write)
        case AppendChunk():
            await chunks.append_chunks(unit, (write,))
        case EndGeneration():
            await generations.end(unit, write)
        case KeepTrace():
            await traces.keep_trace(unit, write)
        case SpendTokens():
            await queueing.spend_tokens(unit, write)
        case SetShare():
            await queueing.set_share(unit, write)
        case DrainBox():
            await queueing.drain_box(unit, write)
