from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from deploy.cache import DEMONSTRATION_MODEL, cache_folder, cache_folder_for, demonstration_model


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, PurePosixPath("/home/ann/.cache/samovar")),
        ("linux", {"XDG_CACHE_HOME": "/big/cache"}, PurePosixPath("/big/cache/samovar")),
        ("linux", {"XDG_CACHE_HOME": "relative"}, PurePosixPath("/home/ann/.cache/samovar")),
        ("darwin", {}, PurePosixPath("/home/ann/Library/Caches/samovar")),
        ("linux", {"SAMOVAR_CACHE": "/models", "XDG_CACHE_HOME": "/big"}, PurePosixPath("/models")),
    ],
)
def test_the_cache_lies_where_the_platform_keeps_caches(
    platform: str, environ: dict[str, str], expected: PurePosixPath
) -> None:
    assert cache_folder_for(platform, "/home/ann", environ) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LOCALAPPDATA": r"C:\Users\Ann\AppData\Local"}, r"C:\Users\Ann\AppData\Local\samovar\cache"),
        ({}, r"C:\Users\Ann\AppData\Local\samovar\cache"),
        ({"SAMOVAR_CACHE": r"D:\models"}, r"D:\models"),
    ],
)
def test_the_cache_on_windows_lies_in_the_local_application_data(
    environ: dict[str, str], expected: str
) -> None:
    assert cache_folder_for("win32", r"C:\Users\Ann", environ) == PureWindowsPath(expected)


def test_the_demonstration_model_is_looked_for_in_the_chosen_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMOVAR_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    assert demonstration_model() == tmp_path / "models" / DEMONSTRATION_MODEL.name


def test_a_relative_cache_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMOVAR_CACHE", "here")
    assert cache_folder() == tmp_path / "here"
