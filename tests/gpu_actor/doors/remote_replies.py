"""Makes replies on an engine outside of Samovar, as the GPU actor does."""

from actors.messages.engine import Admit, Admitted, Emitted, NotAdmitted, Release, Step
from actors.messages.generation import CharacterSheet, GenerateReply
from gpu_actor.doors.remote import RemoteExecutor
from tests.gpu_actor.planner import SHEET

ASSISTANT = CharacterSheet(SHEET.character, "Assistant")


def made(executor: RemoteExecutor, asked: GenerateReply, slot: int = 0) -> list[Emitted]:
    """All that comes of a reply, to its end."""
    answer = executor.admit(Admit(asked, ASSISTANT, slot))
    assert isinstance(answer, Admitted), answer
    return finished(executor, slot)


def finished(executor: RemoteExecutor, *slots: int) -> list[Emitted]:
    emitted: list[Emitted] = []
    left = {*slots}
    while left:
        for each in executor.step(Step(1, -1, 0, tuple(sorted(left)))).emitted:
            emitted.append(each)
            if each.end:
                left.discard(each.slot)
                executor.release(Release(each.slot))
    return emitted


def refusal(executor: RemoteExecutor, asked: GenerateReply) -> str:
    answer = executor.admit(Admit(asked, ASSISTANT, 0))
    assert isinstance(answer, NotAdmitted), answer
    return answer.why


def said(emitted: list[Emitted]) -> str:
    return "".join(each.text + each.held for each in emitted)


def thought(emitted: list[Emitted]) -> str:
    return "".join(each.thought + each.held_thought for each in emitted)
