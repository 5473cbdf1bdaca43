"""Lore: which entries of the lorebooks enter the prompt of a reply, where, and why.

Sources: character card V2 ("character_book") and V3 ("Lorebook", "Decorators"); for what is in extensions,
SillyTavern's World Info. What they leave open is decided here:

- a card's book says how deep to look (`scan_depth`) and what its entries may cost (`token_budget`);
  where it does not, LoreLimits does;
- entries wake entries only in a book with `recursive_scanning`;
- whether an entry fired before (`@@keep_activate_after_match`, sticky, cooldown) is read out of the talk:
  its keys are looked for as they would have been at each earlier reply. So it holds on every branch, on
  every box, and after an edit.

Pure: chance is keyed, time limits are those of patterns.py.
"""

from collections.abc import Callable, Sequence
from typing import get_args

from msgspec import Struct

from actors.character.draws import draw
from actors.character.lore_candidate import Candidate, role_of, spot_of
from actors.character.lore_choice import choose_of_groups, within_budgets
from actors.character.lore_fired import Dropped, Fired, Lore, Reason, Silent, SilentReason
from actors.character.lore_keys import Found, Keys, Search, Text, Window
from actors.character.lore_scene import Book, LoreLimits, LoreScene
from actors.character.macros import Macros, Use
from actors.character.patterns import Clock


class Verdict(Struct, frozen=True):
    """Whether an entry fires, and on what."""

    fires: bool
    found: Found | None = None
    why: str = ""
    certain: bool = False  # whatever chance and groups say
    reason: Reason = "key"
    silent: SilentReason = "keys"  # why not, where it does not


NOT = {reason: Verdict(fires=False, silent=reason) for reason in get_args(SilentReason)}
UNCHANGED = Verdict(fires=False)
"""Nothing is new for it since the round before, which has said why not."""


