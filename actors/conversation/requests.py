"""Requests: what a person asks of a conversation, as rows: a message, a reply to make, or why not. Pure."""

from uuid import UUID

import msgspec
from msgspec import Struct

from actors.conversation.chosen import persona_of, sampling_of, with_choices
from actors.conversation.circumstances import circumstances_of
from actors.conversation.floor import anybody, followers, next_speaker, willing
from actors.conversation.message_tree import MessageTree
from actors.conversation.shelf import Shelf
from actors.messages.archive import Write
from actors.messages.chat import Continue, Edit, Impersonate, ProblemCode, Regenerate, SendText, Speak
from actors.messages.choices import Chosen
from actors.messages.conversations import AddMessage, ReviseMessage, StoredConversation, StoredMessage
from actors.messages.generation import Circumstances, Role, Sampling
from actors.messages.replies import AddGeneration, StoredGeneration
from actors.settings import SessionSettings
from actors.world import World

Request = SendText | Regenerate | Edit | Continue | Speak | Impersonate

HINT_LIMIT = 2_000  # characters


class Made(Struct, frozen=True):
    """What a request adds: a message, a reply that is to be made, or both; or other words for a message."""

    message: StoredMessage | None
    generation: StoredGeneration | None
    revision: ReviseMessage | None = None

    def writes(self) -> tuple[Write, ...]:
        message = (AddMessage(self.message),) if self.message is not None else ()
        generation = (AddGeneration(self.generation),) if self.generation is not None else ()
        revision = (self.revision,) if self.revision is not None else ()
        return (*message, *generation, *revision)


def refusal(
    conversation: StoredConversation, tree: MessageTree, request: Request, text_limit: int
) -> tuple[ProblemCode, str] | None:
    """Why the request cannot be done, or None."""
    if isinstance(request, SendText | Edit):
        if not request.text.strip():
            return "bad_request", "The message is empty."
        if len(request.text) > text_limit:
            return "too_long", f"The message is longer than {text_limit} characters: shorten it."
    if isinstance(request, Regenerate | Impersonate) and len(request.hint) > HINT_LIMIT:
        return "too_long", f"The hint is longer than {HINT_LIMIT} characters: shorten it."
    match request:
        case Impersonate():
            if len(request.text) > text_limit:
                return "too_long", f"The beginning is longer than {text_limit} characters: shorten it."
            return None
        case SendText() | Speak():
            parent = conversation.head if request.parent is None else request.parent
            known = tree.shows(parent) or parent == tree.root
        case _:
            known = tree.shows(request.message)
    if not known:
        return "not_found", "That message is not in this conversation."
    if isinstance(request, Continue):
        if tree.messages[request.message].role != "assistant":
            return "bad_request", "Only a reply can be continued."
    elif isinstance(request, Regenerate):
        target = tree.messages[request.message]
        if target.role == "assistant" and tree.parents[target.id] == tree.root:
            return "bad_request", "A greeting belongs to the character: edit it instead."
    if isinstance(request, SendText | Speak | Regenerate) and request.speaker is not None:
        group = conversation.group
        present = (m.version for m in group.present) if group else (conversation.character_version,)
        if request.speaker not in present:
            return "bad_request", "That character is not in this conversation."
    if asks_for_somebody(tree, request) and conversation.group and not willing(conversation.group):
        return "bad_request", "All characters are muted: choose who speaks."
    return None


def asks_for_somebody(tree: MessageTree, request: Request) -> bool:
    """Whether there must be a reply, whoever speaks."""
    match request:
        case Speak(speaker=None):
            return True
        case Regenerate(message=message, speaker=None):
            return tree.messages[message].role == "user"
        case _:
            return False


