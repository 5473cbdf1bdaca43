"""The generation queue: turns of several users, and the limits of one."""

from msgspec.structs import replace

from actors.messages.archive import QueueState
from actors.messages.generation import GenerateReply
from actors.messages.queueing import OverLimit, Placed, QueueFull, ReplyEnded
from actors.messages.shares import Spending
from actors.settings import QueueSettings
from actors.world import DAY_MS, day_of
from tests.actors.generation_queue.kit import SETTINGS, Counter, counter, given, row, session
from tests.actors.kit import BOX, hello, request, uid

ROOMY = replace(SETTINGS, max_waiting=20)


def limited(**limits: int) -> QueueSettings:
    return replace(ROOMY, **limits)


# -- turns ------------------------------------------------------------------------------------------


def test_who_asks_for_one_reply_does_not_wait_for_the_many_of_another() -> None:
    queue = counter(settings=ROOMY)
    for number in range(1, 9):
        queue.do(request(number, user=1))
    said = queue.do(request(9, user=2))
    assert Placed(uid(9), 1, 8) in said.to(session(9))
    assert given(queue.do(ReplyEnded(uid(1), 100))) == [(9, 1)]


def test_the_place_is_when_it_would_be_served_under_fairness() -> None:
    queue = counter(settings=ROOMY)
    for number in (1, 2, 3, 4):
        queue.do(request(number, user=1))
    said = queue.do(request(5, user=2))
    places = {placed.generation.int: placed.place for placed in said.of(Placed)}
    assert places == {5: 1, 2: 2, 3: 3, 4: 4}


def test_long_replies_leave_more_turns_to_the_others() -> None:
    queue = counter(settings=ROOMY)
    for number in range(1, 7):
        queue.do(request(number, user=1))
    for number in range(11, 17):
        queue.do(request(number, user=2))
    served: list[int] = []
    tokens = {1: 300, 2: 100}  # those of the first user are three times as long
    running = 1
    for _ in range(8):
        served.append(1 if running < 10 else 2)
        ((running, _),) = given(queue.do(ReplyEnded(uid(running), tokens[served[-1]])))
    assert served.count(2) >= 5


def test_a_user_of_a_larger_share_has_more_turns() -> None:
    queue = Counter(settings=ROOMY, state=QueueState((), shares=((uid(2), 3.0),)))
    queue.do(hello(slots=1), BOX)
    for number in range(1, 9):
        queue.do(request(number, user=1))
        queue.do(request(10 + number, user=2))
    running, served = 1, [1]
    for _ in range(7):
        ((running, _),) = given(queue.do(ReplyEnded(uid(running), 100)))
        served.append(1 if running < 10 else 2)
    assert served.count(2) == 6


def test_a_prompt_counts_as_the_settings_say() -> None:
    queue = counter(settings=replace(ROOMY, prompt_token_cost=0.5))
    for number, user in ((1, 1), (2, 1), (3, 1), (11, 2), (12, 2), (13, 2)):
        queue.do(request(number, user=user))
    assert given(queue.do(ReplyEnded(uid(1), 10, 1_000))) == [(11, 1)]
    assert given(queue.do(ReplyEnded(uid(11), 10, 0))) == [(12, 1)]


def test_after_a_restart_what_runs_is_charged_to_its_user() -> None:
    state = QueueState((replace(row(1, attempt=1, worker="box"), user=uid(1)),))
    queue = Counter(settings=ROOMY, state=state)
    queue.do(request(2, user=1))
    queue.do(request(3, user=2))
    assert given(queue.do(hello((uid(1), 1), slots=2), BOX)) == [(3, 1)]


# -- limits -----------------------------------------------------------------------------------------


def test_who_has_as_many_running_as_allowed_waits_and_lets_others_pass() -> None:
    queue = counter(slots=3, settings=limited(user_running=1))
    assert given(queue.do(request(1, user=1))) == [(1, 1)]
    assert given(queue.do(request(2, user=1))) == []
    assert given(queue.do(request(3, user=2))) == [(3, 1)]
    assert given(queue.do(ReplyEnded(uid(1), 5))) == [(2, 1)]


