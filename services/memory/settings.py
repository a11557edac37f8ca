"""The settings of the memory service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MemorySettings(BaseModel):
    """How memory indexes, searches and caches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flat_limit: int = Field(
        50_000,
        ge=1,
        json_schema_extra={"unit": "memories"},
        description="Up to here a mind's vectors are searched exactly; above, through an inverted file.",
    )
    probes: int = Field(
        48,
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
        description="Searches at a time; FAISS and tantivy let go of the interpreter lock.",
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
    idle_unload_seconds: float = Field(
        900,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="A mind that nobody searched for so long leaves memory; it loads again on demand.",
    )
    embedding_cache_entries: int = Field(
        200_000,
        ge=0,
        json_schema_extra={"unit": "vectors"},
        description="Vectors kept on disk by text, about 1 KiB each; the least recently used go. 0 is off.",
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
