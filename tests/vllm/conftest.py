"""vLLM's real engine on the processor, with a tiny Llama that is made here: ``make test-vllm``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import tiny_llama as tiny_llama_model
from tests.support.serving import Served, serving

CONTEXT = 512
ARGUMENTS = {"max_model_len": CONTEXT, "enforce_eager": True, "dtype": "bfloat16", "max_num_seqs": 32}

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs vLLM, and takes its time to start it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a model that every test shares."""
    pytest.importorskip("vllm", reason="NOT TESTED: no vllm; make test-vllm")
    return tiny_llama_model.make(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def endless_llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of one that never ends by itself."""
    pytest.importorskip("vllm", reason="NOT TESTED: no vllm; make test-vllm")
    return tiny_llama_model.make(tmp_path_factory.mktemp("endless-llama"), ends=False)


@pytest.fixture(scope="session")
def adapter(tiny_llama: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a LoRA adapter of that model."""
    return tiny_llama_model.make_adapter(tmp_path_factory.mktemp("adapter"), tiny_llama)


@pytest.fixture
def settings(tiny_llama: str, adapter: str) -> dict[str, dict[str, Any]]:
    """The settings of an inference service with the tiny model and an adapter."""
    chosen = {"backend": "vllm", "model": tiny_llama, "vllm_adapters": {"pirate": adapter}}
    return {"inference": {**chosen, "vllm_arguments": ARGUMENTS}}


@pytest.fixture
async def served(settings: dict[str, dict[str, Any]], tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, "inference", settings=settings) as running:
        yield running
