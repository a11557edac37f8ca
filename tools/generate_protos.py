"""Generate the Python of every contract into clients/python/pmm.

    python tools/generate_protos.py            writes it
    python tools/generate_protos.py --check    exits 1 if what is committed differs

Proto files lie at their import path, so nothing that is generated is ever rewritten.
"""

from __future__ import annotations

import filecmp
import importlib.resources
import os
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools.protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
COMMITTED = ROOT / "clients" / "python"


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


def differences(left: Path, right: Path) -> list[str]:
    """Paths, relative to both folders, that are not the same in them. Bytecode does not count."""
    files = {
        str(path.relative_to(folder))
        for folder in (left, right)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    _, changed, missing = filecmp.cmpfiles(left, right, files, shallow=False)
    return sorted(changed + missing)


def check() -> int:
    """Generate into a temporary folder and name every file that is not committed so."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        different = differences(Path(folder) / "pmm", COMMITTED / "pmm")
    for name in different:
        print(f"clients/python/pmm/{name} is not what the protos generate: run make protos", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    # protoc finds its mypy plugins beside the interpreter that runs this.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if sys.argv[1:] == ["--check"]:
        raise SystemExit(check())
    generate(COMMITTED)
