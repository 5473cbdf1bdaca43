"""`samovar model list | pull | check`, with a real hub on 127.0.0.1 and real files."""

import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gpu_actor.engine.tensorrt_manifest import MANIFEST, MANIFEST_VERSION, PlanManifest, plans_folder
from gpu_actor.models import choose_model
from supervisor.cli import main
from supervisor.progress_line import ProgressLine
from tests.gpu_actor.hub_server import COMMIT, HubServer, running_hub
from tests.gpu_actor.tiny_folders import TinyFolder, write_folder
from tests.gpu_actor.tiny_models import TinyModel, write_tiny


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    (folder / "models").mkdir(parents=True)
    monkeypatch.setenv("SAMOVAR_CACHE", str(folder))
    monkeypatch.setenv("SAMOVAR_DATA", str(tmp_path / "data"))
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Generator[HubServer]:
    with running_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["model", *words]) == 0
    return capsys.readouterr().out


def object_of(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """The one JSON object that is all of the output."""
    text = printed(capsys, *words, "--json")
    assert text.count("\n") == 1
    return json.loads(text)


def test_a_model_is_pulled_listed_and_checked_by_its_name(
    cache: Path, hub: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = write_tiny(tmp_path / "tiny.gguf", TinyModel("Q4_K", value_format="Q6_K", tied=False))
    hub.add("Tiny-Q4_K_M.gguf", tiny.read_bytes())
    hub.add("Tiny-Q8_0.gguf", b"another")
    pulled = object_of(capsys, "pull", "maker/model:Q4_K_M")
    path = cache / "models" / "maker" / "model" / "Tiny-Q4_K_M.gguf"
    assert (pulled["path"], pulled["commit"]) == (str(path), COMMIT)
    assert (pulled["model"]["runs"], pulled["model"]["quantisation"]) == ("samovar", "Q4_K+Q6_K")
    listed = object_of(capsys, "list")
    assert [each["name"] for each in listed["models"]] == ["maker/model/Tiny-Q4_K_M"]
    assert listed["in_use"] is None
    assert "deploy setup" in listed["in_use_missing"]
    checked = object_of(capsys, "check", "Tiny-Q4_K_M", "--context", "256")
    assert checked["card"] == "RTX 4070"
    assert checked["cache_a_token"] == {"fp16": 2 * 2 * 2 * 64 * 2, "int6": 2 * 2 * 2 * (64 + 2)}
    assert [each["context"] for each in checked["fits"]] == [256]


def test_what_people_read_says_who_runs_a_model_and_why(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = cache / "models"
    write_tiny(models / "mine.gguf", TinyModel())
    write_tiny(models / "odd.gguf", TinyModel(architecture="qwen9"))
    write_folder(models / "folder", TinyFolder())
    (models / "broken.gguf").write_text("shopping list", encoding="utf-8")
    monkeypatch.setenv("SAMOVAR_ENGINE_MODEL", str(models / "mine.gguf"))
    lines = printed(capsys, "list").splitlines()
    assert len(lines) == 4
    assert "cannot be run" in lines[0]
    assert "not a GGUF file" in lines[0]
    assert lines[1].startswith("  folder  ")
    assert lines[1].endswith("llama F32, 512 tokens; run by samovar")
    assert lines[2].startswith("* mine  ")
    assert "run by llama.cpp" in lines[3]
    assert "'qwen9'" in lines[3]
    told = printed(capsys, "check", "odd")
    assert "not run by Samovar's own graph" in told
    assert "llama.cpp runs it" in told


def test_a_check_tells_slots_and_speed_for_the_card_and_memory_that_are_named(
    model_file: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = printed(capsys, "check", str(model_file), "--card", "rtx 3060", "--vram", "6")
    assert "RTX 3060: 5.4 GB usable, 360 GB/s" in told
    assert "22.5 KiB in float16" in told
    small = object_of(capsys, "check", str(model_file), "--vram", "1")
    large = object_of(capsys, "check", str(model_file))
    assert small["fits"][0]["slots"]["fp16"] < large["fits"][0]["slots"]["fp16"]
    assert small["fits"][0]["ceilings"] == large["fits"][0]["ceilings"]
    assert "does not fit this card" in printed(capsys, "check", str(model_file), "--vram", "0.1")


def test_layers_with_a_window_are_counted_at_full_length_and_the_check_says_so(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(cache / "models" / "gemma", TinyFolder("Gemma3ForCausalLM", layers=7))
    checked = object_of(capsys, "check", "gemma")
    assert (checked["windowed_layers"], checked["window"]) == (6, 8)
    assert checked["cache_a_token"]["fp16"] == 2 * 7 * 2 * 32 * 2
    assert "6 of its layers see only 8 tokens" in printed(capsys, "check", "gemma")


def test_a_plan_that_was_built_gives_its_own_size(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny(cache / "models" / "mine.gguf", TinyModel())
    counted = object_of(capsys, "check", "mine")
    assert not counted["from_plan"]
    model = choose_model("mine", cache)
    plan = PlanManifest(
        MANIFEST_VERSION,
        "tensorrt_rtx",
        "1.7",
        "sm89",
        model.sha256,
        "",
        slots=1,
        context=64,
        positions=65,
        chunk=64,
        elements="float16",
        cache="fp16",
        plan_bytes=123_456_789,
    )
    for name, manifest in (
        ("a", plan),
        ("b", msgspec.structs.replace(plan, model_hash="other", plan_bytes=5)),
    ):
        folder = plans_folder(cache) / name
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    built = object_of(capsys, "check", "mine")
    assert (built["from_plan"], built["weights"]) == (True, 123_456_789)
    assert "plan as built" in printed(capsys, "check", "mine")


def test_a_check_tells_what_quantising_a_full_precision_model_would_save(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(cache / "models" / "full", TinyFolder(dtype="bfloat16"))
    sizes = [object_of(capsys, "check", "full", "--weights", form) for form in ("stored", "int8", "int4")]
    assert sizes[0]["weights"] > 1.7 * sizes[1]["weights"] > 1.7 * sizes[2]["weights"]
    assert [each["model"]["quantisation"] for each in sizes] == ["BF16", "Q8_0", "Q4_1+Q8_0"]


@pytest.fixture
def model_file() -> Path:
    from deploy.cache import demonstration_model  # noqa: PLC0415

    path = demonstration_model()
    assert path.is_file()
    return path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pull", "nowhere"), "give OWNER/NAME"),
        (("check", "nowhere"), "there is no model file at"),
        (("check", "--card", "Voodoo 2"), "no card 'Voodoo 2'"),
    ],
)
def test_a_failure_is_one_line(
    words: tuple[str, ...], told: str, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert told in output.err


def test_an_empty_cache_says_how_to_get_a_model(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "samovar model pull OWNER/NAME" in printed(capsys, "list")


# -- progress -------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_at_a_terminal_is_one_line_that_is_written_over() -> None:
    clock = iter([0.0, 0.2, 1.0, 2.0])
    stream = Terminal()
    line = ProgressLine(stream, lambda: next(clock), "fetched")
    for count in (0, 10**8, 10**9, 2 * 10**9):
        line.report("m.gguf", count, 2 * 10**9)
    line.end()
    shown = [each.removesuffix("\x1b[K") for each in stream.getvalue().strip().split("\r")]
    assert shown == [
        "m.gguf: 0.00 of 2.00 GB",
        "m.gguf: 1.00 of 2.00 GB, 1000.0 MB/s, 1 s left",
        "m.gguf: 2.00 of 2.00 GB, fetched",
    ]


def test_progress_in_a_file_is_a_line_each_tenth() -> None:
    clock = iter(range(1000))
    stream = io.StringIO()
    line = ProgressLine(stream, lambda: float(next(clock)), "fetched")
    for count in range(0, 1001, 5):
        line.report("m.gguf", count * 10**6, 10**9)
    line.end()
    assert len(stream.getvalue().splitlines()) == 11
