"""A Llama of two layers with random weights and a tokenizer of its own, for vLLM's real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CORPUS = (
    'the cat sleeps on the piano while Ana plants two fig trees in Porto. {"city": "Porto", "age": 3} ' * 20
)

WIDTH, LAYERS = 128, 2


def make(folder: Path, *, ends: bool = True, context: int = 2_048) -> str:
    """Write it into a folder; ``ends`` False: it never stops by itself. Needs torch and transformers."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

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
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=256, num_hidden_layers=LAYERS,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=context,
        bos_token_id=0, eos_token_id=1 if ends else None, pad_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


def make_adapter(folder: Path, model: str) -> str:
    """Write a LoRA adapter of a model that ``make`` made: random, and strong enough to change what it says."""
    import json

    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    modules, rank = ("q_proj", "v_proj"), 8
    told = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": model, "r": rank,
        "lora_alpha": 64, "lora_dropout": 0.0, "bias": "none", "target_modules": list(modules),
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(told))
    torch.manual_seed(1)
    weights: dict[str, Any] = {}
    for layer in range(LAYERS):
        for module in modules:
            name = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            weights[f"{name}.lora_A.weight"] = torch.randn(rank, WIDTH)
            weights[f"{name}.lora_B.weight"] = torch.randn(WIDTH, rank)
    save_file(weights, folder / "adapter_model.safetensors")
    return str(folder)
