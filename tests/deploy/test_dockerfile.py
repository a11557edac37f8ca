"""What the images are promised to be. They cannot be built here; what is built in them is tried elsewhere."""

from __future__ import annotations

import re
import tomllib

import pytest

from services.runtime.service import ServiceSpec
from tests.deploy.manifests import ROOT, SERVICES, entrypoint, image_environment, last, stages

EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)
WRITING = ("RUN", "ADD")


def spec_of(service: str) -> ServiceSpec:
    return __import__(f"services.{service}.server", fromlist=["SPEC"]).SPEC


@EVERY_SERVICE
def test_every_service_has_a_target_that_starts_it_without_a_shell(service: str) -> None:
    assert entrypoint(service) == ["python", "-m", f"services.{service}"]
    assert (ROOT / "services" / service / "__main__.py").is_file()


@EVERY_SERVICE
def test_every_image_runs_as_a_numbered_user_that_is_not_root(service: str) -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last(service, "USER"))


@EVERY_SERVICE
def test_nothing_in_an_image_is_written_after_the_user_is_set_but_the_packages(service: str) -> None:
    instructions = stages()[service]
    after = instructions[[name for name, _ in instructions].index("USER") + 1 :]

    assert [rest for name, rest in after if name in WRITING] == []
    assert [rest for name, rest in after if name == "COPY"] == [
        f"--from={service}-packages /opt/pmm /opt/pmm"
    ]


@EVERY_SERVICE
def test_an_image_holds_the_packages_of_its_own_extra_only(service: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    installed = [rest for name, rest in stages()[f"{service}-packages"] if rest.startswith("pip install")]

    assert service in extras
    assert [re.findall(r"\[(\w+)\]", command) for command in installed] == [[service]]


@EVERY_SERVICE
def test_an_image_exposes_the_port_that_the_service_listens_on(service: str) -> None:
    assert str(spec_of(service).default_port) in last(service, "EXPOSE").split()


@EVERY_SERVICE
def test_an_image_writes_in_its_volumes_only(service: str) -> None:
    environment = image_environment(service)

    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment["PMM_DATA"] == "/data"
    assert environment["HOME"] == "/tmp"
    assert last(service, "VOLUME") == '["/data", "/tmp"]'


def test_the_interpreter_is_pinned_to_a_patch_release() -> None:
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", dict(stages()["runtime"])["FROM"])


def test_nothing_but_what_the_wheels_are_built_from_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = {word for name, rest in stages()["builder"] if name == "COPY" for word in rest.split()[:-1]}

    assert "*" in ignored
    assert copied == {line.removeprefix("!") for line in ignored if line.startswith("!")}
