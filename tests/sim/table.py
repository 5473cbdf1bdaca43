"""Groups in the simulator: some conversations have several characters, and their rounds are checked."""

from random import Random
from uuid import UUID

from actors.conversation.floor import next_speaker
from actors.messages.conversations import StoredMessage
from actors.messages.group import Group, GroupWish, MemberWish, TurnTaking
from actors.messages.replies import StoredGeneration
from tests.fakes.memory_disk import MemoryDisk
from tests.sim.cluster import GUESTS, Cluster

SHARE = 0.3
"""Of conversations that are groups."""

TURNS: tuple[TurnTaking, ...] = ("order", "mention", "talkativeness", "hand")


def wish_for(seed: int, number: int, character: UUID) -> GroupWish | None:
    """The group that conversation is, if it is one; drawn apart from all else, which stays as it was."""
    draw = Random(f"table {seed}.{number}")
    if draw.random() > SHARE:
        return None
    members = tuple(MemberWish(version) for version in (character, *GUESTS))
    return GroupWish(members, draw.choice(TURNS), draw.randint(1, 3))


def wish_again(group: Group) -> GroupWish:
    """Another one, in which the same members speak."""
    members = tuple(
        MemberWish(member.version, member.muted, member.talkativeness) for member in group.members
    )
    return GroupWish(members, group.turns, group.round, not group.joined)


def check_rounds(cluster: Cluster) -> None:
    """Each reply of a round is followed by one of the member whose turn it was, and only by that."""
    disk = cluster.disk
    for row in disk.generations.values():
        group = disk.conversations[row.conversation].group
        message = disk.messages.get(row.message)
        if message is None:
            continue
        if message.character_version != row.speaker:
            cluster.violate("a message is not its speaker's")
        follow = [
            each
            for each in disk.generations.values()
            if each.parent == row.message and each.request_key not in cluster.request_keys
        ]
        if group is None or row.state != "done" or not row.round_left:
            if follow:
                cluster.violate("somebody spoke unasked")
            continue
        check_follower(cluster, group, message, follow)


def check_follower(
    cluster: Cluster, group: Group, message: StoredMessage, follow: list[StoredGeneration]
) -> None:
    path = path_to(cluster.disk, message)
    wanted = next_speaker(group, path, follow[0].seed if follow else 0)
    if len(follow) != (wanted is not None):
        cluster.violate(f"{len(follow)} replies follow one in a round")
    elif follow and follow[0].speaker != wanted:
        cluster.violate("another member has the floor than the draw gave it to")


def path_to(disk: MemoryDisk, message: StoredMessage) -> list[StoredMessage]:
    path = [message]
    while (parent := disk.messages[path[-1].parent]).parent != parent.id:
        path.append(parent)
    return path[::-1]
