"""Build every Kubernetes overlay with kustomize and validate what comes out, strictly.

A field that Kubernetes does not know, a wrong type or a kind without a schema is an error. The schemas come
with ``kubernetes-validate``: no cluster and no network is needed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

MANIFESTS = Path(__file__).resolve().parent.parent / "deploy" / "kubernetes"
VERSIONS = ("1.31", "1.37")
"""The oldest Kubernetes that the manifests are for, and the newest that they were checked against."""

MISSING = (
    "kubectl is not installed. It is one client and needs no cluster: on Debian and Ubuntu "
    "apt-get install kubernetes-client, elsewhere https://kubernetes.io/docs/tasks/tools/"
)


def folders() -> list[Path]:
    """The base and every overlay."""
    return [MANIFESTS / "base", *sorted(path for path in (MANIFESTS / "overlays").iterdir() if path.is_dir())]


def has_kubectl() -> bool:
    """Whether manifests can be rendered on this machine."""
    return shutil.which("kubectl") is not None


def render(folder: Path) -> list[dict[str, Any]]:
    """The objects that ``kubectl apply --kustomize`` would send. Raises CalledProcessError."""
    built = subprocess.run(["kubectl", "kustomize", str(folder)], check=True, capture_output=True, text=True)
    return [document for document in yaml.safe_load_all(built.stdout) if document]


def problems(objects: list[dict[str, Any]], version: str) -> Iterator[str]:
    """What the schemas of a Kubernetes version have against the objects, a line each."""
    for item in objects:
        name = f"{item['kind']}/{item['metadata']['name']}"
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(str(part) for part in error.absolute_path)
            yield f"{name}: {place}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"{name}: {error.message}"


def main() -> int:
    """Check all of them; 0 when there is nothing to complain about."""
    if not has_kubectl():
        print(MISSING, file=sys.stderr)
        return 1
    found = 0
    for folder in folders():
        try:
            objects = render(folder)
        except subprocess.CalledProcessError as error:
            print(f"{folder.name}: {error.stderr.strip()}", file=sys.stderr)
            found += 1
            continue
        for version in VERSIONS:
            for problem in problems(objects, version):
                print(f"{folder.name}, Kubernetes {version}: {problem}", file=sys.stderr)
                found += 1
        print(f"{folder.name}: {len(objects)} objects")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
