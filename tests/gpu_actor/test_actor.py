"""The GPU actor: who gets a slot, and what the next step computes."""

import itertools
from typing import Literal

import pytest
from msgspec.structs import replace

from actors.addresses import ENGINE, LINK
from actors.effects import Started
from actors.messages.engine import Admit, Admitted, Emitted, EngineFailed, NotAdmitted, Release, Step, Stepped
from actors.messages.generation import SHORT, Accepted, Cancel, End, EndReason, Progress, Token, Traced
from actors.messages.link import Credit, EngineHello, EngineJob, EngineWelcome
from actors.messages.preview import CountTokens, TokensCounted
from actors.settings import GpuSettings
from gpu_actor.actor import EngineRuntimeError, GpuActor
from tests.actors.kit import SHEET, Said, Stage, engine_hello, new_world, request, uid

CHUNK = 16
SETTINGS = GpuSettings(prefill_chunk=CHUNK)


class Gpu(Stage):
    """A GPU actor; the test is its engine."""

    def __init__(self, slots: int = 2, settings: GpuSettings = SETTINGS) -> None:
        world = new_world()
        self.gpu = GpuActor(settings, world, engine_hello(slots=slots))
        super().__init__(self.gpu, world)
        self.first = self.tell(Started())
        self.tell(EngineWelcome(uid(1)), LINK)

    def job(
        self, number: int, *, attempt: int = 1, committed: tuple[int, ...] = (), credit: int = 1_000
    ) -> Said:
        """As the link gives it: with its credit behind it."""
        said = self.tell(EngineJob(request(number, attempt=attempt, committed=committed), SHEET), LINK)
        return said + self.credit(number, credit, attempt)

    def credit(self, number: int, limit: int, attempt: int = 1) -> Said:
        return self.tell(Credit(uid(number), attempt, limit), LINK)

    def cancel(self, number: int, attempt: int = 1) -> Said:
        return self.tell(Cancel(uid(number), attempt), LINK)

    def admitted(
        self, number: int, *, prefill: int = 10, replay: int = 0, attempt: int = 1, settles: bool = False
    ) -> Said:
        answer = Admitted(
            uid(number), attempt, "m", b"digest", prefill, prefill, replay, settles=settles, reused=prefill
        )
        return self.tell(answer, ENGINE)

    def stepped(
        self,
        *emitted: Emitted,
        prefilled: int = 0,
        replayed: tuple[int, ...] = (),
        prefill_s: float = 0.0,
        computed: int = 0,
        unsettled: bool = False,
    ) -> Said:
        """The step under way is done."""
        done = Stepped(
            self.gpu.step_number,
            prefilled,
            emitted,
            replayed,
            seconds=prefill_s + 0.5,
            prefill_s=prefill_s,
            computed=computed,
            unsettled=unsettled,
        )
        return self.tell(done, ENGINE)


def made(
    slot: int, number: int, token: int = 5, *, ended: EndReason | Literal[""] = "", held: str = ""
) -> Emitted:
    """A token of generation `number`; -1: none, only the end."""
    return Emitted(slot, uid(number), token, f"{token} ", ended, held)


def decoding(*numbers: int, slots: int = 2, credit: int = 1_000, settings: GpuSettings = SETTINGS) -> Gpu:
    """These replies, each in the slot of its place, have their prompt; a step of all is under way."""
    gpu = Gpu(slots, settings)
    for number in numbers:
        gpu.job(number, credit=credit)
    for number in numbers:
        gpu.admitted(number, prefill=0)
    gpu.stepped()
    return gpu


def step(said: Said) -> Step:
    return said.one(Step)


# -- greetings --------------------------------------------------------------------------------------


def test_it_greets_until_the_link_answers() -> None:
    world = new_world()
    stage = Stage(GpuActor(GpuSettings(), world, engine_hello()), world)
    stage.tell(Started())
    assert stage.fire("hello").one(EngineHello).engine == "engine"
    stage.tell(EngineWelcome(uid(1)))
    assert stage.fire("hello") == []
    assert stage.timers == {}