class Maker:
    """Makes the rows of one conversation; replies that name no sampling are sampled as the settings say.
    `shelf` has the lorebooks that count now, `chosen` what the user has chosen.
    """

    def __init__(
        self,
        conversation: StoredConversation,
        tree: MessageTree,
        world: World,
        settings: SessionSettings,
        shelf: Shelf,
        utc_offset_min: int = 0,
        chosen: Chosen | None = None,
    ) -> None:
        self.conversation = conversation
        self.tree = tree
        self.world = world
        self.settings = settings
        self.utc_offset_min = utc_offset_min
        self.shelf = shelf
        self.chosen = chosen or Chosen()
        self.persona = persona_of(self.chosen)

    def made(self, request: Request) -> Made:
        """The rows of a request that is not refused."""
        key = request.request_key
        match request:
            case SendText():
                parent = self.conversation.head if request.parent is None else request.parent
                said = self.message(parent, "user", request.text, key)
                answer = self.answer(
                    [*self.tree.path(parent), said],
                    key,
                    self.seed(request.seed),
                    request.speaker,
                    sampling=request.sampling,
                )
                return Made(said, answer)
            case Edit(in_place=True):
                return Made(None, None, self.revision(request))
            case Edit():
                old = self.tree.messages[request.message]
                parent = self.tree.parents[old.id]
                edited = self.message(parent, old.role, request.text, key, old.character_version)
                edited = msgspec.structs.replace(edited, name=old.name)  # another version of what they said
                if old.role != "user":
                    return Made(edited, None)
                return Made(edited, self.answer([*self.tree.path(parent), edited], key, self.seed()))
            case Regenerate():
                old = self.tree.messages[request.message]
                if old.role == "user":
                    path, seed = self.tree.path(old.id), self.seed()
                    made = self.answer(path, key, seed, request.speaker)
                    return Made(None, hinted(made or self.somebodys(path, key, seed), request.hint))
                speaker = request.speaker or old.character_version
                made = self.generation(self.before(old), key, self.seed(), speaker)
                return Made(None, hinted(made, request.hint))
            case Continue():
                old = self.tree.messages[request.message]
                return Made(None, self.continuation(old, key))
            case Speak():
                parent = self.conversation.head if request.parent is None else request.parent
                path = self.tree.path(parent)
                return Made(None, self.somebodys(path, key, self.seed(), request.speaker))
            case Impersonate():
                return Made(None, hinted(self.impersonation(request), request.hint))

    def follow(self, reply: StoredGeneration, message: StoredMessage) -> StoredGeneration | None:
        """The reply of the member that follows `message` within the round, where one does."""
        group = self.conversation.group
        if group is None or not reply.round_left:
            return None
        path, seed = [*self.tree.path(message.parent), message], self.seed()
        speaker = next_speaker(group, path, seed)
        if speaker is None:
            return None
        left, key = reply.round_left - 1, self.world.new_id()
        return self.generation(path, key, seed, speaker, round_left=left, sampling=reply.sampling)

    # -- who speaks ---------------------------------------------------------------------------

    def answer(
        self,
        path: list[StoredMessage],
        key: UUID,
        seed: int,
        speaker: UUID | None = None,
        sampling: Sampling | None = None,
    ) -> StoredGeneration | None:
        """The reply to a person's message, the last of `path`; None where nobody speaks unasked."""
        group = self.conversation.group
        left = 0
        if group is None:
            speaker = self.conversation.character_version
        elif speaker is None:
            speaker = next_speaker(group, path, seed)
            left = followers(group, path, self.settings.group_round)
        if speaker is None:
            return None
        return self.generation(path, key, seed, speaker, round_left=left, sampling=sampling)

    def somebodys(
        self, path: list[StoredMessage], key: UUID, seed: int, speaker: UUID | None = None
    ) -> StoredGeneration | None:
        """A reply that was asked for outright; None only where nobody is willing."""
        group = self.conversation.group
        if group is None:
            speaker = self.conversation.character_version
        elif speaker is None:
            speaker = anybody(group, path, seed)
        return self.generation(path, key, seed, speaker) if speaker is not None else None

    # -- rows ---------------------------------------------------------------------------------

    def seed(self, given: int | None = None) -> int:
        return self.world.new_seed() if given is None else given

    def message(
        self, parent: UUID, role: Role, text: str, key: UUID | None, speaker: UUID | None = None
    ) -> StoredMessage:
        return StoredMessage(
            id=self.world.new_id(),
            conversation=self.conversation.id,
            parent=parent,
            sibling=self.tree.next_place(parent),
            role=role,
            body=text,
            character_version=speaker or self.conversation.character_version,
            created_ms=self.world.utc_ms(),
            request_key=key,
            name=self.name if role == "user" else "",
        )

    @property
    def name(self) -> str:
        """Whom the user speaks as; "" where that is whom the conversation began with."""
        name = self.persona.name if self.persona is not None else ""
        return name if name != self.conversation.user_name else ""

    def before(self, message: StoredMessage) -> list[StoredMessage]:
        """The path that leads to the message, without it."""
        return self.tree.path(self.tree.parents[message.id])

    def impersonation(self, request: Impersonate) -> StoredGeneration:
        path, key = self.tree.path(self.conversation.head), request.request_key
        made = self.generation(path, key, self.seed(), self.conversation.character_version)
        return msgspec.structs.replace(made, kind="impersonate", continues=request.text)

    def revision(self, request: Edit) -> ReviseMessage:
        return ReviseMessage(
            revision=self.world.new_id(),
            conversation=self.conversation.id,
            message=request.message,
            body=request.text,
            created_ms=self.world.utc_ms(),
            request_key=request.request_key,
        )

    def continuation(self, old: StoredMessage, key: UUID) -> StoredGeneration:
        made = self.generation(self.before(old), key, self.seed(), old.character_version)
        return msgspec.structs.replace(
            made, kind="continue", continues=old.body, continues_thoughts=old.thoughts, seam=old.seam
        )

    def generation(
        self,
        path: list[StoredMessage],
        key: UUID,
        seed: int,
        speaker: UUID,
        *,
        round_left: int = 0,
        sampling: Sampling | None = None,
    ) -> StoredGeneration:
        """A reply to the last message of `path`."""
        now_ms = self.world.utc_ms()
        return StoredGeneration(
            id=self.world.new_id(),
            conversation=self.conversation.id,
            user=self.conversation.user,
            parent=path[-1].id if path else self.tree.root,
            message=self.world.new_id(),
            request_key=key,
            kind="reply",
            continues="",
            seed=seed,
            sampling=sampling or sampling_of(self.chosen, self.settings.sampling),
            created_ms=now_ms,
            speaker=speaker,
            round_left=round_left,
            user_name=self.name,
            persona=self.persona.description if self.persona is not None else "",
            circumstances=self.circumstances(path, now_ms, speaker),
            books=self.shelf.in_use(
                self.conversation.id, speaker, self.persona.id if self.persona is not None else None
            ),
        )

    def circumstances(self, path: list[StoredMessage], now_ms: int, speaker: UUID) -> Circumstances:
        member = speaker if self.conversation.group is not None else None
        found = circumstances_of(path, self.tree, now_ms, self.utc_offset_min, member)
        return with_choices(found, self.chosen, sum(message.role == "user" for message in path))


def hinted(made: StoredGeneration | None, hint: str) -> StoredGeneration | None:
    return msgspec.structs.replace(made, hint=hint.strip()) if made is not None else None
