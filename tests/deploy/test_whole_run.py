import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.step import Job, Step
from deploy.testing import preparing, whole_run
from deploy.testing.counting import Counts, pytest_counts
from deploy.testing.stages import STAGES, Check, Stage, with_coverage
from deploy.testing.whole_run import chosen, run_check, run_tests, summary
from deploy.troubles import MistakeInTheCall, NoNetwork
from tests.deploy.places import bare_checkout, quiet_job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    checkout = bare_checkout(tmp_path)
    venv.create(checkout.venv, with_pip=False)
    return quiet_job(checkout)


def check(code: str, **rest: object) -> Check:
    return replace(Check("a check", "venv", ("python", "-c", code)), **rest)


def test_a_check_that_passes_and_one_that_fails(job: Job) -> None:
    assert run_check(check("print('fine')"), job).counts == Counts(passed=1)
    assert run_check(check("raise SystemExit(1)"), job).counts == Counts(failed=1)


def test_what_a_check_says_is_shown(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    run_check(check("print('three fruits')"), job)
    assert "three fruits" in capfd.readouterr().out


def test_a_check_runs_in_its_folder_with_the_environment_first_on_path(job: Job) -> None:
    (job.checkout.root / "crate").mkdir()
    code = (
        "import os, pathlib, shutil, sys; "
        "here = pathlib.Path().absolute().name; "
        "sys.exit(here != 'crate' or not shutil.which('python').startswith(sys.prefix))"
    )
    assert run_check(check(code, folder="crate"), job).counts == Counts(passed=1)


def test_a_check_whose_folder_is_missing_fails_and_says_so(job: Job) -> None:
    outcome = run_check(check("", asks_for=("tests/sim",)), job)
    assert (outcome.counts, outcome.remark) == (Counts(failed=1), "tests/sim is missing")


def test_a_program_that_is_not_installed_fails(job: Job) -> None:
    outcome = run_check(Check("ruff", "venv", ("ruff", "check")), job)
    assert (outcome.counts, outcome.remark) == (Counts(failed=1), "ruff is not installed")


def test_without_cargo_its_checks_are_left_out_and_named(job: Job) -> None:
    outcome = run_check(Check("cargo test", "cargo", ("test",)), job)
    assert (outcome.counts, outcome.remark) == (Counts(), "left out, no cargo on PATH")


def test_a_check_that_hangs_is_stopped_and_fails(job: Job) -> None:
    outcome = run_check(check("import time; time.sleep(600)", longest_s=0.5), job)
    assert outcome.counts == Counts(failed=1)
    assert "was stopped" in outcome.remark


def with_stages(monkeypatch: pytest.MonkeyPatch, *stages: Stage, steps: tuple[Step, ...] = ()) -> None:
    monkeypatch.setattr(whole_run, "STAGES", stages)
    monkeypatch.setattr(preparing, "TEST_STEPS", steps)
    monkeypatch.setattr(preparing, "SYSTEM_PACKAGES", ())


def test_all_stages_run_after_a_failure_and_the_last_line_has_the_sums(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with_stages(
        monkeypatch,
        Stage("lint", "style", (check("raise SystemExit(1)"), check(""))),
        Stage(
            "unit",
            "parts",
            (check("print('2 failed, 40 passed in 1.00s'); raise SystemExit(1)", counter=pytest_counts),),
        ),
        Stage("system", "all", (check("print('7 passed in 1.00s')", counter=pytest_counts),)),
    )
    assert run_tests(job, None) == 1
    assert capfd.readouterr().out.splitlines()[-1] == "48 passed, 3 failed"


def test_when_nothing_failed_the_status_is_0(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with_stages(
        monkeypatch, Stage("unit", "parts", (check("print('7 passed in 1.00s')", counter=pytest_counts),))
    )
    assert run_tests(job, "unit") == 0
    assert capfd.readouterr().out.splitlines()[-1] == "7 passed, 0 failed"


def test_what_a_run_starts_keeps_its_bytecode(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with_stages(
        monkeypatch, Stage("unit", "parts", (check("import sys; sys.exit(sys.dont_write_bytecode)"),))
    )
    job = replace(job, environ={**job.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert run_tests(job, None) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "1 passed, 0 failed"


# Shows that it runs, waits until the other one does, too, and then says both of its lines.
MEETS_ANOTHER = (
    "import pathlib, sys, time\n"
    "mine, other = map(pathlib.Path, ('{mine}', '{other}'))\n"
    "print('first of {mine}', flush=True)\n"
    "mine.touch()\n"
    "while not other.exists(): time.sleep(0.01)\n"
    "print('last of {mine}', flush=True)\n"
)


def test_stages_for_one_core_run_side_by_side_and_do_not_talk_into_each_other(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(whole_run.os, "cpu_count", lambda: 2)
    one = check(MEETS_ANOTHER.format(mine="one", other="two"), longest_s=30)
    two = check(MEETS_ANOTHER.format(mine="two", other="one"), longest_s=30)
    alone = check("print('7 passed in 1.00s')", counter=pytest_counts)
    with_stages(
        monkeypatch,
        Stage("one", "the first", (one,), one_core=True),
        Stage("alone", "all", (alone,)),
        Stage("two", "the second", (two,), one_core=True),
    )
    assert run_tests(job, None) == 0
    lines = [line for line in capfd.readouterr().out.splitlines() if line]
    for name, title in (("one", "the first"), ("two", "the second")):
        at = lines.index(f"=== {name}: {title}")
        assert lines[at + 1 : at + 4] == ["--- a check", f"first of {name}", f"last of {name}"]
        assert at < lines.index("=== alone: all")
    assert [line.split()[0] for line in lines[-5:-2]] == ["one", "alone", "two"]
    assert lines[-2].startswith("whole run: ")
    assert sum(line.startswith("a check took ") for line in lines) == 3
    assert lines[-1] == "9 passed, 0 failed"


def test_what_runs_side_by_side_is_stopped_when_the_run_is_interrupted(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(text: str) -> None:
        if "the second one" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(whole_run, "show", interrupt)
    stays = "import pathlib, time; pathlib.Path('stays').touch(); time.sleep(600)"
    comes = "import pathlib, time\nwhile not pathlib.Path('stays').exists(): time.sleep(0.01)\n"
    stages = [
        Stage("one", "", (check(comes + "print('the second one runs, too')"),), one_core=True),
        Stage("two", "", (check(stays),), one_core=True),
    ]
    with pytest.raises(KeyboardInterrupt):
        whole_run.run_side_by_side(stages, job, 2)


def test_when_the_set_up_fails_the_line_of_its_trouble_and_the_sums_are_shown(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def work(_job: Job) -> str | None:
        raise NoNetwork("no index answers")

    with_stages(monkeypatch, steps=(Step("packages", "Packages", lambda _job: False, work),))
    assert run_tests(job, None) == 1
    assert capfd.readouterr().out.splitlines()[-2:] == ["samovar: no index answers", "0 passed, 1 failed"]


def test_stages_are_chosen_by_name_and_keep_their_order() -> None:
    assert [stage.name for stage in chosen("cargo, lint")] == ["lint", "cargo"]
    assert chosen(None) == STAGES
    with pytest.raises(MistakeInTheCall, match="no stage speed: the stages are ui, lint, cargo, unit"):
        chosen("speed")


def test_coverage_is_measured_when_it_is_asked_for(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; print('words', sys.argv[1:])"
    with_stages(monkeypatch, Stage("unit", "parts", (check(code, coverage=("--cov", "--cov-branch")),)))
    assert run_tests(job, None) == 0
    assert "words []" in capfd.readouterr().out
    assert run_tests(job, None, coverage=True) == 0
    assert "words ['--cov', '--cov-branch']" in capfd.readouterr().out
    (unit,) = (stage for stage in STAGES if stage.name == "unit")
    assert "--cov-branch" in with_coverage([unit])[0].checks[0].command
    assert "--cov-branch" not in unit.checks[0].command


def test_every_test_folder_is_run_by_some_stage(tmp_path: Path) -> None:
    words = [word for stage in STAGES for one in stage.checks for word in one.command]
    ignored = {word.removeprefix("--ignore=") for word in words if word.startswith("--ignore=")}
    assert ignored == {word for word in words if word.startswith("tests/")}


def test_the_summary_names_what_failed_and_what_was_left_out() -> None:
    stage = Stage("lint", "style", (check(""),))
    failed = whole_run.Outcome(replace(stage.checks[0], title="ruff check"), Counts(failed=1))
    left_out = whole_run.Outcome(replace(stage.checks[0], title="cargo fmt"), Counts(), remark="left out")
    lines = summary([(stage, [failed, left_out])])
    assert "ruff check: FAILED" in lines
    assert "cargo fmt: left out" in lines
    assert lines[-1] == "0 passed, 1 failed"


def test_the_stages_are_listed_by_the_command() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "deploy", "test", "--list"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert [line.split()[0] for line in listed] == [stage.name for stage in STAGES]