def test_each_incarnation_has_a_boot_of_its_own() -> None:
    world = new_world()
    boots = {GpuActor(GpuSettings(), world, engine_hello()).facts.boot for _ in range(2)}
    assert len(boots) == 2


def test_a_link_that_started_anew_makes_it_drop_everything_and_greet() -> None:
    gpu = decoding(1)
    gpu.job(2)
    assert gpu.tell(EngineWelcome(uid(1))) == []
    said = gpu.tell(EngineWelcome(uid(2)))
    assert said.to(ENGINE) == [Release(0), Release(1)]
    assert said.of(EngineHello) != []
    assert gpu.stepped(made(0, 1)).of(Token) == []
    assert gpu.gpu.credit == {}


# -- slots ------------------------------------------------------------------------------------------


def test_a_job_takes_a_free_slot_and_no_two_share_one() -> None:
    gpu = Gpu(slots=2)
    slots = [admit.slot for number in (1, 2, 3) for admit in gpu.job(number).of(Admit)]
    assert slots == [0, 1]


def test_the_job_that_waits_takes_the_slot_that_opens() -> None:
    gpu = decoding(1, 2)
    gpu.job(3)
    said = gpu.stepped(made(1, 2, ended="length"))
    assert said.to(ENGINE)[:2] == [Release(1), Admit(request(3, attempt=1), SHEET, 1)]


def test_an_admission_is_told_once() -> None:
    gpu = Gpu()
    gpu.job(1)
    said = gpu.admitted(1, prefill=20)
    assert said.of(Accepted) == [Accepted(uid(1), 1, "m", b"digest", 20)]
    report = said.one(Traced).report
    assert (report.prompt_tokens, report.reused, report.context) == (20, 20, gpu.gpu.facts.context)
    assert gpu.admitted(1, prefill=20) == []
    assert gpu.admitted(9) == []


def test_an_admission_says_how_exactly_this_engine_goes_on() -> None:
    gpu = Gpu()
    gpu.gpu.facts = replace(gpu.gpu.facts, engine_digest=b"engine", exact=False)
    gpu.job(1)
    accepted = gpu.admitted(1).to(LINK)[0]
    assert (accepted.engine_digest, accepted.exact) == (b"engine", False)


def test_a_reply_that_the_engine_refuses_ends_and_its_slot_is_free() -> None:
    gpu = Gpu(slots=1)
    gpu.job(1, committed=(7,))
    gpu.job(2)
    said = gpu.tell(NotAdmitted(uid(1), 1, "too long " * 1_000), ENGINE)
    ended = said.one(End)
    assert (ended.reason, ended.seq, len(ended.why)) == ("refused", 1, SHORT)
    assert said.to(ENGINE) == [Release(0), Admit(request(2, attempt=1), SHEET, 0)]
    assert gpu.tell(NotAdmitted(uid(1), 1, "again"), ENGINE) == []


def no_memory(number: int) -> NotAdmitted:
    return NotAdmitted(uid(number), 1, "too little memory", wait=True)


def test_a_reply_that_finds_too_little_memory_waits_at_the_head_for_another_to_end() -> None:
    gpu = decoding(1, slots=3)
    gpu.job(2)
    gpu.job(3)
    assert gpu.tell(no_memory(2), ENGINE).of(End) == []
    assert gpu.tell(no_memory(3), ENGINE) == []
    assert gpu.job(4).of(Admit) == []  # nor does one that came later overtake them
    said = gpu.stepped(made(0, 1, ended="stop"))
    assert [admit.request.generation.int for admit in said.of(Admit)] == [2, 3, 4]
    assert gpu.admitted(2).one(Accepted).generation == uid(2)


def test_where_a_reply_ended_meanwhile_memory_is_asked_for_again_at_once() -> None:
    gpu = decoding(1, slots=2)
    gpu.job(2)
    gpu.stepped(made(0, 1, ended="stop"))
    assert gpu.tell(no_memory(2), ENGINE).one(Admit).request.generation == uid(2)


def test_a_reply_that_waits_for_memory_can_be_cancelled_and_makes_way() -> None:
    gpu = decoding(1, slots=3)
    gpu.job(2)
    gpu.tell(no_memory(2), ENGINE)
    gpu.job(3)
    said = gpu.cancel(2)
    assert [admit.request.generation.int for admit in said.of(Admit)] == [3]


