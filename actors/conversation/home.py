"""Home: what the parts of a session need of it."""

from typing import Protocol
from uuid import UUID

from actors.conversation.ending import Ending
from actors.conversation.live_reply import LiveReply
from actors.conversation.message_tree import MessageTree
from actors.conversation.requests import Maker
from actors.conversation.saving import Saving
from actors.effects import Effect
from actors.messages.chat import ChatEvent, ProblemCode
from actors.messages.conversations import StoredConversation
from actors.settings import SessionSettings
from actors.world import World


class Home(Protocol):
    id: UUID
    settings: SessionSettings
    world: World
    conversation: StoredConversation | None
    tree: MessageTree
    live: LiveReply | None
    saving: Saving

    @property
    def begun(self) -> StoredConversation: ...

    def maker(self, conversation: StoredConversation) -> Maker: ...

    def busy(self) -> tuple[ProblemCode, str] | None: ...

    def rest(self) -> list[Effect]: ...

    def to_readers(self, event: ChatEvent) -> list[Effect]: ...

    def announce(self, live: LiveReply, progress: float = -1.0) -> list[Effect]: ...

    def finish(self, live: LiveReply, ending: Ending) -> list[Effect]: ...
