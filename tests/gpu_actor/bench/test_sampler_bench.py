"""The bench of the sampler measures what it says."""

from gpu_actor.bench.sampler import KINDS, report


def test_every_kind_of_settings_is_measured_beside_the_floor() -> None:
    measured = report(vocabulary=2_000, streams=2, rounds=2)
    assert measured.step_ms.keys() == KINDS.keys()
    assert all(0 < measured.floor_ms < step for step in measured.step_ms.values())
