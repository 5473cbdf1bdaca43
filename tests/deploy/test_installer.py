import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploy.checkout import Checkout
from deploy.installer import cut_off_marker, install_locked, packages_in
from deploy.step import Job, go_through
from deploy.steps import crypto, environment
from deploy.steps.packages import lock_step
from deploy.troubles import HashMismatch, NoNetwork
from tests.deploy.loopback_index import NOWHERE, index, lock_line, wheel
from tests.deploy.places import ROOT, bare_checkout, quiet_job, shown

TEA = wheel("samovartea", {"samovartea.py": b"KIND = 'green'\n"})
OTHER_TEA = wheel("samovartea", {"samovartea.py": b"KIND = 'poisoned'\n"})
PACKAGES = lock_step("packages", "Python packages", ("runtime",), checkout_mb=1)

SET_UP = """
import sys
from pathlib import Path
from deploy.checkout import Checkout
from deploy.setup import set_up
from deploy.steps import environment
from tests.deploy.places import quiet_job
from tests.deploy.test_installer import PACKAGES
checkout = Checkout(Path(sys.argv[1]), Path(sys.argv[2]), windows=sys.platform == "win32")
set_up(quiet_job(checkout, index=sys.argv[3]), [environment.STEP, PACKAGES])
"""


# Stands in for maturin: instead of compiling, it copies a wheel.
RUST_TEA = wheel("samovartea", {"samovartea.py": b"KIND = 'Tea of rust'"})
MATURIN = f"""
import pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "samovartea-1.0-py3-none-any.whl").write_bytes({RUST_TEA!r})
""".encode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout with an environment, made once for all tests that only install into it."""
    checkout = bare_checkout(tmp_path_factory.mktemp("made"))
    go_through([environment.STEP], quiet_job(checkout))
    return checkout


def kind_of_tea(checkout: Checkout) -> str:
    """What the installed package says; what went wrong where it cannot be imported."""
    asked = subprocess.run(
        [checkout.python, "-c", "import samovartea; print(samovartea.KIND)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or asked.stderr.strip().rpartition("\n")[2]


def with_lock(checkout: Checkout, name: str, text: str) -> Checkout:
    checkout.lock(name).write_text(text)
    return checkout


@pytest.mark.parametrize("uv", [None, shutil.which("uv", path=str(Path(sys.executable).parent))])
def test_locked_packages_are_installed_and_counted(tmp_path: Path, uv: str | None) -> None:
    checkout = with_lock(bare_checkout(tmp_path), "runtime", lock_line("samovartea", TEA))
    counts: list[tuple[int, int]] = []
    with index({"samovartea": TEA}) as address:
        quiet = quiet_job(checkout, index=address, UV_DEFAULT_INDEX=address, UV_NO_CACHE="1")
        job = Job(checkout, quiet.progress, uv=uv, environ=quiet.environ)
        job.progress.count = lambda done, total: counts.append((done, total))
        go_through([environment.STEP, PACKAGES], job)
    assert kind_of_tea(checkout) == "green"
    assert counts[-1] == (1, 1)
    assert not PACKAGES.is_due(job)


def test_a_package_that_is_not_what_the_lock_names_is_refused(made: Checkout) -> None:
    with_lock(made, "runtime", lock_line("samovartea", TEA))
    with (
        index({"samovartea": OTHER_TEA}) as address,
        pytest.raises(HashMismatch, match="nothing of it was used"),
    ):
        go_through([PACKAGES], quiet_job(made, index=address))
    assert "No module named 'samovartea'" in kind_of_tea(made)


def test_a_lock_without_hashes_is_refused(made: Checkout) -> None:
    with_lock(made, "bare", "samovartea==1.0\n")
    with index({"samovartea": TEA}) as address, pytest.raises(Exception, match=r"failed|hashes"):
        install_locked(quiet_job(made, index=address), "Python packages", "bare", log="packages")
    assert "No module named 'samovartea'" in kind_of_tea(made)


def test_without_a_network_the_line_says_so_and_the_environment_stays_good(made: Checkout) -> None:
    with_lock(made, "runtime", lock_line("samovartea", TEA))
    job = quiet_job(made, index=NOWHERE)
    with pytest.raises(NoNetwork, match="look at the network") as caught:
        go_through([environment.STEP, PACKAGES], job)
    assert str(made.records / "log" / "packages.log") in str(caught.value)
    assert not cut_off_marker(made).exists()
    assert not environment.STEP.is_due(job)
    assert PACKAGES.is_due(job)


def test_an_extension_that_cannot_be_built_is_one_remark_and_the_set_up_goes_on(made: Checkout) -> None:
    with_lock(made, "rust", lock_line("maturin", TEA))
    quiet = quiet_job(made, index=NOWHERE)
    job = Job(made, quiet.progress, cargo="/usr/bin/cargo", environ=quiet.environ)
    assert go_through([crypto.STEP], job) == 1
    assert "the Python one serves" in shown(job)
    assert "look at the network" in shown(job)
    assert not crypto.STEP.is_due(job)


def test_an_extension_is_built_with_the_locked_maturin_and_installed(made: Checkout) -> None:
    maturin = wheel("maturin", {"maturin/__init__.py": b"", "maturin/__main__.py": MATURIN})
    with_lock(made, "rust", lock_line("maturin", maturin))
    with index({"maturin": maturin}) as address:
        quiet = quiet_job(made, index=address)
        go_through([crypto.STEP], Job(made, quiet.progress, cargo="/usr/bin/cargo", environ=quiet.environ))
    assert "not built" not in shown(quiet)
    assert "Tea" in kind_of_tea(made)
    assert not list(made.records.glob("wheel-*"))


def test_an_extension_is_due_when_cargo_comes_or_the_crate_changes(made: Checkout) -> None:
    with_lock(made, "rust", lock_line("maturin", TEA))
    job = quiet_job(made)
    go_through([crypto.STEP], job)
    assert not crypto.STEP.is_due(job)
    assert crypto.STEP.is_due(Job(made, job.progress, cargo="/usr/bin/cargo", environ=job.environ))
    made.crate.mkdir()
    (made.crate / "Cargo.toml").write_text("[package]")
    assert crypto.STEP.is_due(job)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_set_up_that_is_killed_while_it_installs_is_picked_up_by_the_next(tmp_path: Path) -> None:
    checkout = with_lock(bare_checkout(tmp_path), "runtime", lock_line("samovartea", TEA))
    asked, go_on = threading.Event(), threading.Event()

    def hold(_path: str) -> None:
        asked.set()
        go_on.wait()

    with index({"samovartea": TEA}, before_file=hold) as address:
        command = [sys.executable, "-c", SET_UP, checkout.root, checkout.cache, address]
        with subprocess.Popen(command, cwd=ROOT) as first:
            assert asked.wait(50)
            first.kill()
            assert first.wait() == -signal.SIGKILL
        assert cut_off_marker(checkout).exists()
        assert kind_of_tea(checkout) != "green"
        # The orphaned pip still holds the lock: the next set-up waits for its end, then makes all anew.
        go_on.set()
        subprocess.run(command, cwd=ROOT, check=True)
    assert kind_of_tea(checkout) == "green"
    assert not cut_off_marker(checkout).exists()


def test_packages_of_a_lock_are_counted_without_hashes_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    file.write_text("# made by\n" + lock_line("a", TEA) + lock_line("b", TEA))
    assert packages_in(file) == 2
