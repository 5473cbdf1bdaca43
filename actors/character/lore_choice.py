"""Which of the entries that fired enter the prompt: one of each group, and no more than the budgets allow."""

from collections.abc import Callable, Iterable, Sequence

from actors.character.draws import draw
from actors.character.lore_candidate import Candidate
from actors.character.lore_fired import Dropped, DropReason, Fired
from actors.character.lore_scene import LoreScene

Pair = tuple[Candidate, Fired]


def choose_of_groups(
    new: Sequence[Pair], before: Sequence[Pair], scene: LoreScene
) -> tuple[list[Pair], list[Dropped]]:
    """Of the entries that fired now, those that are taken: of each group one, none where one was taken
    before. SillyTavern's rules: one that sticks; else, where the group counts keys, those with most; else the
    one with the highest insertion order that overrides; else a draw by weight.
    """
    taken = {group for candidate, _ in before for group in groups_of(candidate)}
    left = list(new)
    lost: list[Dropped] = []
    for group in dict.fromkeys(group for candidate, _ in new for group in groups_of(candidate)):
        members = [pair for pair in left if group in groups_of(pair[0])]
        if not members:
            continue
        winner = None if group in taken else winner_of(group, members, scene)
        for pair in members:
            if pair is not winner and not (group in taken and pair[1].certain):
                left.remove(pair)
                lost.append(Dropped(pair[1], f"another of the group “{group}” was taken", "group"))
    return left, lost


def groups_of(candidate: Candidate) -> tuple[str, ...]:
    return tuple(name for part in candidate.options.group.split(",") if (name := part.strip()))


def winner_of(group: str, members: list[Pair], scene: LoreScene) -> Pair:
    sure = [pair for pair in members if pair[1].certain]
    if sure:
        return sure[0]
    if any(candidate.options.use_group_scoring for candidate, _ in members):
        best = max(fired.score for _, fired in members)
        members = [pair for pair in members if pair[1].score == best]
    overriding = [pair for pair in members if pair[0].options.group_override]
    if overriding:
        return max(overriding, key=lambda pair: pair[1].order)
    weights = [max(candidate.options.group_weight, 0.0) for candidate, _ in members]
    at = draw("lore group", scene.talk, scene.seed, group) * sum(weights)
    for pair, weight in zip(members, weights, strict=True):
        at -= weight
        if at < 0:
            return pair
    return members[-1]


def within_budgets(fired: Sequence[Pair], budget: int) -> tuple[list[Pair], list[Dropped]]:
    """In the order of the prompt what stays within each book's budget and within that of all, and what does
    not. The lowest priority goes first (where there is none, the lowest insertion order); of the budget of
    all, that of the books with least precedence.
    """
    left = sorted(fired, key=lambda pair: (pair[1].order, pair[0].rank, pair[0].number))
    dropped: list[Dropped] = []
    for rank in sorted({candidate.rank for candidate, _ in left}):
        own = [pair for pair in left if pair[0].rank == rank]
        limit = own[0][0].book.lorebook.token_budget
        if limit is not None:
            why = f"no room within the {limit} tokens of its book"
            dropped += shrink(left, own, max(0, limit), cheapest, why, "book_budget")
    why = f"no room within the {budget} tokens of all lore"
    dropped += shrink(left, list(left), budget, least_wanted, why, "budget")
    return left, dropped


def cheapest(pair: Pair) -> tuple[float, ...]:
    candidate, fired = pair
    priority = candidate.entry.priority
    return (priority if priority is not None else fired.order, -candidate.number)


def least_wanted(pair: Pair) -> tuple[float, ...]:
    return (-pair[0].rank, *cheapest(pair))


def shrink(
    left: list[Pair],
    of: Iterable[Pair],
    budget: int,
    first: Callable[[Pair], tuple[float, ...]],
    why: str,
    reason: DropReason,
) -> list[Dropped]:
    """Take from `left` those `of` which do not fit, `first` the smallest."""
    counted = [pair for pair in of if not pair[0].options.ignore_budget]
    spent = sum(fired.tokens for _, fired in counted)
    dropped: list[Dropped] = []
    for pair in sorted(counted, key=first):
        if spent <= budget:
            break
        spent -= pair[1].tokens
        left.remove(pair)
        dropped.append(Dropped(pair[1], why, reason))
    return dropped
