"""The contracts as Python: a method an RPC, protobuf in and out, typed exceptions, a deadline on every call.

``Client`` and ``Mind`` are made from these; use them directly for what those do not offer::

    ledger = LedgerClient(open_channel("127.0.0.1:50050"))
    head = await ledger.get_head(GetHeadRequest(mind_id="ada"))
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import grpc.aio
from google.protobuf.message import Message

from pmm.inference.v1 import inference_pb2 as inference
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.orchestrator.v1 import orchestrator_pb2 as orchestrator
from pmm_client.errors import ClientClosed, DeadlineExceeded, PmmError, Unavailable
from pmm_client.failed_calls import from_rpc_error

DEFAULT_TIMEOUT_S = 30.0
"""Of a unary call: longer than any of ours takes, short enough to notice a dead server."""

_FAILED_WRITE = "Internal error from Core"
"""What gRPC says in place of a call's status where it was still sending as the call ended."""

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


Metadata = Callable[[], Sequence[tuple[str, str]]]
"""Gives the metadata of a call."""


class RawClient:
    """A channel and the RPCs of one service on it."""

    service: ClassVar[str]
    """``pmm.ledger.v1.LedgerService``"""

    def __init__(self, channel: grpc.aio.Channel, metadata: Metadata | None = None) -> None:
        self.channel = channel
        self.metadata = metadata
        """Asked at every call for what to send with it, such as a trace context; cheaper than an interceptor."""


class _Rpc(Generic[Request, Response]):
    """A non-data descriptor: the bound call replaces it on the instance at its first use."""

    def __init__(self, method: str, request: type[Request], response: type[Response]) -> None:
        self.method = method
        self.request = request
        self.response = response

    def __set_name__(self, owner: type[RawClient], name: str) -> None:
        self._name = name

    def _open(self, client: RawClient, kind: str) -> Any:
        return getattr(client.channel, kind)(
            f"/{client.service}/{self.method}",
            request_serializer=self.request.SerializeToString,
            response_deserializer=self.response.FromString,
        )


class UnaryCall(Generic[Request, Response]):
    """``await client.append(request, timeout=seconds)``"""

    def __init__(self, call: Any, metadata: Metadata | None) -> None:
        self._call = call
        self._metadata = metadata or tuple

    async def __call__(self, request: Request, *, timeout: float = DEFAULT_TIMEOUT_S) -> Response:
        try:
            return await self._call(request, timeout=timeout, metadata=self._metadata())
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        except grpc.aio.UsageError:
            raise ClientClosed from None


class StreamCall(Generic[Request, Response]):
    """``async for response in client.read(request):``; closing the iterator cancels the call."""

    def __init__(self, call: Any, metadata: Metadata | None) -> None:
        self._call = call
        self._metadata = metadata or tuple

    async def __call__(self, request: Request, *, timeout: float | None = None) -> AsyncGenerator[Response]:
        try:
            call = self._call(request, timeout=timeout, metadata=self._metadata())
        except grpc.aio.UsageError:
            raise ClientClosed from None
        try:
            async for response in call:
                yield response
        except grpc.RpcError as error:
            raise from_rpc_error(error) from None
        except grpc.aio.UsageError:
            raise ClientClosed from None
        finally:
            call.cancel()


class UploadCall(Generic[Request, Response]):
    """``await client.restore(requests)``

    A call that ends while its requests are still sent may lose the server's reason on the way: it is then
    DeadlineExceeded where its time is up, and Unavailable otherwise.
    """

    def __init__(self, call: Any, metadata: Metadata | None) -> None:
        self._call = call
        self._metadata = metadata or tuple

    async def __call__(self, requests: AsyncIterable[Request], *, timeout: float | None = None) -> Response:
        failures: list[Exception] = []
        ends_at = math.inf if timeout is None else time.monotonic() + timeout
        try:
            return await self._call(_watched(requests, failures), timeout=timeout, metadata=self._metadata())
        except grpc.RpcError as error:
            failed = from_rpc_error(error)
            raise (_cut_short(ends_at) if failed.message == _FAILED_WRITE else failed) from None
        except grpc.aio.UsageError:
            raise ClientClosed from None
        except asyncio.CancelledError:
            # gRPC cancels the call when the requests fail, and does not say why.
            if failures:
                raise failures[0] from None
            if _is_cancelled():
                raise
            raise _cut_short(ends_at) from None


