"""The settings of the inference service."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

BackendName = Literal["recall", "openai", "ollama", "vllm"]


class InferenceSettings(BaseModel):
    """Which model answers, and how long it may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: BackendName = Field(
        "recall",
        description="Who answers: recall (from memory, without a model), openai (any server that speaks its "
        "API), ollama (the same, on this machine), or vllm (a model in this process: install the extra of that name).",
    )
    model: str = Field(
        "", description="Model where a call names none; with openai, the server's first when empty."
    )
    openai_base_url: str = Field(
        "http://127.0.0.1:11434/v1",
        pattern=r"^https?://[^/]",
        description="With openai: base URL of the server; Ollama's by default.",
    )
    openai_api: Literal["chat_completions", "responses"] = Field(
        "chat_completions",
        description="Which of its APIs is spoken: chat_completions, which every server has, or responses.",
    )
    openai_api_key: SecretStr | None = Field(
        None, description="API key; a file is safer.", json_schema_extra={"secret": True}
    )
    openai_api_key_file: Path | None = Field(None, description="File that holds the API key.")
    openai_ca_file: Path | None = Field(
        None,
        description="PEM file of the authority that signed the server's certificate, where it is your own.",
    )
    ollama_base_url: str = Field(
        "http://127.0.0.1:11434/v1", pattern=r"^https?://[^/]", description="With ollama: its address."
    )
    ollama_model: str = Field(
        "",
        description="With ollama as a fallback: its model; its first when empty. It is inference.model otherwise.",
    )
    connect_timeout_seconds: float = Field(
        5, gt=0, json_schema_extra={"unit": "s"}, description="Until the model server accepts the connection."
    )
    first_token_timeout_seconds: float = Field(
        60,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Until the model server's first token; a model that is being loaded takes its time.",
    )
    read_timeout_seconds: float = Field(
        30,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Longest silence of the model server after the first token.",
    )
    max_retries: int = Field(
        2,
        ge=0,
        le=10,
        json_schema_extra={"unit": "attempts"},
        description="Further attempts before the first token; after it none is made.",
    )
    retry_seconds: float = Field(
        0.25,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Before the first retry; doubled each time, with jitter. Retry-After goes before it.",
    )
    json_attempts: int = Field(
        3,
        ge=1,
        le=10,
        json_schema_extra={"unit": "attempts"},
        description="How often an answer that must be JSON of a schema is asked for, until it is.",
    )
    fallback: list[BackendName] = Field(
        default_factory=list,
        description='Who answers, in this order, where the backend cannot begin to; as JSON: ["recall"].',
    )
    breaker_failures: int = Field(
        3,
        ge=1,
        json_schema_extra={"unit": "calls"},
        description="With fallback: after so many failures in a row a backend is spared.",
    )
    breaker_seconds: float = Field(
        30, gt=0, json_schema_extra={"unit": "s"}, description="With fallback: for so long it is spared."
    )
    vllm_model: str = Field(
        "", description="With vllm as a fallback: its model. It is inference.model otherwise."
    )
    vllm_arguments: dict[str, Any] = Field(
        default_factory=dict,
        description="With vllm: arguments of its engine as JSON, such as max_model_len, tensor_parallel_size, "
        "distributed_executor_backend, quantization, dtype. The model is inference.model.",
    )
    vllm_adapters: dict[str, str] = Field(
        default_factory=dict,
        description="With vllm: LoRA adapters, name to folder, as JSON. A call names one in its field adapter.",
    )
    delta_milliseconds: float = Field(
        20,
        ge=0,
        json_schema_extra={"unit": "ms"},
        description="A stream sends at most one delta in this time; tokens that come faster travel together.",
    )
    max_deltas_per_second: float = Field(
        500,
        gt=0,
        json_schema_extra={"unit": "deltas/s"},
        description="Over all streams: the more of them are open, the more tokens travel together.",
    )
    max_running: int = Field(
        64,
        ge=1,
        json_schema_extra={"unit": "calls"},
        description="Calls that the backend works on at a time.",
    )
    max_waiting: int = Field(
        256, ge=0, json_schema_extra={"unit": "calls"}, description="Calls that may wait; more are refused."
    )
