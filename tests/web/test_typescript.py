"""The browser's types are made from the server's, and never lag behind."""

from typing import get_args

import pytest

from web import typescript
from web.protocol import frames
from web.typescript import TARGET, generate, main


def test_the_file_in_the_tree_is_what_the_protocol_says() -> None:
    assert TARGET.read_text(encoding="utf-8") == generate(), "run `python -m web.typescript`"
    assert main(["--check"]) == 0


def test_a_stale_file_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path_factory.mktemp("wire") / "protocol.ts"
    monkeypatch.setattr(typescript, "TARGET", target)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0
    target.write_text(generate() + "// edited by hand\n", encoding="utf-8")
    assert main(["--check"]) == 1
    assert "python -m web.typescript" in capsys.readouterr().err
    assert main(["--elsewhere"]) == 2


def test_every_frame_is_a_member_of_its_union_and_an_interface() -> None:
    made = generate()
    for union in (frames.ClientFrame, frames.ServerFrame):
        for frame in get_args(union):
            tag = frame.__struct_config__.tag
            assert f"\n  | {frame.__name__}" in made
            assert f'export interface {frame.__name__} {{\n  type: "{tag}";' in made


def test_only_what_the_client_sends_may_leave_fields_out() -> None:
    made = generate()
    opened = made.partition("export interface Open {")[2].partition("}")[0]
    assert "seq?: number" in opened
    snapshot = made.partition("export interface Snapshot {")[2].partition("}")[0]
    assert "?" not in snapshot
    assert "live: LiveReply | null;" in snapshot
    visit = made.partition("export interface FirstVisit {")[2].partition("}")[0]
    assert "code?: string" in visit
