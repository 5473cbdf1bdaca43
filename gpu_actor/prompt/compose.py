"""Composes the pieces of a prompt. Pure.

Order: instructions, character, scenario, persona, example dialogue, with the lore that belongs there; the
summary of the oldest messages; the history, with what stands at a depth among its messages; post-history
instructions, and those for this one reply; the open reply. What stays the same from turn to turn stands
first, so that its part of the cache can be kept.

A task is said in the person's place, at the end of the talk. So its prompt begins as the talk's does, and is
computed already for the most part.

Sources: character card V2 and V3; for depth prompts and the author's note SillyTavern's practice.
"""

import re
from collections.abc import Callable

import msgspec

from actors.character.card import Card
from actors.character.card_options import DepthPrompt, card_options, card_prompts
from actors.character.lore import Activation
from actors.character.lore_fired import Fired, Lore, Spot
from actors.character.lore_keys import Line
from actors.character.lore_scene import Book, LoreLimits, LoreScene
from actors.character.macros import Macros, Scene, Use
from actors.messages.generation import Role, TurnMessage
from gpu_actor.prompt.group import NUDGE, RULES, described
from gpu_actor.prompt.ingredients import DEFAULT_SYSTEM_PROMPT, Ingredients
from gpu_actor.prompt.pieces import Insert, Piece, Pieces, Said, around

START = re.compile(r"<START>", re.IGNORECASE)
CARDS_BOOK = "the character's book"
PLACES = {
    "char_prompt": "system prompt",
    "char_instruction": "post-history instructions",
    "char_depth_prompt": "depth prompt",
    "authors_note": "author's note",
}
"""Texts that stand in the prompt themselves: a macro that names one draws what is drawn there."""
ORIGINAL = {"char_prompt": "", "char_instruction": ""}
"""What {{original}} is where a macro names the text: nothing is replaced there."""

Count = Callable[[str], int]