class Activation:
    """One prompt's lore. `count` gives the tokens of a text."""

    def __init__(
        self,
        books: Sequence[Book],
        scene: LoreScene,
        macros: Macros,
        count: Callable[[str], int],
        limits: LoreLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.scene = scene
        self.macros = macros
        self.count = count
        self.limits = limits or LoreLimits()
        clock = clock or Clock(self.limits.patterns_s, self.limits.pattern_s)
        self.keys = Keys(scene.lines, macros.scene.char, macros.scene.user, clock)
        self.books = books
        sections = {"personality": scene.personality, "scenario": scene.scenario}
        absent = {name for name, text in sections.items() if not text.strip()}
        self.candidates = [
            Candidate(entry, book, rank, number, absent)
            for rank, book in enumerate(books)
            for number, entry in enumerate(book.lorebook.entries)
            if entry.enabled
        ][: self.limits.entries]
        self.reasons: dict[Candidate, SilentReason] = {}  # of those that did not fire
        self.replies = [0]  # of the character, among so many messages
        for line in scene.lines:
            self.replies.append(self.replies[-1] + (line.role == "assistant"))
        self.past: dict[Candidate, tuple[bool, bool, bool]] = {}  # of entries for which it matters
        self.fired: set[Candidate] = set()  # those that groups or budgets leave out too
        self.awake = Text("")  # what fired so far and may wake others

    def run(self) -> Lore:
        fired: list[tuple[Candidate, Fired]] = []
        dropped: list[Dropped] = []
        waiting = list(self.candidates)
        for number in range(self.limits.rounds + 1):
            new: list[tuple[Candidate, Fired]] = []
            for candidate in waiting:
                verdict = self.judge(candidate, number)
                if verdict.fires and (made := self.made(candidate, verdict)) is not None:
                    new.append((candidate, made))
                elif verdict is not UNCHANGED:
                    self.reasons[candidate] = "empty" if verdict.fires else verdict.silent
            taken, lost = choose_of_groups(new, fired, self.scene)
            dropped += lost
            self.fired.update(candidate for candidate, _ in new)
            waiting = [candidate for candidate in waiting if candidate not in self.fired]
            fired += taken
            self.awake = Text("\n".join([self.awake.text, *map(self.waking, taken)]))
            later = any(candidate.options.delay_until_recursion > number for candidate in waiting)
            if not taken and not later:
                break
        kept, over = within_budgets(fired, self.limits.budget)
        disabled = {name for candidate, _ in kept for name in candidate.decorators.disable_ui_prompt}
        return Lore(
            fired=tuple(made for _, made in kept),
            dropped=(*dropped, *over),
            disabled=frozenset(disabled),
            slow=tuple(sorted(self.keys.clock.slow)),
        )

    def silent(self) -> tuple[Silent, ...]:
        """The entries that did not fire, in the order of the books; once `run` is done."""
        looked_at = {(candidate.rank, candidate.number): candidate for candidate in self.candidates}
        found: list[Silent] = []
        for rank, book in enumerate(self.books):
            for number, entry in enumerate(book.lorebook.entries):
                candidate = looked_at.get((rank, number))
                if candidate is None:
                    found.append(Silent(rank, number, "beyond" if entry.enabled else "disabled"))
                elif candidate not in self.fired:
                    found.append(Silent(rank, number, self.reasons[candidate]))
        return tuple(found)

    def waking(self, pair: tuple[Candidate, Fired]) -> str:
        """What other entries may find of it."""
        candidate, _ = pair
        if candidate.options.prevent_recursion:
            return ""
        return self.macros.expand(candidate.content, f"lore/{candidate.name}", use=Use.SCAN)

    # -- one entry ------------------------------------------------------------------------------

    def judge(self, candidate: Candidate, number: int) -> Verdict:
        """Whether it fires in this round; the first looks at the talk alone."""
        own, options = candidate.decorators, candidate.options
        whose = options.character_filter
        if whose is not None and not whose.allows(self.scene.names, self.scene.tags):
            return NOT["character"]
        if own.activate:
            return Verdict(fires=True, why="always (@@activate)", certain=True, reason="activate")
        if own.dont_activate:
            return NOT["dont_activate"]
        if options.triggers and self.scene.trigger not in options.triggers:
            return NOT["trigger"]
        held = self.held(candidate)
        if held is not None:
            return held
        if why := self.forbidden(candidate, len(self.scene.lines)):
            return NOT[why]
        if number < options.delay_until_recursion:
            return NOT["recursion"]
        verdict = self.matches(candidate, number)
        if not verdict.fires or not options.use_probability or options.probability >= 100:
            return verdict
        chance = draw("lore", self.scene.talk, self.scene.seed, candidate.name) * 100
        return verdict if chance < options.probability else NOT["chance"]

    def held(self, candidate: Candidate) -> Verdict | None:
        """What its earlier replies decide, if they do."""
        if not candidate.stateful:
            return None
        own = candidate.decorators
        if (past := self.past.get(candidate)) is None:
            past = self.past[candidate] = self.history(candidate)
        matched, sticky, resting = past
        if own.dont_activate_after_match and matched:
            return NOT["fired_before"]
        if own.keep_activate_after_match and matched:
            why = "fired before (@@keep_activate_after_match)"
            return Verdict(fires=True, why=why, certain=True, reason="kept")
        if sticky:
            return Verdict(fires=True, why="fired before (sticky)", certain=True, reason="sticky")
        return NOT["cooldown"] if resting else None

    def history(self, candidate: Candidate) -> tuple[bool, bool, bool]:
        """Whether it matched at an earlier reply, still sticks, and rests, as the talk stands now."""
        options = candidate.options
        matched = False
        sticks_until = rests_until = 0
        for place, line in enumerate(self.scene.lines):
            if line.role != "assistant" or place == 0 or place < sticks_until or place < rests_until:
                continue
            window = self.window(candidate, place)
            if not self.forbidden(candidate, place) and self.own_keys(candidate, window).fires:
                matched = True
                sticks_until = place + options.sticky
                rests_until = sticks_until + options.cooldown
        now = len(self.scene.lines)
        sticky = matched and now < sticks_until
        return matched, sticky, matched and not sticky and now < rests_until

    def forbidden(self, candidate: Candidate, place: int) -> SilentReason | None:
        """Why it may not fire with `place` messages said; None where it may."""
        own, scene = candidate.decorators, self.scene
        if place < candidate.options.delay:
            return "delay"
        replies = self.replies[place]
        if own.activate_only_after is not None and replies < own.activate_only_after:
            return "only_after"
        if own.activate_only_every is not None and replies % own.activate_only_every:
            return "only_every"
        if own.is_greeting is not None and scene.greeting >= 0 and own.is_greeting != scene.greeting:
            return "greeting"
        if own.is_user_icon is None or scene.user_icon is None or own.is_user_icon == scene.user_icon:
            return None
        return "user_icon"

    def window(self, candidate: Candidate, place: int, others: tuple[Text, ...] = ()) -> Window:
        return Window(max(0, place - candidate.scan_depth(self.limits)), place, others)

    def matches(self, candidate: Candidate, number: int) -> Verdict:
        recursive = candidate.book.lorebook.recursive_scanning is True
        others = self.card_texts(candidate)
        if number > 0 and recursive and not candidate.options.exclude_recursion:
            others = (*others, self.awake)
        elif number > 0 and not candidate.options.delay_until_recursion:
            return UNCHANGED
        return self.own_keys(candidate, self.window(candidate, len(self.scene.lines), others))

    def own_keys(self, candidate: Candidate, window: Window) -> Verdict:
        entry = candidate.entry
        search = Search(self.keys, entry, candidate.decorators, candidate.options, window)
        if why := search.forbidden():
            return NOT[why]
        if entry.constant and not entry.use_regex:
            return Verdict(fires=True, why="constant", reason="constant")
        found = search.primary()
        if found is None:
            return NOT["keys" if any(key.strip() for key in entry.keys) else "no_keys"]
        if not search.secondary():
            return NOT["secondary_keys"]
        where = f"message {found.message + 1}" if found.message >= 0 else "other lore or the card"
        return Verdict(fires=True, found=found, why=f"“{found.key}” in {where}")

    def card_texts(self, candidate: Candidate) -> tuple[Text, ...]:
        """What else than the talk its keys are looked for in."""
        options, scene = candidate.options, self.scene
        wanted = (
            (options.match_persona_description, scene.persona),
            (options.match_character_description, scene.description),
            (options.match_character_personality, scene.personality),
            (options.match_character_depth_prompt, scene.depth_prompt),
            (options.match_scenario, scene.scenario),
            (options.match_creator_notes, scene.notes),
        )
        return tuple(Text(text) for wants, text in wanted if wants and text)

    def made(self, candidate: Candidate, verdict: Verdict) -> Fired | None:
        """As it enters the prompt; None where it has nothing to say."""
        text = self.macros.expand(candidate.content, f"lore/{candidate.name}").strip()
        if not text:
            return None
        spot, depth = spot_of(candidate)
        window = self.window(candidate, len(self.scene.lines), (self.awake,))
        search = Search(self.keys, candidate.entry, candidate.decorators, candidate.options, window)
        found = verdict.found
        return Fired(
            entry=candidate.entry,
            source=candidate.book.source,
            number=candidate.number,
            text=text,
            tokens=self.count(text),
            spot=spot,
            depth=depth,
            role=role_of(candidate),
            key=found.key if found else "",
            message=found.message if found else -1,
            why=verdict.why,
            order=candidate.entry.insertion_order,
            score=search.score() if candidate.options.use_group_scoring else 0,
            certain=verdict.certain,
            expendable=candidate.decorators.ignore_on_max_context,
            outlet=candidate.options.outlet_name,
            reason=verdict.reason,
            rank=candidate.rank,
        )
