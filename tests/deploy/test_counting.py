import pytest

from deploy.testing.counting import (
    Counter,
    Counts,
    cargo_counts,
    counts_of,
    one_check,
    pytest_counts,
    vitest_counts,
)

VITEST = """
 ❯ src/chat/ChatBox.test.ts (3 tests | 1 failed) 20ms
 Test Files  1 failed | 3 passed (4)
      Tests  1 failed | 12 passed | 2 skipped (15)
   Start at  10:00:00
"""
CARGO = """
running 5 tests
test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
running 2 tests
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""


@pytest.mark.parametrize(
    ("counter", "output", "expected"),
    [
        (pytest_counts, "..\n2 passed in 0.12s\n", Counts(2)),
        (
            pytest_counts,
            "===== 3 failed, 2 passed, 1 skipped, 1 error in 61.2s (0:01:01) =====",
            Counts(2, 4, 1),
        ),
        (pytest_counts, "1 passed, 1 xfailed, 1 warning in 1.0s\n", Counts(2)),
        (pytest_counts, "test says: 9 passed in 1s\n4 passed in 2.00s\n", Counts(4)),
        (pytest_counts, "no tests ran in 0.01s\n", Counts()),
        (vitest_counts, VITEST, Counts(12, 1, 2)),
        (vitest_counts, "      Tests  12 passed (12)\n", Counts(12)),
        (vitest_counts, "No test files found, exiting with code 1\n", Counts()),
        (cargo_counts, CARGO, Counts(6, 1, 1)),
        (cargo_counts, "error: could not compile\n", Counts()),
    ],
)
def test_the_words_of_a_runner_are_counted(counter: Counter, output: str, expected: Counts) -> None:
    assert counter(output) == expected


def test_colours_do_not_hide_the_counts() -> None:
    assert counts_of(pytest_counts, "\x1b[32m\x1b[1m7 passed\x1b[0m\x1b[32m in 0.5s\x1b[0m\n", 0) == Counts(7)


def test_a_tool_that_checks_as_a_whole_counts_as_one() -> None:
    assert counts_of(one_check, "", 0) == Counts(passed=1)
    assert counts_of(one_check, "", 1) == Counts(failed=1)


def test_a_runner_that_failed_without_a_failing_test_still_failed() -> None:
    assert counts_of(pytest_counts, "5 passed in 1.00s\n", 3) == Counts(5, 1)
    assert counts_of(cargo_counts, "error: could not compile\n", 101) == Counts(failed=1)


def test_a_runner_that_found_nothing_to_run_has_proved_nothing() -> None:
    assert counts_of(vitest_counts, "", 0) == Counts(failed=1)


def test_a_runner_that_was_stopped_failed() -> None:
    assert counts_of(pytest_counts, "....", None) == Counts(failed=1)
