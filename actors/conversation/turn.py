"""Turn: what a worker is told of a conversation when a reply is to be made, or to go on. Pure."""

from collections import deque
from uuid import UUID

from actors.conversation.live_reply import LiveReply
from actors.conversation.message_tree import MessageTree
from actors.messages.conversations import StoredConversation, StoredMessage, StoredSummary
from actors.messages.generation import GenerateReply, Turn, TurnMember, TurnMessage
from actors.messages.group import Group
from actors.messages.replies import StoredGeneration
from actors.settings import SessionSettings


def request_of(
    conversation: StoredConversation,
    tree: MessageTree,
    live: LiveReply,
    settings: SessionSettings,
    summary: StoredSummary | None = None,
) -> GenerateReply:
    """The live reply as the queue hands it to a worker, with what is committed of it. `summary` is the one
    that stands on the way to it.
    """
    generation = live.generation
    model, prompt_digest = live.binds
    told = history(conversation, tree, generation.parent, settings)
    return GenerateReply(
        generation=generation.id,
        conversation=conversation.id,
        user=generation.user,
        turn=Turn(
            character=generation.speaker or conversation.character_version,
            user_name=generation.user_name or conversation.user_name,
            history=told,
            persona=generation.persona,
            continue_text=generation.continues,
            now_ms=generation.created_ms,
            summary=summary.text if summary is not None else "",
            summarised=summarised(tree, generation.parent, summary, len(told)),
            circumstances=generation.circumstances,
            books=generation.books,
            members=members(conversation.group),
            joined=conversation.group is not None and conversation.group.joined,
            task=task_of(generation),
            instruction="" if generation.kind == "impersonate" else generation.hint,
        ),
        sampling=generation.sampling,
        seed=generation.seed,
        attempt=live.attempt,
        committed=tuple(live.committed),
        model=model,
        prompt_digest=prompt_digest,
    )


IMPERSONATION = (
    "Now write the next message of {{user}} in this conversation, from the point of view of {{user}} and as "
    "{{user}} has written so far. Write nothing that {{char}} says or does, and nothing but the message."
)


def task_of(generation: StoredGeneration) -> str:
    """What is wanted instead of the character's reply; "": nothing else."""
    if generation.kind != "impersonate":
        return ""
    return f"{IMPERSONATION}\n{generation.hint}".strip()


def history(
    conversation: StoredConversation, tree: MessageTree, head: UUID, settings: SessionSettings
) -> tuple[TurnMessage, ...]:
    """The newest messages down to `head`, as many as a frame takes; the worker trims to its context. What
    was thought before them stays out: models are trained without it, and it would fill the context.
    """
    kept: deque[TurnMessage] = deque()
    left = settings.history_chars
    for message in reversed(tree.path(head, settings.history_limit)):
        left -= len(message.body)
        if left < 0 and kept:
            break
        name = message.name or speaker(conversation, message)
        kept.appendleft(TurnMessage(message.role, message.body, name))
    return tuple(kept)


def speaker(conversation: StoredConversation, message: StoredMessage) -> str:
    """As it is called; "" for a character that is alone."""
    if message.role == "user":
        return conversation.user_name
    group = conversation.group
    member = group.member(message.character_version) if group is not None else None
    return member.called if member is not None else ""


def members(group: Group | None) -> tuple[TurnMember, ...]:
    present = group.present if group is not None else ()
    return tuple(TurnMember(member.version, member.called, member.muted) for member in present)


def summarised(tree: MessageTree, head: UUID, summary: StoredSummary | None, told: int) -> int:
    """How many of the `told` newest messages down to `head` the summary stands for."""
    if summary is None:
        return 0
    path = [message.id for message in tree.path(head)]
    return max(0, path.index(summary.upto) + 1 - (len(path) - told))
