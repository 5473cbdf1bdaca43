"""Pages: what a reader is shown of a conversation: the end of its path first, what is older when it is
asked for. Pure.
"""

from collections import deque
from uuid import UUID

from actors.conversation.message_tree import MessageTree
from actors.messages.chat import LiveReply as ShownLive
from actors.messages.chat import Older, OlderMessages, ShownMessage, Snapshot, Suggestion
from actors.messages.choices import Persona
from actors.messages.conversations import StoredConversation
from actors.messages.replies import StoredGeneration
from actors.settings import SessionSettings

MESSAGE_CHARS = 200  # what a message takes beside its texts, about


def page(tree: MessageTree, last: UUID, messages: int, chars: int) -> tuple[int, tuple[ShownMessage, ...]]:
    """The path's end down to `last`: one message at least, at most so many, of so many characters together.
    The number before it is that of the messages that are older.
    """
    found: deque[ShownMessage] = deque()
    at, left = last, chars
    while at != tree.root and len(found) < max(1, messages):
        message = tree.messages[at]
        left -= MESSAGE_CHARS + len(message.body) + len(message.thoughts)
        if left < 0 and found:
            break
        found.appendleft(tree.shown(message))
        at = tree.parents[at]
    return tree.depths[at], tuple(found)


class Shown:
    """What is shown of one conversation now."""

    def __init__(
        self, conversation: StoredConversation, tree: MessageTree, settings: SessionSettings
    ) -> None:
        self.conversation = conversation
        self.tree = tree
        self.settings = settings

    def snapshot(
        self,
        live: ShownLive | None,
        suggestion: StoredGeneration | None,
        persona: Persona | None,
        *,
        older_changed: bool,
    ) -> Snapshot:
        """A suggestion holds as long as nothing was said since."""
        settings, conversation = self.settings, self.conversation
        head = live.parent if live is not None else conversation.head
        before, messages = page(self.tree, head, settings.page_messages, settings.page_chars)
        holds = suggestion is not None and live is None and suggestion.parent == head
        return Snapshot(
            conversation=conversation.id,
            title=conversation.title,
            character_version=conversation.character_version,
            head=head,
            messages=messages,
            live=live,
            before=before,
            group=conversation.group,
            user_name=persona.name if persona is not None else conversation.user_name,
            persona=persona.id if persona is not None else None,
            older_changed=older_changed,
            suggestion=Suggestion(suggestion.id, suggestion.made) if suggestion and holds else None,
        )

    def older(self, asked: Older) -> OlderMessages | None:
        """None where that message is not shown any more."""
        if not self.tree.shows(asked.before):
            return None
        most = self.settings.older_messages
        count = min(asked.count, most) if asked.count > 0 else most
        last = self.tree.parents[asked.before]
        before, messages = page(self.tree, last, count, self.settings.older_chars)
        return OlderMessages(self.conversation.id, asked.before, before, messages)
