"""Pulling a model, against a real server that speaks the hub's endpoints and can fail like one."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gpu_actor.engine.huggingface_folder import HuggingFaceFolder
from gpu_actor.hub import Hub, HubFile, Listing
from gpu_actor.models import HASHES, file_hash
from gpu_actor.pull import UNFINISHED, Pulled, checked_name, chosen_files, has_quantisation, pull
from gpu_actor.troubles import (
    CacheFolderError,
    DamagedDownloadError,
    HubError,
    ModelNotFoundError,
    NoNetworkError,
    UnsupportedModelError,
)
from tests.gpu_actor.hub_server import COMMIT, HubServer, running_hub
from tests.gpu_actor.tiny_folders import TinyFolder, write_folder

BIG = np.random.default_rng(0).bytes(3 << 20)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def nothing(name: str, count: int, size: int) -> None:
    """No progress is shown."""


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with running_hub() as server:
        yield server


def fetch(hub: HubServer, cache: Path, named: str = "maker/model", revision: str | None = None) -> Pulled:
    return pull(named, revision, Hub(hub.endpoint), cache, nothing)


def unfinished(cache: Path) -> list[Path]:
    return list((cache / "models" / UNFINISHED).glob("*"))


def test_a_file_comes_whole_with_progress_and_its_hash_is_known_at_once(
    hub: HubServer, tmp_path: Path
) -> None:
    hub.add("model.Q4_K_M.gguf", BIG)
    told: list[tuple[str, int, int]] = []

    def report(name: str, count: int, size: int) -> None:
        told.append((name, count, size))

    pulled = pull("maker/model", None, Hub(hub.endpoint), tmp_path, report)
    assert pulled.path == tmp_path / "models" / "maker" / "model" / "model.Q4_K_M.gguf"
    assert pulled.path.read_bytes() == BIG
    assert (pulled.commit, pulled.bytes, pulled.resumed_bytes) == (COMMIT, len(BIG), 0)
    assert [count for _, count, _ in told] == sorted(count for _, count, _ in told)
    assert told[-1] == ("model.Q4_K_M.gguf", len(BIG), len(BIG))
    assert len(told) > 2
    assert unfinished(tmp_path) == []
    assert hashlib.sha256(BIG).hexdigest().encode() in (tmp_path / HASHES).read_bytes()
    assert file_hash(pulled.path, tmp_path) == hashlib.sha256(BIG).hexdigest()


def test_nothing_but_the_hub_is_asked_and_nothing_twice(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    first = fetch(hub, tmp_path)
    asked = [path for path, _ in hub.asked]
    assert asked == ["/api/models/maker/model", f"/maker/model/resolve/{COMMIT}/model.gguf"]
    assert fetch(hub, tmp_path).path == first.path
    assert [path for path, _ in hub.asked[2:]] == ["/api/models/maker/model"]


def test_a_connection_that_is_cut_goes_on_by_itself(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    hub.cuts = [1_000_000]
    pulled = fetch(hub, tmp_path)
    assert pulled.path.read_bytes() == BIG
    assert [asked for path, asked in hub.asked if "resolve" in path] == ["", "bytes=1000000-"]


def test_a_pull_that_failed_goes_on_the_next_time(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    part = cut_short(hub, tmp_path)
    assert 0 < part.stat().st_size < len(BIG)
    begun = part.stat().st_size
    hub.asked.clear()
    pulled = fetch(hub, tmp_path)
    assert pulled.path.read_bytes() == BIG
    assert pulled.resumed_bytes == begun
    assert [asked for path, asked in hub.asked if "resolve" in path] == [f"bytes={begun}-"]
    assert unfinished(tmp_path) == []


def cut_short(hub: HubServer, cache: Path) -> Path:
    """A pull that ends with the connection cut each time; its unfinished file."""
    hub.cuts = [2_000_000, 0, 0]
    pauses: list[float] = []
    with pytest.raises(NoNetworkError, match=r"model\.gguf"):
        pull("maker/model", None, Hub(hub.endpoint, tries=2, pause=pauses.append), cache, nothing)
    assert len(pauses) == 1
    assert hub.cuts == []
    (part,) = unfinished(cache)
    return part


def test_a_hub_that_fails_in_between_is_told_and_what_came_is_kept(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    cut_short(hub, tmp_path)
    hub.refuse_files = 503
    with pytest.raises(HubError, match="status 503"):
        fetch(hub, tmp_path)
    assert unfinished(tmp_path)[0].stat().st_size == 2_000_000


def test_a_server_that_cannot_go_on_begins_anew(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    cut_short(hub, tmp_path)
    hub.ignore_ranges = True
    assert fetch(hub, tmp_path).path.read_bytes() == BIG


@pytest.mark.parametrize("lfs", [True, False], ids=["in LFS", "in git"])
def test_a_file_with_another_hash_is_refused_and_removed(hub: HubServer, tmp_path: Path, lfs: bool) -> None:
    hub.add("model.gguf", BIG, lfs=lfs)
    hub.claimed["model.gguf"] = "ab" * (32 if lfs else 20)
    with pytest.raises(DamagedDownloadError, match="another hash"):
        fetch(hub, tmp_path)
    assert unfinished(tmp_path) == []
    assert not (tmp_path / "models" / "maker").exists()


def test_a_file_that_changed_at_the_hub_is_fetched_anew(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    fetch(hub, tmp_path)
    newer = hub.add("model.gguf", BIG[::-1])
    assert fetch(hub, tmp_path).path.read_bytes() == newer


def test_what_does_not_fit_the_disk_is_told_before_a_byte_is_fetched(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("model.gguf", BIG)

    def nearly_full(path: Any) -> Usage:
        return Usage(10**9, 10**9 - 10**6, 10**6)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(CacheFolderError, match=r"has 0\.0 GB free; make room"):
        fetch(hub, tmp_path)
    assert [path for path, _ in hub.asked] == ["/api/models/maker/model"]


def test_without_a_network_one_line_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoNetworkError, match=r"cannot be reached .* name it with --model PATH$") as caught:
        pull("maker/model", None, Hub("http://127.0.0.1:9"), tmp_path, nothing)
    assert "\n" not in str(caught.value)


def test_what_the_hub_refuses_is_told_in_one_line(hub: HubServer, tmp_path: Path) -> None:
    hub.add("model.gguf", BIG)
    with pytest.raises(ModelNotFoundError, match="knows no model 'maker/other'"):
        fetch(hub, tmp_path, "maker/other")
    with pytest.raises(ModelNotFoundError, match="no such revision"):
        fetch(hub, tmp_path, revision="nonesuch")
    with pytest.raises(ModelNotFoundError, match="give OWNER/NAME"):
        fetch(hub, tmp_path, "model")
    hub.refusal = (403, "GatedRepo")
    with pytest.raises(HubError, match="agreed to its terms"):
        fetch(hub, tmp_path)
    hub.refusal = (500, "")
    with pytest.raises(HubError, match="status 500"):
        fetch(hub, tmp_path)


def test_a_whole_folder_is_fetched_where_there_is_no_gguf(hub: HubServer, tmp_path: Path) -> None:
    write_folder(tmp_path / "source", TinyFolder(shards=2))
    for path in (tmp_path / "source").iterdir():
        hub.add(path.name, path.read_bytes(), lfs=path.suffix == ".safetensors")
    hub.add("README.md", b"words", lfs=False)
    hub.add("pytorch_model.bin", b"pickle")
    hub.add("onnx/model.safetensors", b"elsewhere")
    pulled = fetch(hub, tmp_path)
    assert pulled.path == tmp_path / "models" / "maker" / "model"
    assert {path.name for path in pulled.path.iterdir()} == {p.name for p in (tmp_path / "source").iterdir()}
    assert HuggingFaceFolder(pulled.path).tensors


# -- which file -----------------------------------------------------------------------------------


def listing(*names: str) -> Listing:
    return Listing("maker/model", COMMIT, tuple(HubFile(name, 1) for name in names))


MANY = listing(
    "M-Q4_K_M.gguf",
    "M-Q4_K_S.gguf",
    "M-IQ4_XS.gguf",
    "M-Q8_0-00001-of-00002.gguf",
    "M-Q8_0-00002-of-00002.gguf",
    "Q6_K/M-Q6_K-00001-of-00001.gguf",
    "mmproj-M-f16.gguf",
    "README.md",
)


@pytest.mark.parametrize(
    ("choice", "files"),
    [
        ("Q4_K_M", ["M-Q4_K_M.gguf"]),
        ("iq4_xs", ["M-IQ4_XS.gguf"]),
        ("M-Q4_K_S.gguf", ["M-Q4_K_S.gguf"]),
        ("Q8_0", ["M-Q8_0-00001-of-00002.gguf", "M-Q8_0-00002-of-00002.gguf"]),
        ("M-Q8_0-00002-of-00002.gguf", ["M-Q8_0-00001-of-00002.gguf", "M-Q8_0-00002-of-00002.gguf"]),
        ("Q6_K", ["Q6_K/M-Q6_K-00001-of-00001.gguf"]),
    ],
)
def test_a_quantisation_or_a_name_chooses_the_file(choice: str, files: list[str]) -> None:
    assert [file.name for file in chosen_files(MANY, choice)] == files


@pytest.mark.parametrize("choice", ["", "Q4_K", "Q5_K_M", "f16"])
def test_an_unclear_choice_is_answered_with_the_names(choice: str) -> None:
    with pytest.raises(
        ModelNotFoundError, match=r"There are: M-IQ4_XS\.gguf, M-Q4_K_M\.gguf, .*Q6_K"
    ) as caught:
        chosen_files(MANY, choice)
    assert "mmproj" not in str(caught.value)


def test_two_files_of_one_quantisation_are_unclear() -> None:
    with pytest.raises(ModelNotFoundError, match="2 files for 'Q4_0'"):
        chosen_files(listing("a-Q4_0.gguf", "b-Q4_0.gguf"), "Q4_0")


def test_the_only_file_needs_no_choice_and_a_repository_without_a_model_is_refused() -> None:
    assert [file.name for file in chosen_files(listing("only.gguf", "x.txt"), "")] == ["only.gguf"]
    with pytest.raises(UnsupportedModelError, match="neither GGUF nor safetensors"):
        chosen_files(listing("pytorch_model.bin", "config.json"), "")


def test_a_quantisation_is_a_whole_word_of_the_name() -> None:
    assert has_quantisation("x/Model.Q4_K_M.gguf", "q4_k_m")
    assert not has_quantisation("Model-IQ4_XS.gguf", "Q4_XS")
    assert not has_quantisation("Model-Q4_K_M.gguf", "Q4_K")


@pytest.mark.parametrize(
    "name", ["../x.gguf", "/x.gguf", "a/../../x.gguf", "a\\b.gguf", "c:x.gguf", ".x", "", "a\nb"]
)
def test_a_name_from_the_hub_cannot_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(HubError, match="no name to write to"):
        checked_name(name)