class Composer:
    """One prompt. `count` gives the tokens of a text; `budget` is what the whole prompt may have."""

    def __init__(self, given: Ingredients, count: Count, budget: int, limits: LoreLimits) -> None:
        self.given = given
        self.card = given.card
        self.count = count
        self.budget = budget
        self.limits = limits
        self.macros = Macros(scene_of(given, budget))
        self.placed: dict[Spot, list[Fired]] = {}
        self.expendable: list[Piece] = []

    def compose(self) -> Pieces:
        lore = self.activate()
        for fired in lore.fired:
            self.placed.setdefault(fired.spot, []).append(fired)
        for fired in self.placed.get(Spot.OUTLET, ()):
            before = self.macros.outlets.get(fired.outlet)
            self.macros.outlets[fired.outlet] = f"{before}\n{fired.text}" if before else fired.text
        opening, inserts = self.inserts()
        history, unread = self.recent()
        return Pieces(
            system=self.system(lore),
            before_examples=self.at(Spot.BEFORE_EXAMPLES),
            examples=self.examples(),
            after_examples=self.at(Spot.AFTER_EXAMPLES),
            summary=self.summary(),
            history=[*history, *self.task()],
            inserts=inserts,
            closing=[] if self.given.task else self.closing(lore),
            expendable=self.expendable,
            opening=opening,
            speaker=self.character(lore) if self.given.joined else [],
            shared=self.given.joined,
            mark=self.mark(),
            unread=unread,
            left_out=[self.lore_piece(each.fired, each.why, each.reason) for each in lore.dropped],
        )

    # -- lore -----------------------------------------------------------------------------------

    def activate(self) -> Lore:
        given, scene = self.given, self.macros.scene
        books = [Book(self.card.book, CARDS_BOOK)] if self.card.book is not None else []
        books += given.books
        if not books:
            return Lore()
        depth_prompt = card_options(self.card).depth_prompt
        lines = tuple(
            Line(message.role, self.said(place, message, Use.SCAN))
            for place, message in enumerate(given.history)
        )
        seen = LoreScene(
            lines=lines,
            greeting=given.greeting,
            user_icon=given.user_icon,
            talk=given.chance.talk,
            seed=given.chance.seed,
            trigger=given.trigger,
            persona=scene.persona,
            description=scene.description,
            personality=scene.personality,
            scenario=scene.scenario,
            depth_prompt=depth_prompt.prompt if depth_prompt else "",
            notes=scene.notes,
            names=self.card.names,
            tags=self.card.tags,
        )
        return Activation(books, seen, self.macros, self.count, self.limits).run()

    def at(self, spot: Spot) -> list[Piece]:
        return [self.lore_piece(fired) for fired in self.placed.get(spot, ())]

    def lore_piece(self, fired: Fired, why: str = "", reason: str = "") -> Piece:
        entry = fired.entry
        name = entry.name or entry.comment or str(entry.id if entry.id is not None else fired.number)
        source = f"lore of {fired.source}"
        piece = Piece(source, fired.text, fired.tokens, 0, name, fired.key, fired.message, why or fired.why)
        piece.reason = reason or fired.reason
        if 0 <= fired.message < len(self.given.history):
            piece.said = around(self.given.history[fired.message].text, fired.key)
        if fired.expendable and not why:
            self.expendable.append(piece)
        return piece

    # -- the parts ------------------------------------------------------------------------------

    def piece(self, source: str, text: str) -> Piece:
        return Piece(source, text, self.count(text))

    def expanded(self, source: str, text: str, original: str | None = None) -> list[Piece]:
        """One piece, or none where nothing is said."""
        text = self.macros.expand(text, source, original=original).strip()
        return [self.piece(source, text)] if text else []

    def system(self, lore: Lore) -> list[Piece]:
        scene = self.macros.scene
        persona = self.plain("persona", f"About {scene.user}: {scene.persona}" if scene.persona else "")
        rules = self.expanded("rules of the group", RULES) if self.given.members else []
        if self.given.joined:
            return [*rules, *self.everybody(), *persona]
        return [*self.character(lore), *persona, *rules]

    def character(self, lore: Lore) -> list[Piece]:
        """What is the character's alone; where a group joins its descriptions, that of it is told already."""
        scene = self.macros.scene
        own = "" if "system_prompt" in lore.disabled else self.given.system_prompt
        known = self.given.joined
        personality = f"{scene.char}'s personality: {scene.personality}" if scene.personality else ""
        scenario = f"Scenario: {scene.scenario}" if scene.scenario else ""
        return [
            *self.instructions("system prompt", self.card.system_prompt, own, DEFAULT_SYSTEM_PROMPT),
            *self.at(Spot.BEFORE_CHAR),
            *self.at(Spot.BEFORE_DESCRIPTION),
            *self.plain("description", "" if known else scene.description),
            *self.at(Spot.AFTER_DESCRIPTION),
            *self.plain("personality", "" if known else personality),
            *self.at(Spot.PERSONALITY),
            *self.plain("scenario", scenario),
            *self.at(Spot.SCENARIO),
            *self.at(Spot.AFTER_CHAR),
        ]

    def everybody(self) -> list[Piece]:
        """What the members are like. The others' go before an example does, and after lore that may."""
        pieces = [
            (name, self.piece(f"description of {name}", text))
            for name, text in described(self.given.members, self.macros.scene)
        ]
        self.expendable[:0] = [piece for name, piece in pieces if name != self.macros.scene.char]
        return [piece for _, piece in pieces]

    def plain(self, source: str, text: str) -> list[Piece]:
        """What is expanded already."""
        return [self.piece(source, text)] if text.strip() else []

    def examples(self) -> list[Piece]:
        found = [text.strip() for text in START.split(self.macros.scene.examples)]
        return [
            self.piece(f"example dialogue {number}", f"Example dialogue:\n{text}")
            for number, text in enumerate(filter(None, found), 1)
        ]

    def summary(self) -> list[Piece]:
        text = self.given.summary.strip()
        return self.plain("summary", f"Summary of the conversation so far:\n{text}" if text else "")

    def task(self) -> list[Said]:
        """What speaks of the reply to come (at depth 0, post-history) has no say in it."""
        task = self.macros.expand(self.given.task, "task").strip()
        piece = Piece("task", task, self.count(task), len(self.given.history))
        return [Said("user", piece)] if task else []

    def closing(self, lore: Lore) -> list[Piece]:
        own = "" if "post_history_instructions" in lore.disabled else self.given.post_history_instructions
        said = self.instructions("post-history instructions", self.card.post_history_instructions, own)
        rules = self.expanded("rules of the group", NUDGE) if self.given.members else []
        return [*said, *rules, *self.expanded("instruction for this reply", self.given.instruction)]

    def mark(self) -> Piece | None:
        return self.piece("name of the speaker", self.given.mark) if self.given.mark else None

    def instructions(self, source: str, cards: str, own: str, usual: str = "") -> list[Piece]:
        """The card's, which replace the user's own, or where the user wants it so the other way round;
        `{{original}}` is what is replaced. `usual` stands where the user has said nothing of their own.
        """
        first, second = cards.strip(), own.strip()
        if self.given.own_instructions_win and second != usual:
            first, second = second, first or usual
        original = self.macros.expand(second, source).strip()
        return self.expanded(source, first or second, original)

    def inserts(self) -> tuple[Piece | None, list[Insert]]:
        """What opens the reply, and what stands among the messages."""
        opening = self.given.continue_text
        if opening and self.given.mark:
            opening = f"{self.given.mark} {opening}"
        begins = self.piece("beginning of the reply", opening) if opening else None
        found: list[Insert] = []
        for fired in self.placed.get(Spot.AT_DEPTH, ()):
            piece = self.lore_piece(fired)
            if begins is None and fired.depth == 0 and fired.role == "assistant":
                begins = piece  # card V3: the reply goes on from it
            else:
                found.append(Insert(piece, fired.depth, fired.role))
        found += self.depth_prompt("depth prompt", card_options(self.card).depth_prompt)
        note = self.given.note
        depth, role = (note.depth, role_of(note)) if note else (DepthPrompt().depth, "system")
        found += [Insert(piece, depth, role) for piece in self.at(Spot.BEFORE_NOTE)]
        found += self.depth_prompt("author's note", note)
        found += [Insert(piece, depth, role) for piece in self.at(Spot.AFTER_NOTE)]
        if self.given.task:
            found = [insert for insert in found if insert.depth]
            begins = self.piece("beginning of the reply", opening) if opening else None
        return begins, found

    def depth_prompt(self, source: str, prompt: DepthPrompt | None) -> list[Insert]:
        if prompt is None:
            return []
        return [
            Insert(piece, prompt.depth, role_of(prompt)) for piece in self.expanded(source, prompt.prompt)
        ]

    # -- the talk -------------------------------------------------------------------------------

    def said(self, place: int, message: TurnMessage, use: Use) -> str:
        return self.macros.expand(message.text, f"message {place}", steady=True, use=use).strip()

    def named(self, message: TurnMessage, text: str) -> str:
        """With the name of who said it: in a group always, else where that is neither the user of now nor
        the character.
        """
        scene = self.macros.scene
        if text and message.name and self.given.members and message.role != "system":
            return f"{message.name}: {text}"
        known = {"user": {scene.user}, "assistant": {scene.char, self.card.name}, "system": {message.name}}
        if not text or not message.name or message.name in known[message.role]:
            return text
        return f"{message.name}: {text}"

    def recent(self) -> tuple[list[Said], int]:
        """The newest messages, a little more than fits, and how many older ones there are: a long talk is
        not worked through at every turn.
        """
        recent: list[Said] = []
        budget = self.budget
        for place, message in reversed(list(enumerate(self.given.history))):
            if place < self.given.summarised:
                break
            if budget < 0:
                return recent[::-1], place + 1
            if text := self.named(message, self.said(place, message, Use.PROMPT)):
                piece = self.piece(f"message {place + 1} ({message.role})", text)
                piece.place, piece.role = place, message.role
                recent.append(Said(message.role, piece))
                budget -= piece.tokens
        return recent[::-1], 0


