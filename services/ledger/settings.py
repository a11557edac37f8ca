"""The settings of the ledger service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LedgerSettings(BaseModel):
    """How the ledger writes and reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group_limit: int = Field(
        512,
        ge=1,
        json_schema_extra={"unit": "appends"},
        description="Appends that may share one commit and one fsync; more wait for the next.",
    )
    map_initial_mib: int = Field(
        64,
        ge=1,
        json_schema_extra={"unit": "MiB"},
        description="Address space that LMDB starts with. It doubles by itself when the store outgrows it.",
    )
    read_threads: int = Field(
        4,
        ge=1,
        json_schema_extra={"unit": "threads"},
        description="Reads from disk at a time. Reading never waits for writing.",
    )
    page_events: int = Field(
        500,
        ge=1,
        le=1_000,
        json_schema_extra={"unit": "events"},
        description="Events a page where the caller does not say.",
    )
    settle_ms: float = Field(
        5,
        ge=0,
        json_schema_extra={"unit": "ms"},
        description="How long after an append its subscribers are told: they get what follows in one page, and "
        "do not compete with the turn that appended.",
    )
    heartbeat_seconds: float = Field(
        10,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Silence on a subscription before a heartbeat where the caller does not say.",
    )