def _cut_short(ends_at: float) -> PmmError:
    """A call that ended while it still sent: https://github.com/grpc/grpc/issues/36066"""
    if time.monotonic() >= ends_at:
        return DeadlineExceeded("Deadline Exceeded")
    return Unavailable("the call ended before all was sent, and the reason was lost: try again")


def _is_cancelled() -> bool:
    """Whether somebody cancelled this task, and not gRPC its own."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _watched(requests: AsyncIterable[Request], failures: list[Exception]) -> AsyncIterator[Request]:
    try:
        async for request in requests:
            yield request
    except Exception as error:
        failures.append(error)
        raise


class unary(_Rpc[Request, Response]):
    """A unary RPC."""

    def __get__(self, client: RawClient, owner: type[RawClient]) -> UnaryCall[Request, Response]:
        bound = UnaryCall[Request, Response](self._open(client, "unary_unary"), client.metadata)
        client.__dict__[self._name] = bound
        return bound


class stream(_Rpc[Request, Response]):
    """An RPC whose answer is a stream."""

    def __get__(self, client: RawClient, owner: type[RawClient]) -> StreamCall[Request, Response]:
        bound = StreamCall[Request, Response](self._open(client, "unary_stream"), client.metadata)
        client.__dict__[self._name] = bound
        return bound


class upload(_Rpc[Request, Response]):
    """An RPC whose request is a stream."""

    def __get__(self, client: RawClient, owner: type[RawClient]) -> UploadCall[Request, Response]:
        bound = UploadCall[Request, Response](self._open(client, "stream_unary"), client.metadata)
        client.__dict__[self._name] = bound
        return bound


class LedgerClient(RawClient):
    """``pmm.ledger.v1.LedgerService``"""

    service = "pmm.ledger.v1.LedgerService"

    append = unary("Append", ledger.AppendRequest, ledger.AppendResponse)
    read = stream("Read", ledger.ReadRequest, ledger.ReadResponse)
    get_event = unary("GetEvent", ledger.GetEventRequest, ledger.GetEventResponse)
    get_head = unary("GetHead", ledger.GetHeadRequest, ledger.GetHeadResponse)
    list_minds = unary("ListMinds", ledger.ListMindsRequest, ledger.ListMindsResponse)
    subscribe = stream("Subscribe", ledger.SubscribeRequest, ledger.SubscribeResponse)
    verify = stream("Verify", ledger.VerifyRequest, ledger.VerifyResponse)
    get_checkpoint = unary("GetCheckpoint", ledger.GetCheckpointRequest, ledger.GetCheckpointResponse)
    get_inclusion_proof = unary(
        "GetInclusionProof", ledger.GetInclusionProofRequest, ledger.GetInclusionProofResponse
    )
    get_consistency_proof = unary(
        "GetConsistencyProof", ledger.GetConsistencyProofRequest, ledger.GetConsistencyProofResponse
    )
    export = stream("Export", ledger.ExportRequest, ledger.ExportResponse)
    restore = upload("Restore", ledger.RestoreRequest, ledger.RestoreResponse)
    backup = stream("Backup", ledger.BackupRequest, ledger.BackupResponse)
    redact = unary("Redact", ledger.RedactRequest, ledger.RedactResponse)
    get_redaction = unary("GetRedaction", ledger.GetRedactionRequest, ledger.GetRedactionResponse)
    delete_mind = unary("DeleteMind", ledger.DeleteMindRequest, ledger.DeleteMindResponse)


class MemoryClient(RawClient):
    """``pmm.memory.v1.MemoryService``"""

    service = "pmm.memory.v1.MemoryService"

    search = unary("Search", memory.SearchRequest, memory.SearchResponse)
    embed = unary("Embed", memory.EmbedRequest, memory.EmbedResponse)
    list_memories = unary("ListMemories", memory.ListMemoriesRequest, memory.ListMemoriesResponse)
    get_memory = unary("GetMemory", memory.GetMemoryRequest, memory.GetMemoryResponse)
    get_memory_history = unary(
        "GetMemoryHistory", memory.GetMemoryHistoryRequest, memory.GetMemoryHistoryResponse
    )
    list_memories_of_events = unary(
        "ListMemoriesOfEvents", memory.ListMemoriesOfEventsRequest, memory.ListMemoriesOfEventsResponse
    )
    record_memories = unary("RecordMemories", memory.RecordMemoriesRequest, memory.RecordMemoriesResponse)
    revise_memories = unary("ReviseMemories", memory.ReviseMemoriesRequest, memory.ReviseMemoriesResponse)
    retract_memories = unary("RetractMemories", memory.RetractMemoriesRequest, memory.RetractMemoriesResponse)
    rate_memories = unary("RateMemories", memory.RateMemoriesRequest, memory.RateMemoriesResponse)
    clear_cache = unary("ClearCache", memory.ClearCacheRequest, memory.ClearCacheResponse)
    stats = unary("Stats", memory.StatsRequest, memory.StatsResponse)


class InferenceClient(RawClient):
    """``pmm.inference.v1.InferenceService``"""

    service = "pmm.inference.v1.InferenceService"

    generate = stream("Generate", inference.GenerateRequest, inference.GenerateResponse)
    count_tokens = unary("CountTokens", inference.CountTokensRequest, inference.CountTokensResponse)
    list_models = unary("ListModels", inference.ListModelsRequest, inference.ListModelsResponse)
    get_load = unary("GetLoad", inference.GetLoadRequest, inference.GetLoadResponse)


class OrchestratorClient(RawClient):
    """``pmm.orchestrator.v1.OrchestratorService``"""

    service = "pmm.orchestrator.v1.OrchestratorService"

    converse = stream("Converse", orchestrator.ConverseRequest, orchestrator.ConverseResponse)
    import_messages = unary(
        "ImportMessages", orchestrator.ImportMessagesRequest, orchestrator.ImportMessagesResponse
    )
    create_mind = unary("CreateMind", orchestrator.CreateMindRequest, orchestrator.CreateMindResponse)
    get_mind = unary("GetMind", orchestrator.GetMindRequest, orchestrator.GetMindResponse)
    list_minds = unary("ListMinds", orchestrator.ListMindsRequest, orchestrator.ListMindsResponse)
    get_default_mind = unary(
        "GetDefaultMind", orchestrator.GetDefaultMindRequest, orchestrator.GetDefaultMindResponse
    )
    set_default_mind = unary(
        "SetDefaultMind", orchestrator.SetDefaultMindRequest, orchestrator.SetDefaultMindResponse
    )
    diff_mind = unary("DiffMind", orchestrator.DiffMindRequest, orchestrator.DiffMindResponse)
    watch_mind = stream("WatchMind", orchestrator.WatchMindRequest, orchestrator.WatchMindResponse)
    set_policy = unary("SetPolicy", orchestrator.SetPolicyRequest, orchestrator.SetPolicyResponse)
    list_policies = unary("ListPolicies", orchestrator.ListPoliciesRequest, orchestrator.ListPoliciesResponse)
    start_session = unary("StartSession", orchestrator.StartSessionRequest, orchestrator.StartSessionResponse)
    get_session = unary("GetSession", orchestrator.GetSessionRequest, orchestrator.GetSessionResponse)
    list_sessions = unary("ListSessions", orchestrator.ListSessionsRequest, orchestrator.ListSessionsResponse)
    rename_session = unary(
        "RenameSession", orchestrator.RenameSessionRequest, orchestrator.RenameSessionResponse
    )
    end_session = unary("EndSession", orchestrator.EndSessionRequest, orchestrator.EndSessionResponse)
    set_privacy_mode = unary(
        "SetPrivacyMode", orchestrator.SetPrivacyModeRequest, orchestrator.SetPrivacyModeResponse
    )
    list_commitments = unary(
        "ListCommitments", orchestrator.ListCommitmentsRequest, orchestrator.ListCommitmentsResponse
    )
    open_commitment = unary(
        "OpenCommitment", orchestrator.OpenCommitmentRequest, orchestrator.OpenCommitmentResponse
    )
    close_commitment = unary(
        "CloseCommitment", orchestrator.CloseCommitmentRequest, orchestrator.CloseCommitmentResponse
    )
    snooze_commitment = unary(
        "SnoozeCommitment", orchestrator.SnoozeCommitmentRequest, orchestrator.SnoozeCommitmentResponse
    )
    revise_commitment = unary(
        "ReviseCommitment", orchestrator.ReviseCommitmentRequest, orchestrator.ReviseCommitmentResponse
    )
    get_identity_history = unary(
        "GetIdentityHistory", orchestrator.GetIdentityHistoryRequest, orchestrator.GetIdentityHistoryResponse
    )
    adopt_name = unary("AdoptName", orchestrator.AdoptNameRequest, orchestrator.AdoptNameResponse)
    clear_name = unary("ClearName", orchestrator.ClearNameRequest, orchestrator.ClearNameResponse)
    get_traits = unary("GetTraits", orchestrator.GetTraitsRequest, orchestrator.GetTraitsResponse)
    list_directives = unary(
        "ListDirectives", orchestrator.ListDirectivesRequest, orchestrator.ListDirectivesResponse
    )
    retire_directive = unary(
        "RetireDirective", orchestrator.RetireDirectiveRequest, orchestrator.RetireDirectiveResponse
    )
    list_reflections = unary(
        "ListReflections", orchestrator.ListReflectionsRequest, orchestrator.ListReflectionsResponse
    )
    reflect = unary("Reflect", orchestrator.ReflectRequest, orchestrator.ReflectResponse)
    get_metrics = unary("GetMetrics", orchestrator.GetMetricsRequest, orchestrator.GetMetricsResponse)
    get_stage = unary("GetStage", orchestrator.GetStageRequest, orchestrator.GetStageResponse)
    get_analytics = unary("GetAnalytics", orchestrator.GetAnalyticsRequest, orchestrator.GetAnalyticsResponse)
    explain = unary("Explain", orchestrator.ExplainRequest, orchestrator.ExplainResponse)
    blast_radius = stream("BlastRadius", orchestrator.BlastRadiusRequest, orchestrator.BlastRadiusResponse)
    get_neighbors = unary("GetNeighbors", orchestrator.GetNeighborsRequest, orchestrator.GetNeighborsResponse)
    find_path = unary("FindPath", orchestrator.FindPathRequest, orchestrator.FindPathResponse)
    get_commitment_thread = unary(
        "GetCommitmentThread",
        orchestrator.GetCommitmentThreadRequest,
        orchestrator.GetCommitmentThreadResponse,
    )
    get_subgraph = unary("GetSubgraph", orchestrator.GetSubgraphRequest, orchestrator.GetSubgraphResponse)
    forget = stream("Forget", orchestrator.ForgetRequest, orchestrator.ForgetResponse)
    get_performance = unary(
        "GetPerformance", orchestrator.GetPerformanceRequest, orchestrator.GetPerformanceResponse
    )
    list_workers = unary("ListWorkers", orchestrator.ListWorkersRequest, orchestrator.ListWorkersResponse)
    list_dead_letters = unary(
        "ListDeadLetters", orchestrator.ListDeadLettersRequest, orchestrator.ListDeadLettersResponse
    )
    replay_dead_letter = unary(
        "ReplayDeadLetter", orchestrator.ReplayDeadLetterRequest, orchestrator.ReplayDeadLetterResponse
    )