def role_of(prompt: DepthPrompt) -> Role:
    match prompt.role:
        case "user":
            return "user"
        case "assistant":
            return "assistant"
        case _:
            return "system"


def scene_of(given: Ingredients, budget: int) -> Scene:
    """What macros can name: the card's texts with their own macros expanded."""
    card = given.card
    scene = Scene(
        char=card.nickname or card.name,
        user=given.user_name,
        talk=given.chance.talk,
        seed=given.chance.seed,
        notes=card.creator_notes,
        version=card.character_version,
        model=given.model,
        summary=given.summary.strip(),
        max_prompt=budget,
        last_message_id=len(given.history) - 1,
        now_ms=given.now_ms,
        utc_offset_min=given.utc_offset_min,
        idle_ms=given.idle_ms,
        group=tuple(member.name for member in given.members),
        muted=tuple(member.name for member in given.members if member.muted),
    )
    scene = msgspec.structs.replace(scene, **last_messages(given))
    texts = texts_of(card, given)
    written = {
        name: Macros(scene).expand(text, PLACES.get(name, name), original=ORIGINAL.get(name)).strip()
        for name, text in texts.items()
    }
    return msgspec.structs.replace(scene, **written)


def texts_of(card: Card, given: Ingredients) -> dict[str, str]:
    return {
        "description": card.description,
        "personality": card.personality,
        "scenario": card.scenario,
        "persona": given.persona,
        "examples": card.mes_example,
        "greeting": card.first_mes,
        **card_prompts(card),
        "authors_note": given.note.prompt if given.note else "",
    }


def last_messages(given: Ingredients) -> dict[str, str]:
    """The newest message of all, of the user, and of the character."""
    last: dict[str, str] = {}
    for message in reversed(given.history):
        last.setdefault("last_message", message.text)
        if message.role == "user":
            last.setdefault("last_user_message", message.text)
        elif message.role == "assistant":
            last.setdefault("last_char_message", message.text)
        if len(last) == 3:
            break
    return last
