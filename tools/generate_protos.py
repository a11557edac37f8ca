"""Generate the Python of every contract into clients/python/pmm.

    python tools/generate_protos.py [OUT]

Proto files lie at their import path, so nothing that is generated is ever rewritten.
"""

from __future__ import annotations

import importlib.resources
import shutil
import sys
from pathlib import Path

import grpc_tools.protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"


def generate(out: Path) -> None:
    """Write ``pmm/**/*_pb2*.py`` and their ``.pyi`` under ``out``, replacing what is there."""
    shutil.rmtree(out / "pmm", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    services = [name for name in files if "service " in (PROTOS / name).read_text()]
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    include = [f"-I{PROTOS}", f"-I{well_known}"]
    _protoc(["protoc", *include, f"--python_out={out}", f"--mypy_out={out}", *files])
    _protoc(["protoc", *include, f"--grpc_python_out={out}", f"--mypy_grpc_out={out}", *services])
    for folder in {(out / name).parent for name in files}:
        for package in (folder, *folder.relative_to(out).parents):
            if package != Path("."):
                (out / package / "__init__.py").touch()
    (out / "pmm" / "py.typed").touch()


def _protoc(arguments: list[str]) -> None:
    status = grpc_tools.protoc.main(arguments)
    if status != 0:
        raise SystemExit(status)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "clients" / "python")
