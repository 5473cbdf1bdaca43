"""Generations, the chunks of their text and the traces of replies, in the memory of the fake storage."""

from uuid import UUID

from msgspec.structs import replace

from actors.messages.replies import (
    UNFINISHED,
    AddGeneration,
    AppendChunk,
    EndGeneration,
    KeepTrace,
    LeaseGeneration,
    MarkSeam,
    PinPrompt,
    StoredGeneration,
)
from tests.fakes import memory_messages
from tests.fakes.memory_tables import Tables, conversation_of, in_tree, mark_used, require


def add(tables: Tables, write: AddGeneration) -> None:
    row = write.generation
    conversation = conversation_of(tables, row.conversation)
    siblings = tables.generations_in[conversation.id]
    require(row.id not in tables.generations, "the generation exists")
    require(row.user == conversation.user, "the conversation is another user's")
    require(in_tree(tables, conversation.id, row.parent), "the parent is not in this conversation")
    require(
        all(tables.generations[g].request_key != row.request_key for g in siblings),
        "the request was made before",
    )
    tables.put(tables.generations, row.id, row)
    tables.put(tables.chunks, row.id, ())
    tables.put(tables.generations_in, conversation.id, (*siblings, row.id))
    mark_used(tables, conversation.id, row.created_ms)


def lease(tables: Tables, write: LeaseGeneration) -> None:
    row = unfinished(tables, write.generation)
    require(row.attempt == write.attempt - 1, "another attempt has the lease")
    leased = replace(
        row,
        state="leased",
        attempt=write.attempt,
        worker=write.worker,
        worker_boot=write.worker_boot,
    )
    tables.put(tables.generations, row.id, leased)


def pin_prompt(tables: Tables, write: PinPrompt) -> None:
    row = unfinished(tables, write.generation)
    pinned = replace(
        row,
        model=write.model,
        prompt_digest=write.prompt_digest,
        engine_digest=write.engine_digest,
    )
    tables.put(tables.generations, row.id, pinned)


def mark_seam(tables: Tables, write: MarkSeam) -> None:
    row = unfinished(tables, write.generation)
    tables.put(tables.generations, row.id, replace(row, seam=write.seam))


def append_chunk(tables: Tables, write: AppendChunk) -> None:
    row = unfinished(tables, write.generation)
    chunks = tables.chunks[row.id]
    next_seq = chunks[-1].first_seq + len(chunks[-1].token_ids) if chunks else 0
    require(row.state != "queued", "the generation is not leased")
    require(write.attempt == row.attempt, "the attempt was fenced off")
    require(write.first_seq == next_seq, "a gap or a repetition")
    require(bool(write.token_ids), "a chunk holds at least one token")
    tables.put(tables.chunks, row.id, (*chunks, write))
    if row.state != "streaming":
        tables.put(tables.generations, row.id, replace(row, state="streaming"))


def end(tables: Tables, write: EndGeneration) -> None:
    row = unfinished(tables, write.generation)
    tables.put(tables.generations, row.id, replace(row, state=write.state, made=write.made))
    tables.put(tables.chunks, row.id, ())
    if write.message is not None:
        require(write.message.conversation == row.conversation, "a message of another conversation")
        require(write.message.id == row.message, "another message than the one announced")
        memory_messages.add(tables, write.message)
        memory_messages.move_head(tables, row.conversation, write.message.id)


def keep_trace(tables: Tables, write: KeepTrace) -> None:
    require(in_tree(tables, write.conversation, write.message), "no such message")
    place = (write.conversation, write.message)
    require(place not in tables.traces, "its trace is kept already")
    tables.put(tables.traces, place, write.trace)


def unfinished(tables: Tables, generation: UUID) -> StoredGeneration:
    require(generation in tables.generations, "no such generation")
    row = tables.generations[generation]
    require(row.state in UNFINISHED, "the generation has ended")
    return row
