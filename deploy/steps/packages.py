"""The locked Python packages: those that Samovar runs with, and in a second step those of its tests."""

from deploy.installer import install_locked
from deploy.stamps import fingerprint
from deploy.step import Job, Step


def lock_step(name: str, title: str, locks: tuple[str, ...], checkout_mb: int) -> Step:
    """The step that installs some lock files into the environment."""

    def work(job: Job) -> str | None:
        install_locked(job, title, *locks, log=name)
        return "with uv" if job.uv else "with pip"

    return Step(
        name=name,
        title=title,
        fingerprint=lambda job: fingerprint(*(job.checkout.lock(lock) for lock in locks)),
        is_there=lambda job: job.checkout.python.exists(),
        work=work,
        in_venv=True,
        checkout_mb=checkout_mb,
    )


RUNTIME = lock_step("packages", "Python packages", ("runtime", "build"), checkout_mb=350)
TEST = lock_step("test_packages", "Python packages of the tests", ("test",), checkout_mb=350)
