"""vLLM's real engine on the processor, with a tiny Llama that is made here: ``make test-vllm``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import Served, serving

CONTEXT = 512
ARGUMENTS = {"max_model_len": CONTEXT, "enforce_eager": True, "dtype": "float32", "max_num_seqs": 32}
CORPUS = (
    'the cat sleeps on the piano while Ana plants two fig trees in Porto. {"city": "Porto", "age": 3} ' * 20
)

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
    """The folder of a Llama of two layers with random weights, and a tokenizer with a chat template."""
    pytest.importorskip("vllm", reason="NOT TESTED: no vllm; make test-vllm")
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-llama")
    words: Any = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "</s>", "<pad>"]
    words.train_from_iterator(
        [CORPUS], trainers.BpeTrainer(vocab_size=512, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    turn = "<s>{{ message['role'] }}: {{ message['content'] }}\n"
    tokenizer.chat_template = "{% for message in messages %}" + turn + "{% endfor %}assistant: "
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=2048,
        bos_token_id=0, eos_token_id=1, pad_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def settings(tiny_llama: str) -> dict[str, dict[str, Any]]:
    """The settings of an inference service with the tiny model."""
    return {"inference": {"backend": "vllm", "model": tiny_llama, "vllm_arguments": ARGUMENTS}}


@pytest.fixture
async def served(settings: dict[str, dict[str, Any]], tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, "inference", settings=settings) as running:
        yield running
