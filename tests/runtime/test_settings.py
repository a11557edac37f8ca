"""Flags before environment before file before default, each with its source; unknown names are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from services.runtime import settings
from services.runtime.main import assignments
from services.runtime.sections import DataSettings, PeerSettings, ServerSettings, TelemetrySettings
from services.runtime.settings import SettingsError, describe, load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_flags_go_before_the_environment_before_the_file_before_the_default(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[server]\nport = 1\nhost = '::1'\nmax_concurrent_rpcs = 5\n")
    environ = {"PMM_SERVER__PORT": "2", "PMM_SERVER__HOST": "127.0.0.2"}

    found = {
        s.name: (s.value, s.source)
        for s in describe("server", ServerSettings, {"port": 3}, config=file, environ=environ)
    }

    assert found["server.port"] == (3, "flag")
    assert found["server.host"] == ("127.0.0.2", "env")
    assert found["server.max_concurrent_rpcs"] == (5, "file")
    assert found["server.drain_seconds"] == (20, "default")


def test_a_flag_that_was_not_given_counts_for_nothing():
    assert load("server", ServerSettings, {"port": None}, environ={"PMM_SERVER__PORT": "2"}).port == 2


def test_the_file_is_the_given_one_then_that_of_the_variable_then_the_one_here(tmp_path):
    for name, port in (("pmm.toml", 1), ("variable.toml", 2), ("given.toml", 3)):
        (tmp_path / name).write_text(f"[server]\nport = {port}\n")
    variable = {"PMM_CONFIG": str(tmp_path / "variable.toml")}

    assert load("server", ServerSettings, environ={}).port == 1
    assert load("server", ServerSettings, environ=variable).port == 2
    assert load("server", ServerSettings, config=Path("given.toml"), environ=variable).port == 3


def test_the_data_folder_has_a_short_variable():
    assert load("data", DataSettings, environ={"PMM_DATA": "/a"}).dir == Path("/a")
    assert load("data", DataSettings, environ={"PMM_DATA": "/a", "PMM_DATA__DIR": "/b"}).dir == Path("/b")


@pytest.mark.parametrize(
    ("flags", "environ", "content", "problem"),
    [
        ({"prot": 1}, {}, "", "server.prot: no such setting (from flag)"),
        ({}, {"PMM_SERVER__PROT": "1"}, "", "server.prot: no such setting (from env)"),
        ({}, {}, "[server]\nprot = 1", "server.prot: no such setting (from file)"),
        ({"prot": 1}, {}, "", "did you mean server.port?"),
        ({}, {}, "[serer]\nport = 1", "[serer] is not a section"),
        ({}, {}, "server = 1", "server must be a table"),
        ({}, {}, "[server", "not valid TOML"),
        (
            {},
            {"PMM_SERVER__PORT": "70000"},
            "",
            "server.port: Input should be less than or equal to 65535 (from env)",
        ),
        ({"port": "x"}, {}, "", "server.port: Input should be a valid integer"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_source(tmp_path, flags, environ, content, problem):
    (tmp_path / "pmm.toml").write_text(content)

    with pytest.raises(SettingsError) as caught:
        load("server", ServerSettings, flags, environ=environ)

    assert problem in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(SettingsError) as caught:
        load("server", ServerSettings, environ={"PMM_SERVER__PORT": "x", "PMM_SERVER__DRAIN_SECONDS": "-1"})

    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "server.port",
        "server.drain_seconds",
    ]


def test_a_settings_file_that_was_asked_for_must_be_there(tmp_path):
    with pytest.raises(SettingsError, match="no such settings file"):
        load("server", ServerSettings, config=tmp_path / "none.toml", environ={})


def test_a_secret_is_shown_as_set_or_unset():
    class Secret(BaseModel):
        key: SecretStr = Field(SecretStr(""), description="A key.")
        other: str = Field("", description="Another.", json_schema_extra={"secret": True})

    shown = describe("inference", Secret, {"key": "hunter2-hunter2"}, environ={})

    assert [(s.value, s.default) for s in shown] == [("set", "unset"), ("unset", "unset")]
    assert "hunter2" not in str(shown)


@pytest.mark.parametrize("model", [ServerSettings, TelemetrySettings, DataSettings, PeerSettings])
def test_every_setting_is_described_and_every_number_has_a_unit_or_is_a_port(model):
    for setting in describe("server", model, environ={}):
        assert setting.description.endswith(".")
        if isinstance(setting.value, int | float) and not isinstance(setting.value, bool):
            assert setting.unit or setting.name.endswith("port")


def test_any_setting_can_be_given_on_the_command_line():
    assert assignments(["server.port=1", "inference.model=a=b"]) == {
        "server": {"port": "1"},
        "inference": {"model": "a=b"},
    }
    for wrong in ("server.port", "port=1", "nothing.port=1"):
        with pytest.raises(SettingsError, match="pmm config"):
            assignments([wrong])


def test_the_sections_are_those_that_the_documentation_names():
    assert set(settings.SECTIONS) == {
        "server", "telemetry", "data", "peers", "ledger", "memory", "inference", "orchestrator"
    }  # fmt: skip
