"""Typed settings from flags, environment, file and defaults, in this order, and where each value came from.

A section is a pydantic model; field ``port`` of section ``server`` is

- the flag ``--set server.port=50060`` (some have a flag of their own),
- the variable ``PMM_SERVER__PORT``,
- ``port = 50060`` under ``[server]`` in the TOML file (``--config``, ``PMM_CONFIG`` or ``./pmm.toml``),
- or its default.

A name that nobody knows is refused, wherever it stands: a typing error must not silently mean the default.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, EnvSettingsSource, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as SourceError

SECTIONS = ("server", "telemetry", "data", "peers", "ledger", "memory", "inference", "orchestrator")
"""Every section there is."""

ENV_PREFIX = "PMM_"
CONFIG_VARIABLE = "PMM_CONFIG"
DATA_VARIABLE = "PMM_DATA"
DEFAULT_FILE = Path("pmm.toml")

Model = TypeVar("Model", bound=BaseModel)
Values = Mapping[str, Any]


class SettingsError(Exception):
    """Settings that cannot be used: every problem, one a line, each saying where it came from."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it stands."""

    name: str
    """``section.field``"""
    value: Any
    """A JSON value; "set" or "unset" for a secret."""
    unit: str
    """Empty where there is none."""
    default: Any
    source: str
    """flag, env, file or default"""
    description: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def load(
    section: str,
    model: type[Model],
    flags: Values | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Model:
    """The section's settings. Flags that are None were not given. Raises SettingsError."""
    values, sources = _gather(section, model, flags or {}, config, os.environ if environ is None else environ)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError([_problem(section, detail, sources) for detail in error.errors()]) from None


def describe(
    section: str,
    model: type[BaseModel],
    flags: Values | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[Setting]:
    """Every setting of the section with unit, default and source, in the order of its declaration."""
    loaded = load(section, model, flags, config=config, environ=environ)
    _, sources = _gather(section, model, flags or {}, config, os.environ if environ is None else environ)
    plain = loaded.model_dump(mode="json")
    settings: list[Setting] = []
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        secret = bool(extra.get("secret")) or isinstance(getattr(loaded, name), SecretStr)
        default = info.get_default(call_default_factory=False)
        if default is PydanticUndefined or info.default_factory is not None:
            default = getattr(model(), name)
        settings.append(
            Setting(
                name=f"{section}.{name}",
                value=_masked(getattr(loaded, name)) if secret else plain[name],
                unit=str(extra.get("unit", "")),
                default=_masked(default) if secret else json.loads(json.dumps(default, default=_plain)),
                source=sources.get(name, "default"),
                description=info.description or "",
            )
        )
    return settings


def config_file(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Path | None:
    """The settings file in use: the given one, PMM_CONFIG, or ./pmm.toml where there is one."""
    environ = os.environ if environ is None else environ
    if config is None and environ.get(CONFIG_VARIABLE):
        config = Path(environ[CONFIG_VARIABLE])
    if config is None:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not config.is_file():
        raise SettingsError([f"{config}: no such settings file"])
    return config


def _gather(
    section: str, model: type[BaseModel], flags: Values, config: Path | None, environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that were given, and for each field where from."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    layers = (
        ("file", _from_file(section, model, config_file(config, environ))),
        ("env", _from_environment(section, model, environ)),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    )
    problems: list[str] = []
    for source, layer in layers:
        for name, value in layer.items():
            if name not in model.model_fields:
                problems.append(
                    f"{section}.{name}: no such setting (from {source}); "
                    f"{did_you_mean(name, model.model_fields, section)}`pmm config` lists them all"
                )
            values[name] = value
            sources[name] = source
    if problems:
        raise SettingsError(problems)
    return values, sources


def did_you_mean(name: str, known: Iterable[str], section: str = "") -> str:
    """A question about the nearest of the names that there are, with a space behind it; empty where none is near."""
    found = get_close_matches(name, known, n=1)
    return f"did you mean {section}{'.' if section else ''}{found[0]}? " if found else ""


def _source_model(model: type[BaseModel]) -> type[BaseSettings]:
    # pydantic-settings reads sources for its own class of models; ours stay plain, so that a service can be
    # built from values without any environment.
    bases = cast("tuple[type[BaseSettings], ...]", (model, BaseSettings))
    return type(
        f"{model.__name__}Source",
        bases,
        {"model_config": {"extra": "ignore", "frozen": False}},
    )


def _from_environment(section: str, model: type[BaseModel], environ: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"{ENV_PREFIX}{section.upper()}__"
    given = {key.upper(): value for key, value in environ.items() if key.upper().startswith(prefix)}
    if section == "data" and environ.get(DATA_VARIABLE):
        given.setdefault(f"{prefix}DIR", environ[DATA_VARIABLE])
    source = _Environment(_source_model(model), given, prefix)
    try:
        values = source()
    except SourceError as error:
        raise SettingsError([f"{prefix}…: {error}"]) from None
    unknown = {
        name for name in (key.removeprefix(prefix).lower() for key in given) if name not in model.model_fields
    }
    return values | dict.fromkeys(unknown)


class _Environment(EnvSettingsSource):
    """pydantic-settings' reading of variables, from a given mapping rather than the process's."""

    def __init__(self, model: type[BaseSettings], given: Mapping[str, str], prefix: str) -> None:
        self._given = {key.lower(): value for key, value in given.items()}
        super().__init__(model, case_sensitive=False, env_prefix=prefix)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def _from_file(section: str, model: type[BaseModel], path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = TomlConfigSettingsSource(_source_model(model), path)()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: not valid TOML: {error}"]) from None
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from None
    if unknown := [name for name in content if name not in SECTIONS]:
        raise SettingsError(
            [f"{path}: [{name}] is not a section; there are {', '.join(SECTIONS)}" for name in unknown]
        )
    values = content.get(section, {})
    if not isinstance(values, dict):
        raise SettingsError([f"{path}: {section} must be a table, [{section}]"])
    return values


def _problem(section: str, detail: Any, sources: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    source = sources.get(str(detail["loc"][0]), "default") if detail["loc"] else "default"
    return f"{section}.{name}: {detail['msg']} (from {source})"


def _masked(value: object) -> str:
    return "set" if value else "unset"


def _plain(value: object) -> str:
    return str(value)
