"""The settings that every server has: one section each. A service's own section lives in the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def _unit(unit: str, **more: Any) -> dict[str, Any]:
    return {"unit": unit, **more}


class ServerSettings(BaseModel):
    """Where a server listens, whom it lets in, and how much it takes on at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        "127.0.0.1", description="Address to listen on. Anything but loopback needs TLS and tokens."
    )
    port: int = Field(50050, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    health_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Second TCP port, without TLS and tokens, that answers grpc.health.v1 and nothing else: "
        "for probes that speak neither, such as the kubelet's. 0 is off.",
    )
    tls_cert: Path | None = Field(
        None, description="PEM file with the server's certificate chain; turns TLS on."
    )
    tls_key: Path | None = Field(None, description="PEM file with the certificate's private key.")
    tls_client_ca: Path | None = Field(
        None, description="PEM file of the CAs of client certificates; when set, clients must present one."
    )
    allow_plaintext: bool = Field(
        False,
        description="Listen beyond loopback without TLS. Only where the network itself encrypts, as a mesh "
        "does; tokens are needed all the same.",
    )
    tokens_file: Path | None = Field(
        None, description="TOML file of bearer tokens with owner, minds and scopes; turns authentication on."
    )
    max_message_bytes: int = Field(
        8 * 2**20, ge=1024, json_schema_extra=_unit("bytes"), description="Largest request that is accepted."
    )
    max_concurrent_rpcs: int = Field(
        1024,
        ge=1,
        json_schema_extra=_unit("calls"),
        description="Calls at a time over all clients; more are refused with RESOURCE_EXHAUSTED.",
    )
    max_streams_per_peer: int = Field(
        128,
        ge=1,
        json_schema_extra=_unit("streams"),
        description="Open response streams of one client (its token's owner, or its connection), of each method.",
    )
    default_deadline_seconds: float = Field(
        30, gt=0, json_schema_extra=_unit("s"), description="Deadline of a unary call whose client sent none."
    )
    max_deadline_seconds: float = Field(
        600,
        gt=0,
        json_schema_extra=_unit("s"),
        description="Longest time that a unary call may take, whatever its client asks for.",
    )
    drain_seconds: float = Field(
        20,
        ge=0,
        json_schema_extra=_unit("s"),
        description="Time for running calls to end after SIGTERM before they are cancelled.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity of what is logged to standard error."
    )
    log_max_bytes: int = Field(
        10 * 2**20,
        ge=4096,
        json_schema_extra=_unit("bytes"),
        description="The log of `pmm up --detach`, log/pmm.log, is set aside while it runs once it is larger.",
    )
    log_files: int = Field(
        5,
        ge=1,
        json_schema_extra=_unit("files"),
        description="Logs that were set aside and are kept; the oldest goes.",
    )


class TelemetrySettings(BaseModel):
    """What leaves the process as traces and metrics, and where to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exporter: Literal["none", "console", "otlp"] = Field("none", description="Where traces and metrics go.")
    endpoint: str = Field(
        "http://127.0.0.1:4317", description="OTLP/gRPC collector; http:// is plaintext, https:// is TLS."
    )
    sample_ratio: float = Field(
        1.0,
        ge=0,
        le=1,
        json_schema_extra=_unit("share"),
        description="Share of new traces that are recorded.",
    )
    metrics_interval_seconds: float = Field(
        15, gt=0, json_schema_extra=_unit("s"), description="Time between two exports of the metrics."
    )
    prometheus_port: int = Field(
        0, ge=0, le=65535, description="Port on which metrics can be scraped over HTTP; 0 is off."
    )
    prometheus_host: str = Field("127.0.0.1", description="Address of the Prometheus port.")
    record_message_text: bool = Field(
        False,
        description="Whether spans and logs may hold what people and models say. Leave it off in production.",
    )


class DataSettings(BaseModel):
    """Where the services keep their files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dir: Path = Field(
        Path("~/.local/share/pmm"),
        description="Folder of all data; each service has its own folder in it. PMM_DATA sets it too.",
    )


class PeerSettings(BaseModel):
    """Where a service that runs alone finds the others. Not used when all run in one process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    orchestrator: str = Field("127.0.0.1:50050", description="Address of the orchestrator.")
    ledger: str = Field("127.0.0.1:50051", description="Address of the ledger.")
    memory: str = Field("127.0.0.1:50052", description="Address of the memory.")
    inference: str = Field("127.0.0.1:50053", description="Address of the inference service.")
    token_file: Path | None = Field(
        None,
        description="File that holds the bearer token to call the others with.",
    )
    tls_ca: Path | None = Field(
        None,
        description="PEM file of the CAs that the others' certificates are checked against; turns TLS on.",
    )
