"""The manifest beside a plan, and which plan is taken."""

import os
from pathlib import Path

import msgspec
import pytest

from gpu_actor.engine.tensorrt_manifest import (
    MANIFEST,
    MANIFEST_VERSION,
    PlanManifest,
    find_plan,
    key_of,
    plans_folder,
    read_manifest,
)
from gpu_actor.troubles import PlanError, PlanNotFoundError

ONE = PlanManifest(
    version=MANIFEST_VERSION,
    library="tensorrt_rtx",
    library_version="1.7.1",
    target="sm89",
    model_hash="model",
    plan_hash="plan",
    slots=8,
    context=4096,
    positions=4104,
    chunk=128,
    elements="float16",
    cache="fp16",
)


def write(cache: Path, name: str, manifest: PlanManifest, at: int) -> Path:
    folder = plans_folder(cache) / name
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    os.utime(folder / MANIFEST, (at, at))
    return folder


def test_the_newest_plan_of_the_model_and_the_kind_of_card_is_taken(tmp_path: Path) -> None:
    change = msgspec.structs.replace
    write(tmp_path, "a", ONE, 10)
    wanted = write(tmp_path, "b", ONE, 20)
    write(tmp_path, "c", change(ONE, model_hash="another"), 30)
    write(tmp_path, "d", change(ONE, target="sm120"), 30)
    write(tmp_path, "e", change(ONE, version=0), 30)
    (plans_folder(tmp_path) / "half").mkdir()
    assert find_plan(tmp_path, "model", "sm89") == wanted
    assert read_manifest(wanted) == ONE


def test_where_there_is_none_the_command_that_makes_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanNotFoundError, match="`samovar engine build --target sm89`"):
        find_plan(tmp_path, "model", "sm89")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}'])
def test_a_damaged_manifest_is_told_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(PlanError, match="samovar engine build"):
        read_manifest(tmp_path)


def test_a_key_depends_on_each_of_its_parts_and_where_they_end() -> None:
    keys = {key_of("a", "b"), key_of("ab", ""), key_of("a", "c"), key_of("a", "b", "")}
    assert len(keys) == 4
