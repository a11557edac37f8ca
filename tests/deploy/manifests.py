"""The rendered manifests and the Dockerfile, as the tests want them."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections import defaultdict
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.check_kubernetes import MANIFESTS, MISSING, has_kubectl, render

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("ledger", "inference", "memory", "orchestrator")
"""In an order in which they can be started."""
OURS = {"persistent-mind": "pyproject.toml", "pmm-client": "clients/python/pyproject.toml"}
FOLDERS = ("base", "overlays/local")

needs_kubectl = pytest.mark.skipif(not has_kubectl(), reason=MISSING)

Object = dict[str, Any]


@cache
def objects(folder: str) -> list[Object]:
    """What a folder of manifests renders to."""
    return render(MANIFESTS / folder)


def of_kind(folder: str, *kinds: str) -> list[Object]:
    """The objects of some kinds."""
    return [item for item in objects(folder) if item["kind"] in kinds]


def workload(folder: str, service: str) -> Object:
    """The StatefulSet or Deployment of a service."""
    return next(
        item for item in of_kind(folder, "StatefulSet", "Deployment") if item["metadata"]["name"] == service
    )


def pod(folder: str, service: str) -> Object:
    """The pod spec of a service."""
    return workload(folder, service)["spec"]["template"]["spec"]


def container(folder: str, service: str) -> Object:
    """The only container of a service's pod."""
    (only,) = pod(folder, service)["containers"]
    return only


def environment(folder: str, service: str) -> dict[str, str]:
    """The variables that the container gets from its manifest, ConfigMaps resolved."""
    maps = {item["metadata"]["name"]: item["data"] for item in of_kind(folder, "ConfigMap")}
    spec = container(folder, service)
    found: dict[str, str] = {}
    for source in spec.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]
    return found | {entry["name"]: entry["value"] for entry in spec.get("env", [])}


def mounts(folder: str, service: str) -> dict[str, Object]:
    """Mount path to volume; a claim template counts as one."""
    spec = workload(folder, service)["spec"]
    volumes = {volume["name"]: volume for volume in pod(folder, service)["volumes"]}
    volumes |= {claim["metadata"]["name"]: claim for claim in spec.get("volumeClaimTemplates", [])}
    return {
        mount["mountPath"]: volumes[mount["name"]] for mount in container(folder, service)["volumeMounts"]
    }


@cache
def stages() -> dict[str, list[tuple[str, str]]]:
    """The Dockerfile's instructions by stage, those of the stages that it is made from first."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    arguments: dict[str, str] = {}
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in text.splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if not instruction or instruction.startswith("#"):
            continue
        if instruction == "ARG" and not found:
            name, _, value = rest.partition("=")
            arguments["${" + name + "}"] = value
        elif instruction == "FROM":
            parent, _, name = rest.partition(" AS ")
            current = found[name] = [*found.get(parent, [("FROM", arguments.get(parent, parent))])]
        else:
            current.append((instruction, rest.strip()))
    return found


def last(service: str, instruction: str) -> str:
    """What an instruction says that was given last in a service's stage."""
    return [rest for name, rest in stages()[service] if name == instruction][-1]


def image_environment(service: str) -> dict[str, str]:
    """The variables that the image sets."""
    return {
        name: value
        for instruction, rest in stages()[service]
        if instruction == "ENV"
        for name, _, value in (word.partition("=") for word in shlex.split(rest))
    }


def entrypoint(service: str) -> list[str]:
    """The image's entrypoint."""
    return json.loads(last(service, "ENTRYPOINT"))


def missing_modules(extra: str) -> set[str]:
    """Top-level modules that are installed here and would not be in an image with that extra alone."""
    present = _closure("persistent-mind", frozenset({extra}))
    found = defaultdict(set)
    for module, distributions in metadata.packages_distributions().items():
        found[module] |= {canonicalize_name(name) for name in distributions}
    return {module for module, distributions in found.items() if not distributions & present}


def _closure(distribution: str, extras: frozenset[str]) -> set[str]:
    done: set[tuple[str, str]] = set()
    todo = [(canonicalize_name(distribution), extra) for extra in ("", *extras)]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for requirement in map(Requirement, _requirements(name, extra)):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                child = canonicalize_name(requirement.name)
                todo += [(child, more) for more in ("", *requirement.extras)]
    return {name for name, _ in done}


def _requirements(name: str, extra: str) -> list[str]:
    """What a distribution wants; of our two as their files say, which may be newer than what is installed."""
    if name not in OURS:
        try:
            return metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            return []
    project = tomllib.loads((ROOT / OURS[name]).read_text())["project"]
    return project.get("optional-dependencies", {}).get(extra, []) if extra else project["dependencies"]
