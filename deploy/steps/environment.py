"""The virtual environment in .venv."""

import shutil
import sys

from deploy.installer import cut_off_marker, writing_into_the_environment
from deploy.step import Job, Step
from deploy.troubles import Trouble

TITLE = "Python environment"
LOOK_INSIDE = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"


def is_there(job: Job) -> bool:
    return job.checkout.python.exists() and not cut_off_marker(job.checkout).exists()


def is_usable(job: Job) -> bool:
    """Whether an environment that somebody made already can be kept."""
    if not is_there(job):
        return False
    try:
        job.run(TITLE, [job.checkout.python, "-I", "-c", LOOK_INSIDE], log=STEP.name)
    except (Trouble, OSError):
        return False
    return True


def work(job: Job) -> str | None:
    venv = job.checkout.venv
    # One that this set-up made and that no longer fits (the checkout was moved) has a stamp that differs.
    was_ours = (venv / ".samovar").exists()
    if not was_ours and is_usable(job):
        return "kept the one that is there"
    if venv.is_symlink() or venv.is_file():
        raise Trouble(f"{TITLE}: {venv} is in the way: move it away, then run the same again")
    if venv.exists():
        shutil.rmtree(venv)
    if job.uv:
        command = [job.uv, "venv", "--no-project", "--allow-existing", "--python", sys.executable, venv]
    else:
        command = [sys.executable, "-m", "venv", venv]
    with writing_into_the_environment(job.checkout):
        job.run(TITLE, command, log=STEP.name)
    return None


STEP = Step(
    name="environment",
    title=TITLE,
    # Scripts in it name its absolute path.
    fingerprint=lambda job: str(job.checkout.root),
    is_there=is_there,
    work=work,
    in_venv=True,
    checkout_mb=40,
)
