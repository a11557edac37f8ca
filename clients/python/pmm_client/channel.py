"""Channels: every option with the reason for its value."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Twice what a server sends or takes by default, so that its limit is the one that speaks."""
KEEPALIVE_MS = 30_000
"""Often enough for a NAT that forgets a connection after a minute, and what our servers permit."""
KEEPALIVE_TIMEOUT_MS = 10_000
"""How long a ping may go unanswered before the connection counts as dead."""
FIRST_RECONNECT_BACKOFF_MS = 100
"""After the first failure; gRPC's own second is as long as a restart takes."""
MAX_RECONNECT_BACKOFF_MS = 1_000
"""A restarted server is found again within so long, which is less than the repetitions of a call take: until
then every call fails at once."""

RETRIED = {
    "pmm.ledger.v1.LedgerService": (
        "Read", "GetEvent", "GetHead", "ListMinds", "Subscribe", "Verify", "GetCheckpoint",
        "GetInclusionProof", "GetConsistencyProof", "Export", "GetRedaction",
    ),
    "pmm.memory.v1.MemoryService": (
        "Search", "Embed", "ListMemories", "GetMemory", "GetMemoryHistory", "ListMemoriesOfEvents", "Stats",
    ),
    "pmm.inference.v1.InferenceService": ("CountTokens", "ListModels", "GetLoad"),
    "pmm.orchestrator.v1.OrchestratorService": (
        "ImportMessages", "GetMind", "ListMinds", "DiffMind", "WatchMind", "GetSession", "ListSessions",
        "ListCommitments", "GetIdentityHistory", "GetTraits", "ListDirectives", "ListReflections",
        "GetMetrics", "GetStage", "GetAnalytics", "Explain", "BlastRadius", "GetNeighbors", "FindPath",
        "GetCommitmentThread", "GetSubgraph", "ListPolicies", "GetDefaultMind", "GetPerformance", "ListWorkers",
        "ListDeadLetters", "SetDefaultMind", "RenameSession", "EndSession", "OpenCommitment", "AdoptName", "ClearName",
    ),
}  # fmt: skip
"""What the channel repeats by itself: calls that write nothing, or nothing twice. A write with an idempotency
key is repeated by whoever made the key (``retries.py``)."""

_RETRIES = {
    "methodConfig": [
        {
            "name": [
                {"service": service, "method": method} for service in RETRIED for method in RETRIED[service]
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 3,
                # UNAVAILABLE alone: whatever else fails will fail again.
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    # A server in trouble must not get four times its load.
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}


def options(*, retries: bool = True) -> list[tuple[str, str | int]]:
    """Channel options of every channel that this client opens."""
    return [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        # Subscriptions may be silent for long, and a dead server must be noticed all the same.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", FIRST_RECONNECT_BACKOFF_MS),
        ("grpc.max_reconnect_backoff_ms", MAX_RECONNECT_BACKOFF_MS),
        # An HTTP proxy between a client and a mind is a mistake more often than a wish.
        ("grpc.enable_http_proxy", 0),
        # Two clients in one process must not share a connection, or closing one would slow the other.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", int(retries)),
        *([("grpc.service_config", json.dumps(_RETRIES))] if retries else []),
    ]


def open_channel(
    target: str,
    *,
    token: str | None = None,
    tls_ca: bytes | None = None,
    interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    retries: bool = True,
) -> grpc.aio.Channel:
    """A channel to ``host:port``.

    With ``tls_ca`` (PEM) the connection is TLS. A token goes with every call, over TLS or to a loopback
    address only. Raises ValueError; see ``check_credentials``.
    """
    check_credentials(target, token, tls_ca)
    if tls_ca is None:
        chain = [*interceptors, *(_bearers(token) if token else ())]
        return grpc.aio.insecure_channel(target, options=options(retries=retries), interceptors=chain)
    credentials = grpc.ssl_channel_credentials(tls_ca)
    if token:
        credentials = grpc.composite_channel_credentials(
            credentials, grpc.access_token_call_credentials(token)
        )
    return grpc.aio.secure_channel(
        target, credentials, options=options(retries=retries), interceptors=list(interceptors)
    )


def check_credentials(target: str, token: str | None, tls_ca: bytes | None) -> None:
    """Raises ValueError for a CA without a certificate, and for a token that cannot be sent, or not unread."""
    if tls_ca is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
                cadata=tls_ca.decode("ascii", "ignore")
            )
        except (ssl.SSLError, ValueError):
            raise ValueError("tls_ca holds no certificate in PEM") from None
    if token is None:
        return
    if not token or " " in token or not (token.isascii() and token.isprintable()):
        raise ValueError("the token is not one word of ASCII")
    if tls_ca is None and not is_loopback(target):
        raise ValueError(f"a token is not sent to {target} without TLS: set tls_ca")


def is_loopback(target: str) -> bool:
    """Whether the address stays on this machine."""
    host = target.rsplit(":", 1)[0].strip("[]")
    if host == "localhost" or target.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# Generic in the stubs only, where they are not classes of one family either.
_interceptors: Any = grpc.aio


class _Bearer:
    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    async def _authorized(self, continuation: Any, details: grpc.aio.ClientCallDetails, request: Any) -> Any:
        metadata = grpc.aio.Metadata(*(details.metadata or ()), self._header)
        return await continuation(
            grpc.aio.ClientCallDetails(
                details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
            ),
            request,
        )


class _UnaryUnary(_Bearer, _interceptors.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._authorized(continuation, client_call_details, request)


class _UnaryStream(_Bearer, _interceptors.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._authorized(continuation, client_call_details, request)


class _StreamUnary(_Bearer, _interceptors.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return await self._authorized(continuation, client_call_details, request_iterator)


def _bearers(token: str) -> tuple[Any, ...]:
    return (_UnaryUnary(token), _UnaryStream(token), _StreamUnary(token))
