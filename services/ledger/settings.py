"""The settings of the ledger service."""

from __future__ import annotations

from pathlib import Path

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
    quota_events: int = Field(
        0,
        ge=0,
        json_schema_extra={"unit": "events"},
        description="Events that a mind may have; 0: no bound. Erasing is always possible.",
    )
    quota_mib: int = Field(
        0,
        ge=0,
        json_schema_extra={"unit": "MiB"},
        description="Payloads that a mind may hold; 0: no bound. Erased ones do not count.",
    )
    log_name: str = Field(
        "pmm",
        pattern=r"^[A-Za-z0-9._/-]{1,64}$",
        description="What checkpoints name this ledger: their origin is log_name/mind_id. Better a domain of yours.",
    )
    master_key_file: Path | None = Field(
        None,
        description="File of 32 bytes in base64 under which the keys of payloads are wrapped, so that the data folder "
        "alone opens none. The first start with it wraps the keys there are. Lost, all payloads are lost.",
    )
    previous_master_key_file: Path | None = Field(
        None,
        description="The master key that master_key_file takes the place of; for one start.",
    )
    heartbeat_seconds: float = Field(
        10,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Silence on a subscription before a heartbeat where the caller does not say.",
    )

    def master_key_files(self) -> dict[str, str]:
        """What another process needs to know to open the keys."""
        files = {
            "master_key_file": self.master_key_file,
            "previous_master_key_file": self.previous_master_key_file,
        }
        return {name: str(path) for name, path in files.items() if path}
