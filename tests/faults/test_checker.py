"""The checker against logs that are known to be good or bad."""

import json
from pathlib import Path
from typing import Any

from tests.faults import scripted_engine
from tests.faults.checker import Reply, Verdict, check, keyed_tokens

CHAT, GENERATION = "c1", "01900000-0000-7000-8000-000000000033"
TOKENS = keyed_tokens(Reply("reader", CHAT, "", "", GENERATION)) or []


def text(start: int, end: int) -> str:
    return "".join(TOKENS[start:end])


def asked() -> tuple[str, Any]:
    return "ask", {"conversation": CHAT, "text": "Hello", "task": "any"}


def live(seq: int, next_seq: int, said: str) -> tuple[str, Any]:
    reply = {"generation": GENERATION, "seq": seq, "next_seq": next_seq, "text": said}
    person = {"role": "user", "text": "Hello"}
    return "got", {"type": "snapshot", "conversation": CHAT, "messages": [person], "live": reply}


def more(seq: int, next_seq: int, said: str | None = None) -> tuple[str, Any]:
    frame = {"type": "reply_text", "conversation": CHAT, "generation": GENERATION}
    whole = text(seq, next_seq) if said is None else said
    return "got", frame | {"seq": seq, "next_seq": next_seq, "text": whole}


def finished(said: str | None = None, reason: str = "stop") -> tuple[str, Any]:
    message = {"text": "".join(TOKENS) if said is None else said}
    frame = {"type": "reply_finished", "conversation": CHAT, "generation": GENERATION, "reason": reason}
    return "got", frame | {"message": message}


def judged(folder: Path, *lines: tuple[str, Any]) -> Verdict:
    log = folder / "reader-0000.log"
    log.write_text("".join(f"{n}\t{what}\t{json.dumps(said)}\n" for n, (what, said) in enumerate(lines)))
    verdict, _ = check([log])
    return verdict


def test_the_checker_and_the_engine_follow_the_same_rule() -> None:
    name = GENERATION.replace("-", "")
    count = scripted_engine.token_count(name)
    assert [scripted_engine.token_text(name, place) for place in range(count)] == TOKENS


def test_a_whole_reply_is_clean(tmp_path: Path) -> None:
    verdict = judged(tmp_path, asked(), live(0, 0, ""), more(0, 3), more(3, 20), finished())
    assert verdict.clean
    assert verdict.replies == 1
    assert (verdict.compared, verdict.identical) == (2, 2)


def test_a_repetition_and_a_reload_are_clean(tmp_path: Path) -> None:
    again = live(3, 5, text(3, 5))
    blank = live(0, 7, text(0, 7))
    verdict = judged(
        tmp_path, asked(), live(0, 3, text(0, 3)), more(1, 3), again, ("reload", ""), blank, finished()
    )
    assert verdict.clean
    assert verdict.views == 2


def test_a_token_that_is_left_out_is_lost(tmp_path: Path) -> None:
    wrong = text(0, 5) + text(6, 10)
    verdict = judged(tmp_path, asked(), live(0, 0, ""), more(0, 10, wrong), finished())
    assert verdict.lost == 1
    assert (verdict.compared, verdict.identical) == (2, 1)
    assert not verdict.clean


def test_a_token_that_comes_twice_is_seen(tmp_path: Path) -> None:
    wrong = text(0, 6) + text(5, 10)
    assert judged(tmp_path, asked(), live(0, 0, ""), more(0, 10, wrong), finished()).duplicated == 1


def test_tokens_that_change_places_are_seen(tmp_path: Path) -> None:
    wrong = text(0, 5) + text(6, 7) + text(5, 6) + text(7, 10)
    assert judged(tmp_path, asked(), live(0, 0, ""), more(0, 10, wrong), finished()).reordered == 1


def test_a_changed_character_is_seen(tmp_path: Path) -> None:
    wrong = "x" + text(0, 10)[1:]
    assert judged(tmp_path, asked(), live(0, 0, ""), more(0, 10, wrong), finished()).altered


def test_tokens_under_a_wrong_number_are_seen(tmp_path: Path) -> None:
    verdict = judged(
        tmp_path, asked(), live(0, 0, ""), more(0, 4, text(0, 3)), more(4, 5, text(3, 5)), finished()
    )
    assert verdict.altered == 2


def test_a_gap_that_is_passed_over_shows_in_what_was_shown(tmp_path: Path) -> None:
    verdict = judged(tmp_path, asked(), live(0, 3, text(0, 3)), live(5, 9, text(5, 9)), finished())
    assert verdict.altered


def test_the_end_of_a_reply_that_never_comes_is_lost(tmp_path: Path) -> None:
    verdict = judged(tmp_path, asked(), live(0, 10, text(0, 10)))
    assert verdict.unfinished == 1
    assert verdict.lost == len(TOKENS) - 10


def test_a_reply_that_is_kept_otherwise_than_it_was_shown_is_seen(tmp_path: Path) -> None:
    assert judged(tmp_path, asked(), live(0, 5, text(0, 5)), finished(text(1, 9))).altered


def test_a_failed_reply_is_not_clean(tmp_path: Path) -> None:
    whole = text(0, 5)
    verdict = judged(tmp_path, asked(), live(0, 5, whole), finished(whole, "failed"))
    assert verdict.unfinished == 1
    assert verdict.lost


def test_a_message_of_a_person_that_is_there_twice_is_seen(tmp_path: Path) -> None:
    twice = live(0, 0, "")
    twice[1]["messages"] *= 2
    assert judged(tmp_path, asked(), twice, more(0, 3), finished()).asked_twice == 1
