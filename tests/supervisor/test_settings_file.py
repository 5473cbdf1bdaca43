import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import fields

from actors.presets import PRESETS
from supervisor.errors import SettingsError
from supervisor.settings import NodeSettings, SupervisorSettings, tree_for
from supervisor.settings_file import (
    Given,
    comments_of,
    default_text,
    read_settings,
    section_types,
    write_default_file,
)


def settings_of(tmp_path: Path, text: str, **environ: str) -> NodeSettings:
    file = tmp_path / "samovar.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file, environ)


def complaint(tmp_path: Path, text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(tmp_path, text, **environ)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(tmp_path / "samovar.toml"), "FILE")


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml", {}) == NodeSettings()


def test_the_default_file_changes_nothing_and_names_every_key(tmp_path: Path) -> None:
    file = tmp_path / "samovar.toml"
    write_default_file(file)
    assert read_settings(file, {}) == NodeSettings()
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text(encoding="utf-8")
    for section, kind in section_types().items():
        assert f"[{section}]" in text
        for entry in fields(kind):
            assert re.search(rf"^# {entry.name} = ", text, re.MULTILINE)


def test_the_default_file_with_every_line_taken_in_is_valid_and_says_the_defaults(tmp_path: Path) -> None:
    text = "\n".join(re.sub(r"^# (\w+ = )", r"\1", line) for line in default_text().splitlines())
    assert set(tomllib.loads(text)) == set(section_types())
    assert settings_of(tmp_path, text) == NodeSettings()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "samovar.toml"
    file.write_text("[web]\nport = 1\n")
    write_default_file(file)
    assert file.read_text() == "[web]\nport = 1\n"


def test_comments_beside_the_fields_become_comments_in_the_file() -> None:
    assert comments_of(SupervisorSettings)["silence_s"] in default_text()
    assert all(comments_of(SupervisorSettings).values())


def test_the_environment_goes_before_the_file_and_the_command_line_before_both(tmp_path: Path) -> None:
    file = tmp_path / "samovar.toml"
    file.write_text('[web]\nport = 1\nhost = "::1"\n[queue]\nlease_s = 7\n')
    environ = {"SAMOVAR_WEB_PORT": "2", "SAMOVAR_WEB_HOST": "127.0.0.2"}
    settings = read_settings(file, environ, [Given("web", "port", 3, "--port")])
    assert settings.web.port == 3
    assert settings.web.host == "127.0.0.2"
    assert settings.queue.lease_s == 7.0


def test_an_environment_value_is_text_for_text_and_toml_for_the_rest(tmp_path: Path) -> None:
    environ = {
        "SAMOVAR_WEB_HOSTS": '["a.example", "b.example"]',
        "SAMOVAR_WEB_BEHIND_PROXY": "true",
        "SAMOVAR_SUPERVISOR_BOX_NAME": "12",
        "SAMOVAR_ENGINE_NUMERICS": "exact",
        "SAMOVAR_ENGINE_WEIGHTS": '"int8"',
    }
    settings = settings_of(tmp_path, "", **environ)
    assert settings.web.hosts == ("a.example", "b.example")
    assert settings.web.behind_proxy is True
    assert settings.supervisor.box_name == "12"
    assert (settings.engine.numerics, settings.engine.weights) == ("exact", "int8")


def test_a_table_for_the_sampling_keeps_the_defaults_of_what_it_leaves_out(tmp_path: Path) -> None:
    sampling = settings_of(tmp_path, "[session.sampling]\ntop_k = 3\n").session.sampling
    assert sampling == msgspec.structs.replace(NodeSettings().session.sampling, top_k=3)


def test_a_preset_is_the_ground_that_the_sampling_is_laid_over(tmp_path: Path) -> None:
    given = '[session]\npreset = "creative"\nsampling = { top_k = 3, dry_breakers = ["#"] }\n'
    sampling = settings_of(tmp_path, given).session.sampling
    assert sampling == msgspec.structs.replace(PRESETS["creative"], top_k=3, dry_breakers=("#",))
    only_preset = settings_of(tmp_path, "", SAMOVAR_SESSION_PRESET="greedy")
    assert only_preset.session.sampling == PRESETS["greedy"]


