"""The settings of the orchestrator service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class OrchestratorSettings(BaseModel):
    """How a turn is made, and how much of a mind is kept in memory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    search_budget_ms: int = Field(
        150,
        ge=1,
        json_schema_extra={"unit": "ms"},
        description="A memory search that takes longer is left out of the turn, which then says degraded.",
    )
    reading_budget_ms: int = Field(
        100,
        ge=0,
        json_schema_extra={"unit": "ms"},
        description="A turn waits at most so long until what the messages before it tell is known; 0: not at all.",
    )
    recalled_memories: int = Field(
        10,
        ge=1,
        le=100,
        json_schema_extra={"unit": "memories"},
        description="Memories that a turn asks for: ten hold three quarters of what questions are about.",
    )
    recent_turns: int = Field(
        12,
        ge=0,
        le=200,
        json_schema_extra={"unit": "messages"},
        description="Messages of the session that stand in the prompt.",
    )
    prompt_tokens: int = Field(
        6_000,
        ge=500,
        json_schema_extra={"unit": "tokens"},
        description="Longest prompt, estimated at four characters a token; the oldest recent turns go first. A quarter "
        "is for memories and recent turns, also where persona and message leave less.",
    )
    waiting_turns: int = Field(
        8,
        ge=1,
        json_schema_extra={"unit": "turns"},
        description="Messages of one session that may wait for their turn; more are refused.",
    )
    turn_timeout_seconds: float = Field(
        300,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Longest turn where the caller sends no deadline.",
    )
    snapshot_events: int = Field(
        4_096,
        ge=1,
        json_schema_extra={"unit": "events"},
        description="Least distance of saved snapshots; those of a mind that is read from its start lie further apart.",
    )
    active_minds: int = Field(
        1_000,
        ge=1,
        json_schema_extra={"unit": "minds"},
        description="Minds whose state is kept in memory; the least recently used go and open again on demand.",
    )
    incognito_sessions: int = Field(
        1_000,
        ge=1,
        json_schema_extra={"unit": "sessions"},
        description="Incognito conversations kept in memory; the least recently used go for good.",
    )
    tick_seconds: float = Field(
        10,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="Between looks at the minds in which something happened or is due.",
    )
    audit_seconds: float = Field(
        86_400,
        ge=0,
        json_schema_extra={"unit": "s"},
        description="So often the state of a mind in use is compared with its whole ledger; 0: never.",
    )
    verified_events: int = Field(
        10_000,
        ge=0,
        json_schema_extra={"unit": "events"},
        description="So many events of the minds in use are read again at each look, to verify their chains; 0: none.",
    )
    remind_before_seconds: float = Field(
        3_600,
        ge=0,
        json_schema_extra={"unit": "s"},
        description="So long before a commitment is due a person is reminded; again when it is due.",
    )
    expire_after_seconds: float = Field(
        7 * 86_400,
        gt=0,
        json_schema_extra={"unit": "s"},
        description="So long after its due time a commitment that nobody closed expires.",
    )
    reflects: bool = Field(
        True,
        description="Whether minds reflect by themselves; with a model, each reflection is a call of it.",
    )
    summarizes: bool = Field(
        True,
        description="Whether messages that have left recent_turns are summarised, twelve at a time; with a model, each "
        "summary is a call of it.",
    )
    extracts_with_model: bool = Field(
        True,
        description="Whether a model, where there is one, reads messages beside the rules, which read English: it adds "
        "facts, and all that is said in other languages; one call each, after those that persons wait for.",
    )
    max_directives: int = Field(
        50,
        ge=1,
        json_schema_extra={"unit": "instructions"},
        description="Standing instructions of a mind; beyond, those given least and longest ago are retired, but "
        "for the three given last.",
    )