# -- prefill ----------------------------------------------------------------------------------------


def test_a_prompt_is_computed_in_chunks_and_its_progress_told() -> None:
    gpu = Gpu()
    gpu.job(1)
    first = step(gpu.admitted(1, prefill=40))
    assert (first.prefill_slot, first.prefill_tokens, first.decode) == (0, CHUNK, ())
    said = gpu.stepped(prefilled=16)
    assert said.to(LINK) == [Progress(uid(1), 1, 16, 40)]
    assert step(said).number == first.number + 1
    gpu.stepped(prefilled=32)
    said = gpu.stepped(made(0, 1), prefilled=40)
    assert said.to(LINK) == [Progress(uid(1), 1, 40, 40), Token(uid(1), 1, 0, 5, "5 ")]
    assert step(said).decode == (0,)


def test_live_streams_take_a_token_with_each_chunk_of_a_long_prompt() -> None:
    gpu = decoding(1)
    gpu.job(2)
    gpu.admitted(2, prefill=100)
    for done in (16, 32, 48):
        said = gpu.stepped(made(0, 1), prefilled=done)
        assert (step(said).prefill_slot, step(said).decode) == (1, (0,))


def test_of_two_prompts_the_one_that_is_sooner_done_goes_first() -> None:
    gpu = Gpu()
    gpu.job(1)
    gpu.job(2)
    gpu.admitted(1, prefill=100)
    gpu.admitted(2, prefill=20)
    assert step(gpu.stepped(prefilled=16)).prefill_slot == 1


def test_committed_tokens_are_replayed_without_credit_and_nothing_is_emitted_twice() -> None:
    gpu = Gpu()
    gpu.job(1, committed=(7, 8, 9), credit=0)
    gpu.admitted(1, prefill=10, replay=2)
    assert step(gpu.stepped(prefilled=10)).decode == (0,)
    assert step(gpu.stepped(replayed=(0,))).decode == (0,)
    assert gpu.stepped(replayed=(0,)).of(Step) == []
    gpu.credit(1, 1_000)
    assert gpu.stepped(made(0, 1)).one(Token).seq == 3


def test_no_prompt_is_passed_over_for_ever() -> None:
    gpu = Gpu(slots=3)
    gpu.job(1)
    gpu.admitted(1, prefill=1_000)
    first: list[int] = []
    for number in range(2, 14):  # short ones keep coming, and are done in a step
        gpu.job(number)
        gpu.admitted(number, prefill=16)
        done = gpu.gpu.step
        assert done is not None
        first.append(done.prefill_slot)
        gpu.stepped(prefilled=16)
        gpu.cancel(number)
    assert first.count(0) >= 3
    passed = [place for place, slot in enumerate(first) if slot == 0]
    most = GpuSettings().most_passed
    assert all(later - earlier <= most + 1 for earlier, later in itertools.pairwise(passed))


def test_chunks_shrink_so_that_a_live_stream_gets_its_tokens_in_time() -> None:
    gpu = decoding(1, settings=GpuSettings(token_gap_ms=625, least_chunk=4, prefill_chunk=64))
    gpu.job(2)
    gpu.admitted(2, prefill=900)
    assert step(gpu.stepped(made(0, 1))).prefill_tokens == 16  # not measured yet
    said = gpu.stepped(made(0, 1), prefilled=16, prefill_s=0.25, computed=16)
    assert step(said).prefill_tokens == 8  # 625 ms, less 500 for the token, at 1/64 s each
    said = gpu.stepped(made(0, 1, ended="stop"), prefilled=24, prefill_s=0.125, computed=8)
    assert step(said).prefill_tokens == 64  # nobody listens any more


# -- decode -----------------------------------------------------------------------------------------


def test_all_live_streams_are_one_batch_with_one_step_under_way() -> None:
    gpu = decoding(1, 2)
    said = gpu.stepped(made(0, 1), made(1, 2))
    assert step(said).decode == (0, 1)
    assert gpu.credit(1, 2_000) == []