def test_settings_survive_the_way_to_a_child(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "[session.sampling]\ntop_k = 3\n")
    line = msgspec.json.encode(msgspec.to_builtins(settings))
    assert msgspec.json.decode(line, type=NodeSettings) == settings


def test_other_variables_with_our_prefix_are_left_alone(tmp_path: Path) -> None:
    environ = {"SAMOVAR_CACHE": "/x", "SAMOVAR_DATA": "/y", "SAMOVAR_CI_NUMBER": "1", "SAMOVARWEB_PORT": "1"}
    assert settings_of(tmp_path, "", **environ) == NodeSettings()


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("[webb]\nport = 1", {}, "FILE: there is no section webb; did you mean web?"),
        ("[webb]", {}, "FILE: there is no section webb; did you mean web?"),
        ("[web]\nprot = 1", {}, "FILE: there is no key web.prot; did you mean port?"),
        ("[web]\nxyzzy = 1", {}, "FILE: there is no key web.xyzzy."),
        ('[web]\nport = "80"', {}, "FILE: web.port: expected int, got str."),
        ("[web]\nhosts = [1]", {}, "FILE: web.hosts: expected str, got int."),
        ("port = 1", {}, "FILE: port stands outside a section: put it below a line like [web]."),
        (
            "[session.sampling]\ntop_q = 1",
            {},
            "FILE: session.sampling: there is no top_q; did you mean top_p?",
        ),
        (
            "[session.sampling]\ntop_k = 'a'",
            {},
            "FILE: session.sampling: expected int, got str.",
        ),
        ("[session.sampling]\ntop_p = nan", {}, "FILE: session.sampling: top_p must be between 0 and 1."),
        (
            "[session]\nsampling = 1",
            {},
            "FILE: session.sampling: expected a table such as { temperature = 0.8 }.",
        ),
        (
            '[session]\npreset = "Creatve"',
            {},
            "FILE: session.preset: there is no preset Creatve; did you mean creative?",
        ),
        ("[session]\npreset = 1", {}, "FILE: session.preset: expected str, got int."),
        ("", {"SAMOVAR_WEB_PROT": "1"}, "SAMOVAR_WEB_PROT: there is no key web.prot; did you mean port?"),
        ("", {"SAMOVAR_WEBB_PORT": "1"}, "SAMOVAR_WEBB_PORT: there is no section webb; did you mean web?"),
        ("", {"SAMOVAR_WEB_PORT": "x y"}, 'SAMOVAR_WEB_PORT: "x y" is not a value of TOML.'),
        ("[link]\nwindow = 8", {}, "FILE: link.window: expected int >= 16."),
        ("", {"SAMOVAR_WEB_PORT": "1.5"}, "SAMOVAR_WEB_PORT: expected int, got float."),
        ("[web]\nport = 1", {"SAMOVAR_WEB_PORT": '"a"'}, "SAMOVAR_WEB_PORT: expected int, got str."),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(
    tmp_path: Path, text: str, environ: dict[str, str], expected: str
) -> None:
    assert complaint(tmp_path, text, **environ) == expected


def test_a_file_that_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    assert complaint(tmp_path, "[web\n").startswith("FILE is not TOML: ")
    assert "line 1" in complaint(tmp_path, "[web\n")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "samovar.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "samovar.toml", {})


@pytest.mark.parametrize(
    ("web", "gpu", "names"),
    [
        (True, True, ["web", "link", "engine", "health"]),
        (True, False, ["web"]),
        (False, True, ["link", "engine", "health"]),
    ],
)
def test_the_roles_of_a_machine_decide_its_processes(web: bool, gpu: bool, names: list[str]) -> None:
    spec = tree_for(web, gpu, SupervisorSettings())
    assert [child.name for group in spec.groups for child in group.children] == names


def test_link_and_engine_are_one_group_and_the_engine_has_limits_of_its_own() -> None:
    groups = tree_for(web=True, gpu=True, settings=SupervisorSettings(engine_restarts=9)).groups
    assert [group.strategy for group in groups] == ["one_for_one", "rest_for_one", "one_for_one"]
    link, engine = groups[1].children
    assert (link.limit, link.period_s) == (5, 10.0)
    assert (engine.limit, engine.period_s, engine.boot_limit_s) == (9, 300.0, 3600.0)