def test_more_than_a_user_may_have_waiting_is_refused() -> None:
    queue = counter(settings=limited(user_waiting=2))
    for number in (1, 2, 3):
        queue.do(request(number, user=1))
    assert queue.do(request(4, user=1)).to(session(4)) == [OverLimit(uid(4), "user_waiting", 2)]
    assert queue.do(request(5, user=2)).of(OverLimit) == []
    assert queue.do(request(6, user=1, attempt=1)).of(OverLimit) == []  # that one was begun


def test_a_full_queue_is_told_before_the_limits_of_the_user() -> None:
    queue = counter(settings=replace(SETTINGS, user_waiting=3), asked=4)
    assert queue.do(request(5)).to(session(5)) == [QueueFull(uid(5), 3)]


def test_who_has_had_the_tokens_of_the_day_is_refused_until_the_next() -> None:
    queue = counter(settings=limited(user_tokens_a_day=100))
    queue.do(request(1, user=1))
    queue.do(ReplyEnded(uid(1), 100))
    today = day_of(queue.world.utc_ms())
    over = OverLimit(uid(2), "user_tokens", 100, (today + 1) * DAY_MS)
    assert queue.do(request(2, user=1)).to(session(2)) == [over]
    queue.later(DAY_MS / 1000)
    queue.ping()
    assert given(queue.do(request(3, user=1))) == [(3, 1)]


def test_the_tokens_of_the_day_outlive_a_restart() -> None:
    settings = limited(user_tokens_a_day=100)
    today = day_of(Counter().world.utc_ms())
    queue = Counter(settings=settings, state=QueueState((), (Spending(uid(1), today, 100),)))
    assert queue.do(request(1, user=1)).one(OverLimit).reason == "user_tokens"
    assert queue.do(request(2, user=2)).of(OverLimit) == []


def test_what_waits_when_the_day_is_used_up_is_refused_when_its_turn_comes() -> None:
    queue = counter(settings=limited(user_tokens_a_day=100))
    queue.do(request(1, user=1))
    queue.do(request(2, user=1))
    queue.do(request(3, user=1, attempt=1))
    said = queue.do(ReplyEnded(uid(1), 100))
    assert given(said) == [(3, 2)]  # it was begun, and is finished
    said = queue.do(ReplyEnded(uid(3), 10))
    assert said.to(session(2))[-1] == OverLimit(uid(2), "user_tokens", 100, said.one(OverLimit).again_ms)
    assert said.of(GenerateReply) == []


def test_tokens_that_nobody_counted_are_guessed() -> None:
    queue = counter(settings=limited(user_tokens_a_day=10))
    queue.do(request(1, user=1))
    queue.do(ReplyEnded(uid(1)))
    assert queue.do(request(2, user=1)).one(OverLimit).limit == 10


def test_a_restart_refuses_nothing_that_waited() -> None:
    waited = tuple(replace(row(number), user=uid(1)) for number in (1, 2, 3))
    queue = Counter(settings=limited(user_waiting=1), state=QueueState(waited))
    for number in (1, 2, 3):
        assert queue.do(request(number, user=1)).of(OverLimit) == []
    assert queue.do(request(4, user=1)).one(OverLimit).reason == "user_waiting"


def test_who_may_run_one_at_a_time_is_told_when_the_next_one_begins() -> None:
    queue = counter(slots=2, settings=limited(user_running=1))
    queue.do(request(1, user=1))
    queue.later(10.0)
    queue.ping()
    queue.do(ReplyEnded(uid(1), 100))
    queue.do(request(2, user=1))
    assert queue.do(request(3, user=1)).to(session(3)) == [Placed(uid(3), 1, 1, 10.0)]  # a slot is free