def test_a_stream_without_credit_pauses_and_the_others_go_on() -> None:
    gpu = decoding(1, 2, credit=1)
    gpu.credit(2, 1_000)
    assert step(gpu.stepped(made(0, 1), made(1, 2))).decode == (1,)
    assert step(gpu.stepped(made(1, 2))).decode == (1,)
    gpu.credit(1, 2)
    assert step(gpu.stepped(made(1, 2))).decode == (0, 1)


def test_when_every_stream_pauses_new_credit_starts_the_next_step() -> None:
    gpu = decoding(1, credit=1)
    assert gpu.stepped(made(0, 1)).of(Step) == []
    assert step(gpu.credit(1, 2)).decode == (0,)


def test_credit_of_another_attempt_or_of_nobody_is_not_kept() -> None:
    gpu = decoding(1, credit=1)
    gpu.stepped(made(0, 1))
    assert gpu.credit(1, 99, attempt=9) == []
    assert gpu.credit(404, 99) == []
    assert set(gpu.gpu.credit) == {uid(1)}


def test_a_reply_ends_with_its_last_token_or_without_one() -> None:
    gpu = decoding(1, 2)
    said = gpu.stepped(made(0, 1, ended="length", held="held"), made(1, 2, -1, ended="stop"))
    assert [(m.generation.int, m.seq) for m in said.of(Token)] == [(1, 0)]
    first, second = said.of(End)
    assert (first.seq, first.reason, first.text, first.decode_s) == (1, "length", "held", 1.0)
    assert (second.seq, second.reason) == (0, "stop")
    assert said.to(ENGINE) == [Release(0), Release(1)]
    assert gpu.gpu.credit == {}


# -- cancel -----------------------------------------------------------------------------------------


def test_a_cancel_within_a_step_frees_the_slot_and_what_the_step_made_is_dropped() -> None:
    gpu = decoding(1, 2)
    gpu.job(3)
    said = gpu.cancel(1)
    assert said.to(ENGINE) == [Release(0), Admit(request(3, attempt=1), SHEET, 0)]
    said = gpu.stepped(made(0, 1), made(1, 2))
    assert [m.generation for m in said.of(Token)] == [uid(2)]
    assert step(said).decode == (1,)


def test_the_same_reply_begun_anew_in_the_slot_takes_nothing_of_the_step_before() -> None:
    gpu = decoding(1)
    gpu.cancel(1)
    gpu.job(1, attempt=2)
    said = gpu.stepped(made(0, 1), prefilled=5, replayed=(0,))
    assert said.of(Token) == said.of(Progress) == []
    assert gpu.admitted(1, attempt=1) == []
    assert step(gpu.admitted(1, attempt=2)).prefill_slot == 0


def test_a_prompt_that_is_cancelled_in_its_step_is_not_told_of() -> None:
    gpu = Gpu()
    gpu.job(1)
    gpu.admitted(1, prefill=40)
    gpu.cancel(1)
    assert gpu.stepped(prefilled=16) == []


def test_a_job_that_waits_can_be_cancelled() -> None:
    gpu = decoding(1, 2)
    gpu.job(3)
    gpu.cancel(3)
    assert gpu.stepped(made(0, 1, ended="stop")).of(Admit) == []
    assert uid(3) not in gpu.gpu.credit


def test_a_cancel_of_an_earlier_attempt_leaves_the_later_one() -> None:
    gpu = decoding(1, 2)
    gpu.job(3, attempt=5)
    assert gpu.cancel(1, attempt=0) == []
    assert gpu.cancel(3, attempt=4) == []
    said = gpu.stepped(made(0, 1, ended="stop"))
    assert said.one(Admit).request.attempt == 5
    assert uid(3) in gpu.gpu.credit


# -- idle time --------------------------------------------------------------------------------------


def settled_after(gpu: Gpu) -> Step:
    """The step that follows the end of the only reply."""
    return step(gpu.stepped(made(0, 1, ended="stop")))


def settling() -> Gpu:
    gpu = Gpu()
    gpu.job(1)
    gpu.admitted(1, prefill=0, settles=True)
    return gpu


