"""gRPC face of the ledger: decode, call, encode. Rules live in ``ledger.py`` and below."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import grpc.aio

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.ledger.v1 import ledger_pb2_grpc as rpc
from services.ledger import convert, ownership, stored
from services.ledger.checks import CHECKS
from services.ledger.ledger import Ledger
from services.ledger.restore import Upload
from services.ledger.settings import LedgerSettings
from services.runtime.caller import current_caller
from services.runtime.compiled import warn_unless
from services.runtime.service import Service, ServiceContext, ServiceSpec
from services.runtime.telemetry import current_trace_id

DEFAULT_PAGE = 100
_Context = grpc.aio.ServicerContext[object, object]


class LedgerServicer(rpc.LedgerServiceServicer):
    """Each method decodes, calls ``Ledger``, encodes."""

    def __init__(self, ledger: Ledger, settings: LedgerSettings) -> None:
        self._ledger = ledger
        self._settings = settings

    async def Append(self, request: pb.AppendRequest, context: _Context) -> pb.AppendResponse:
        caller = current_caller()
        if not caller.may_reach_all():
            ownership.check((event.body for event in request.events), caller.owner)
        receipt = await self._ledger.append(
            request.mind_id,
            convert.new_events(request, current_trace_id()),
            expected_seq=request.expected_seq if request.HasField("expected_seq") else None,
            expected_hash=request.expected_hash,
            idempotency_key=request.idempotency_key,
        )
        return convert.append_response(receipt)

    async def Read(self, request: pb.ReadRequest, context: _Context) -> AsyncIterator[pb.ReadResponse]:
        # Pages, not events: one message costs about 50 µs in Python whatever it holds.
        async for events, head in self._ledger.read(convert.read_range(request)):
            yield convert.read_response(events, head, raw=request.raw)

    async def GetEvent(self, request: pb.GetEventRequest, context: _Context) -> pb.GetEventResponse:
        event = await self._ledger.get(request.mind_id, request.seq)
        return convert.event_response(event, raw=request.raw)

    async def GetHead(self, request: pb.GetHeadRequest, context: _Context) -> pb.GetHeadResponse:
        as_of_seq = request.as_of_seq if request.HasField("as_of_seq") else None
        head = await self._ledger.head(request.mind_id, as_of_seq)
        return convert.head_response(head, self._ledger.store_id)

    async def ListMinds(self, request: pb.ListMindsRequest, context: _Context) -> pb.ListMindsResponse:
        found, following = await self._ledger.minds(
            request.page_token,
            request.prefix,
            request.page_size or DEFAULT_PAGE,
            request.as_of_position if request.HasField("as_of_position") else None,
            current_caller().may_reach,
        )
        return pb.ListMindsResponse(minds=map(convert.summary, found), next_page_token=following)

    async def Subscribe(
        self, request: pb.SubscribeRequest, context: _Context
    ) -> AsyncIterator[pb.SubscribeResponse]:
        started = pb.SubscriptionStarted(
            store_id=self._ledger.store_id, head_position=await self._ledger.head_position()
        )
        after, heartbeat = self._after(request), self._heartbeat_seconds(request)
        deliveries = self._ledger.subscribe(request.mind_id, after, request.kinds, heartbeat)
        is_caught_up, is_first = False, True
        async for delivery in deliveries:
            if is_first:
                yield pb.SubscribeResponse(started=started)
                is_first = False
            for message in convert.deliveries(delivery, raw=request.raw, was_caught_up=is_caught_up):
                yield message
            is_caught_up = is_caught_up or delivery.is_caught_up

    def _after(self, request: pb.SubscribeRequest) -> int:
        """Of another store than was followed before, everything is new."""
        if request.store_id and request.store_id != self._ledger.store_id:
            return 0
        return request.after_seq if request.mind_id else request.after_position

    def _heartbeat_seconds(self, request: pb.SubscribeRequest) -> float:
        if request.HasField("heartbeat"):
            return request.heartbeat.ToTimedelta().total_seconds()
        return self._settings.heartbeat_seconds

    async def Verify(self, request: pb.VerifyRequest, context: _Context) -> AsyncIterator[pb.VerifyResponse]:
        async for step in self._ledger.verify(request.mind_id, request.from_seq, request.to_seq):
            yield convert.verify_response(step)

    async def Export(self, request: pb.ExportRequest, context: _Context) -> AsyncIterator[pb.ExportResponse]:
        async for lines, seq, head in self._ledger.export(request.mind_id):
            yield pb.ExportResponse(lines=lines, seq=seq, to_seq=head)

    async def Restore(
        self, request_iterator: AsyncIterator[pb.RestoreRequest], context: _Context
    ) -> pb.RestoreResponse:
        with Upload() as upload:
            async for request in request_iterator:
                upload.name(
                    request.mind_id,
                    force=request.force,
                    origin=convert.origin(request, current_caller().owner),
                )
                upload.take(request.lines)
            head = await self._ledger.restore(upload)
        return pb.RestoreResponse(head_seq=head.seq, hash=head.hash)

    async def Backup(self, request: pb.BackupRequest, context: _Context) -> AsyncIterator[pb.BackupResponse]:
        async for data, total_bytes in self._ledger.backup():
            yield pb.BackupResponse(data=data, total_bytes=total_bytes)

    async def GetCheckpoint(
        self, request: pb.GetCheckpointRequest, context: _Context
    ) -> pb.GetCheckpointResponse:
        head = await self._ledger.checkpoint(request.mind_id, request.tree_size, signed=request.signed)
        return convert.checkpoint(head)

    async def GetInclusionProof(
        self, request: pb.GetInclusionProofRequest, context: _Context
    ) -> pb.GetInclusionProofResponse:
        return convert.inclusion(self._ledger.inclusion(request.mind_id, request.seq, request.tree_size))

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, context: _Context
    ) -> pb.GetConsistencyProofResponse:
        proof = self._ledger.consistency(request.mind_id, request.from_size, request.to_size)
        return convert.consistency(proof)

    async def Redact(self, request: pb.RedactRequest, context: _Context) -> pb.RedactResponse:
        caller = current_caller()
        if not caller.may_reach_all():
            ownership.check((event.body for event in request.events), caller.owner)
        wanted = convert.wanted(request, caller.owner, current_trace_id())
        return convert.redact_response(await self._ledger.redact(wanted))

    async def GetRedaction(
        self, request: pb.GetRedactionRequest, context: _Context
    ) -> pb.GetRedactionResponse:
        return convert.redaction(self._ledger.erasure(request.mind_id, int(request.redaction_id)))

    async def DeleteMind(self, request: pb.DeleteMindRequest, context: _Context) -> pb.DeleteMindResponse:
        seq = await self._ledger.delete(request.mind_id, current_caller().owner, request.why)
        return pb.DeleteMindResponse(seq=seq)


class LedgerService(Service):
    """The ledger service with its life."""

    name = "ledger"
    full_name = "pmm.ledger.v1.LedgerService"
    checks: ClassVar = CHECKS

    def __init__(self, settings: LedgerSettings, context: ServiceContext) -> None:
        warn_unless(stored.is_compiled, "reading the ledger")
        self._settings = settings
        self._ledger = Ledger(context.data_dir, settings)

    def register(self, server: grpc.aio.Server) -> None:
        # What it does not define answers UNIMPLEMENTED; docs/status.md lists it.
        servicer = LedgerServicer(self._ledger, self._settings)  # pyright: ignore[reportAbstractUsage]
        rpc.add_LedgerServiceServicer_to_server(servicer, server)

    async def start(self) -> None:
        await self._ledger.start()

    async def drain(self) -> None:
        self._ledger.drain()

    async def stop(self) -> None:
        await self._ledger.stop()

    async def failed(self) -> BaseException:
        return await self._ledger.failure


SPEC = ServiceSpec(
    "ledger", LedgerSettings, LedgerService, default_port=50051, format_version=2, oldest_format=1
)
