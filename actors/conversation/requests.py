"""Requests: what a person asks of a conversation, as rows: a message, a reply to make, or why not. Pure."""

from uuid import UUID

from msgspec import Struct

from actors.conversation.circumstances import circumstances_of
from actors.conversation.message_tree import MessageTree
from actors.messages.archive import (
    AddGeneration,
    AddMessage,
    GenerationKind,
    StoredConversation,
    StoredGeneration,
    StoredMessage,
    Write,
)
from actors.messages.chat import Continue, Edit, ProblemCode, Regenerate, SendText
from actors.messages.generation import Role, Sampling
from actors.world import World

Request = SendText | Regenerate | Edit | Continue


class Made(Struct, frozen=True):
    """What a request adds: a message, a reply that is to be made, or both."""

    message: StoredMessage | None
    generation: StoredGeneration | None

    def writes(self) -> tuple[Write, ...]:
        message = (AddMessage(self.message),) if self.message is not None else ()
        generation = (AddGeneration(self.generation),) if self.generation is not None else ()
        return (*message, *generation)


def refusal(
    conversation: StoredConversation, tree: MessageTree, request: Request, text_limit: int
) -> tuple[ProblemCode, str] | None:
    """Why the request cannot be done, or None."""
    if isinstance(request, SendText | Edit):
        if not request.text.strip():
            return "bad_request", "The message is empty."
        if len(request.text) > text_limit:
            return "too_long", f"The message is longer than {text_limit} characters: shorten it."
    if isinstance(request, SendText):
        parent = conversation.head if request.parent is None else request.parent
        known = parent in tree.messages or parent == tree.root
    else:
        known = request.message in tree.messages and request.message != tree.root
    if not known:
        return "not_found", "That message is not in this conversation."
    if isinstance(request, Continue):
        if tree.messages[request.message].role != "assistant":
            return "bad_request", "Only a reply can be continued."
    elif isinstance(request, Regenerate):
        target = tree.messages[request.message]
        if target.role == "assistant" and target.parent == tree.root:
            return "bad_request", "A greeting belongs to the character: edit it instead."
    return None


class Maker:
    """Makes the rows of one conversation; `sampling` is for replies that name none, `books` are the lorebooks
    that count now.
    """

    def __init__(
        self,
        conversation: StoredConversation,
        tree: MessageTree,
        world: World,
        sampling: Sampling,
        utc_offset_min: int = 0,
        books: tuple[UUID, ...] = (),
    ) -> None:
        self.conversation = conversation
        self.tree = tree
        self.world = world
        self.sampling = sampling
        self.utc_offset_min = utc_offset_min
        self.books = books

    def made(self, request: Request) -> Made:
        """The rows of a request that is not refused."""
        key = request.request_key
        match request:
            case SendText():
                parent = self.conversation.head if request.parent is None else request.parent
                said = self.message(parent, "user", request.text, key)
                asked = self.generation(said.id, key, said=said, sampling=request.sampling, seed=request.seed)
                return Made(said, asked)
            case Edit():
                old = self.tree.messages[request.message]
                edited = self.message(old.parent, old.role, request.text, key)
                is_answered = old.role == "user"
                return Made(edited, self.generation(edited.id, key, said=edited) if is_answered else None)
            case Regenerate():
                old = self.tree.messages[request.message]
                return Made(None, self.generation(old.id if old.role == "user" else old.parent, key))
            case Continue():
                old = self.tree.messages[request.message]
                return Made(None, self.generation(old.parent, key, kind="continue", continues=old))

    def message(self, parent: UUID, role: Role, text: str, key: UUID | None) -> StoredMessage:
        return StoredMessage(
            id=self.world.new_id(),
            conversation=self.conversation.id,
            parent=parent,
            sibling=len(self.tree.children[parent]),
            role=role,
            body=text,
            character_version=self.conversation.character_version,
            created_ms=self.world.utc_ms(),
            request_key=key,
        )

    def generation(
        self,
        parent: UUID,
        key: UUID,
        *,
        said: StoredMessage | None = None,
        kind: GenerationKind = "reply",
        continues: StoredMessage | None = None,
        sampling: Sampling | None = None,
        seed: int | None = None,
    ) -> StoredGeneration:
        """A reply below `parent`; where that is new, it is the message `said`."""
        now_ms = self.world.utc_ms()
        path = self.tree.path(parent) if said is None else [*self.tree.path(said.parent), said]
        return StoredGeneration(
            id=self.world.new_id(),
            conversation=self.conversation.id,
            user=self.conversation.user,
            parent=parent,
            message=self.world.new_id(),
            request_key=key,
            kind=kind,
            continues=continues.body if continues is not None else "",
            continues_thoughts=continues.thoughts if continues is not None else "",
            seam=continues.seam if continues is not None else -1,
            seed=self.world.new_seed() if seed is None else seed,
            sampling=sampling or self.sampling,
            created_ms=now_ms,
            circumstances=circumstances_of(path, self.tree, now_ms, self.utc_offset_min),
            books=self.books,
        )