def test_when_nothing_else_is_to_do_ended_replies_are_settled() -> None:
    gpu = settling()
    first = settled_after(gpu)
    assert (first.prefill_slot, first.decode) == (-1, ())
    assert 2 <= first.settle <= CHUNK
    assert step(gpu.stepped(computed=9, unsettled=True)).settle
    assert gpu.stepped(computed=4) == []
    assert gpu.gpu.tally.settled == 13
    assert gpu.gpu.tally.computed == 0


def test_settling_waits_for_all_real_work() -> None:
    gpu = settling()
    settled_after(gpu)
    gpu.job(2)
    assert gpu.stepped(unsettled=True).of(Step) == []  # a prompt is being built
    assert step(gpu.admitted(2)).prefill_slot == 0
    said = gpu.stepped(made(0, 2), prefilled=10, unsettled=True)
    assert (step(said).decode, step(said).settle) == ((0,), 0)
    said = gpu.stepped(made(0, 2, ended="stop"), unsettled=True)
    assert step(said).settle


def test_a_stream_that_pauses_leaves_time_to_settle() -> None:
    gpu = settling()
    settled_after(gpu)
    gpu.job(2, credit=0)
    gpu.stepped(unsettled=True)
    assert step(gpu.admitted(2, prefill=0)).settle
    gpu.credit(2, 10)
    assert step(gpu.stepped(unsettled=True)).decode == (0,)


def test_a_cancelled_reply_is_settled_too() -> None:
    gpu = Gpu()
    gpu.job(1, credit=0)
    gpu.admitted(1, prefill=0, settles=True)
    assert step(gpu.cancel(1)).settle


def test_an_engine_that_settles_nothing_is_left_in_peace() -> None:
    gpu = decoding(1)
    assert gpu.stepped(made(0, 1, ended="stop")).of(Step) == []


def test_what_was_known_of_prompts_is_counted() -> None:
    gpu = settling()
    gpu.job(2)
    gpu.admitted(2, prefill=20)
    gpu.stepped(made(0, 1))
    gpu.stepped(made(0, 1), prefilled=20, computed=20)
    tally = gpu.gpu.tally
    assert (tally.replies, tally.prompt_tokens, tally.reused, tally.computed) == (2, 20, 20, 20)
    assert (tally.hits, tally.emitted) == (1, 2)


# -- the engine -------------------------------------------------------------------------------------


def test_the_answer_to_another_step_is_not_taken() -> None:
    gpu = decoding(1)
    number = gpu.gpu.step_number
    for stale in (number - 1, number + 1):
        assert gpu.tell(Stepped(stale, 0, (made(0, 1),)), ENGINE) == []
    gpu.stepped(made(0, 1, ended="stop"))
    assert gpu.tell(Stepped(number, 0, (made(0, 1),)), ENGINE) == []


def test_a_broken_engine_is_an_error() -> None:
    with pytest.raises(EngineRuntimeError, match="device lost"):
        Gpu().tell(EngineFailed("device lost"), ENGINE)


def test_a_message_of_others_is_a_bug() -> None:
    with pytest.raises(TypeError, match="Token"):
        Gpu().tell(Token(uid(1), 1, 0, 5, "x"), LINK)


# -- previews ---------------------------------------------------------------------------------------


def counting(number: int) -> CountTokens:
    return CountTokens(uid(number), ("tea",))


def test_one_preview_at_a_time_is_with_the_engine() -> None:
    gpu = Gpu()
    assert gpu.tell(counting(1), LINK).to(ENGINE) == [counting(1)]
    assert gpu.tell(counting(2), LINK) == []
    answer = TokensCounted(uid(1), (3,))
    said = gpu.tell(answer, ENGINE)
    assert said.to(LINK) == [answer]
    assert said.to(ENGINE) == [counting(2)]


def test_one_preview_too_many_is_dropped_and_the_others_are_answered() -> None:
    gpu = Gpu(settings=replace(SETTINGS, previews=2))
    for number in range(1, 6):
        gpu.tell(counting(number), LINK)
    asked = [gpu.tell(TokensCounted(uid(number), ()), ENGINE).to(ENGINE) for number in (1, 2, 3)]
    assert asked == [[counting(2)], [counting(3)], []]
