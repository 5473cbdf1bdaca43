"""Turn: what a worker is told of a conversation when a reply is to be made, or to go on. Pure."""

from collections import deque
from uuid import UUID

from actors.conversation.live_reply import LiveReply
from actors.conversation.message_tree import MessageTree
from actors.messages.archive import StoredConversation
from actors.messages.generation import GenerateReply, Turn, TurnMessage
from actors.settings import SessionSettings


def request_of(
    conversation: StoredConversation, tree: MessageTree, live: LiveReply, settings: SessionSettings
) -> GenerateReply:
    """The live reply as the queue hands it to a worker, with what is committed of it."""
    generation = live.generation
    model, prompt_digest = live.binds
    return GenerateReply(
        generation=generation.id,
        conversation=conversation.id,
        user=generation.user,
        turn=Turn(
            character=generation.speaker or conversation.character_version,
            user_name=generation.user_name or conversation.user_name,
            history=history(conversation, tree, generation.parent, settings),
            persona=generation.persona,
            continue_text=generation.continues,
            now_ms=generation.created_ms,
            circumstances=generation.circumstances,
            books=generation.books,
        ),
        sampling=generation.sampling,
        seed=generation.seed,
        attempt=live.attempt,
        committed=tuple(live.committed),
        model=model,
        prompt_digest=prompt_digest,
    )


def history(
    conversation: StoredConversation, tree: MessageTree, head: UUID, settings: SessionSettings
) -> tuple[TurnMessage, ...]:
    """The newest messages down to `head`, as many as a frame takes; the worker trims to its context. What
    was thought before them stays out: models are trained without it, and it would fill the context.
    """
    kept: deque[TurnMessage] = deque()
    left = settings.history_chars
    for message in reversed(tree.path(head)[-settings.history_limit :]):
        left -= len(message.body)
        if left < 0 and kept:
            break
        name = message.name or (conversation.user_name if message.role == "user" else "")
        kept.appendleft(TurnMessage(message.role, message.body, name))
    return tuple(kept)
