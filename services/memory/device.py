"""Where large minds' vectors are searched: on the processor, or on a GPU where FAISS sees one."""

from __future__ import annotations

import subprocess
from typing import Any

import faiss

from services.memory.vectors import Cpu, Device
from services.runtime.exits import USAGE, StartupError

_faiss: Any = faiss
_NAME_SECONDS = 5.0


def choose(wanted: str) -> Device:
    """The device of the setting ``memory.device``: "auto", "cpu" or "gpu". Raises StartupError."""
    gpus: int = _faiss.get_num_gpus() if hasattr(_faiss, "get_num_gpus") else 0
    if wanted == "cpu" or (wanted == "auto" and not gpus):
        return Cpu()
    if not gpus:
        raise StartupError(
            USAGE,
            "memory.device is gpu, and FAISS sees none: install faiss-gpu-cu12 in place of faiss-cpu on a machine "
            "with an NVIDIA GPU, or set memory.device to auto",
        )
    return Gpu()


class Gpu:
    """The first GPU. Vectors lie there in half precision, and stay on the processor too for what filters need."""

    def __init__(self) -> None:
        self._resources = _faiss.StandardGpuResources()
        self.name = _name()

    def place(self, index: Any) -> Any:
        """See ``Device``."""
        options = _faiss.GpuClonerOptions()
        options.useFloat16 = True
        return _faiss.index_cpu_to_gpu(self._resources, 0, index, options)


def _name() -> str:
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader", "--id=0"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_NAME_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return "gpu"
    return asked.stdout.strip() or "gpu"
