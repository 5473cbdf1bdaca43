"""Samovar itself in its environment: a path to this checkout, and the program `samovar`."""

from deploy.installer import ENVIRONMENT, install_command, writing_into_the_environment
from deploy.stamps import fingerprint
from deploy.step import Job, Step

TITLE = "Samovar"


def work(job: Job) -> str | None:
    with writing_into_the_environment(job.checkout):
        job.run(
            TITLE,
            [*install_command(job), "--no-deps", "--no-build-isolation", "-e", job.checkout.root],
            log=STEP.name,
            environ=ENVIRONMENT,
        )
    return None


STEP = Step(
    name="program",
    title=TITLE,
    fingerprint=lambda job: fingerprint(job.checkout.root / "pyproject.toml"),
    is_there=lambda job: job.checkout.samovar.exists(),
    work=work,
    in_venv=True,
)
