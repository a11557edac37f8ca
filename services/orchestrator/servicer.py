"""gRPC face of the orchestrator: each method decodes, calls the domain, encodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc.aio

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm.orchestrator.v1 import orchestrator_pb2_grpc as rpc
from services.orchestrator import (
    convert,
    convert_analytics,
    convert_commitments,
    convert_diff,
    convert_graph,
    convert_reports,
)
from services.orchestrator.checks import page_tokens
from services.orchestrator.checks.fields import AsOf
from services.orchestrator.commitment_thread import thread
from services.orchestrator.convert_screens import Screens
from services.orchestrator.diff import MAX_SEQS
from services.orchestrator.domain import Domain
from services.orchestrator.ended import CLOSED, EXPIRED
from services.orchestrator.errors import ModelFailed, ModelUnavailable
from services.orchestrator.explain import explain
from services.orchestrator.snapshot import Snapshot
from services.runtime.caller import current_caller
from services.runtime.times import zone

DEFAULT_PAGE = 100
MAX_DIRECTIVES = 1_000
ENDED = {pb.COMMITMENT_STATUS_CLOSED: CLOSED, pb.COMMITMENT_STATUS_EXPIRED: EXPIRED}
_Context = grpc.aio.ServicerContext[object, object]


class OrchestratorServicer(rpc.OrchestratorServiceServicer):
    """What it does not define answers UNIMPLEMENTED; docs/status.md lists it."""

    def __init__(self, domain: Domain) -> None:
        self._d = domain
        self._screens = Screens()

    async def Converse(
        self, request: pb.ConverseRequest, context: _Context
    ) -> AsyncIterator[pb.ConverseResponse]:
        async for part in self._d.conversations.converse(convert.ask(request)):
            yield convert.part(part)

    async def ImportMessages(
        self, request: pb.ImportMessagesRequest, context: _Context
    ) -> pb.ImportMessagesResponse:
        messages = [convert.message(message) for message in request.messages]
        return convert.imported(await self._d.importing.import_messages(request.mind_id, messages))

    async def CreateMind(self, request: pb.CreateMindRequest, context: _Context) -> pb.CreateMindResponse:
        state = await self._d.actions.create(
            request.mind_id, request.name, current_caller().owner, request.settings, request.idempotency_key
        )
        await self._d.owners.seen_soon(request.mind_id, 1)
        return pb.CreateMindResponse(mind=await self._mind(request.mind_id, state))

    async def GetMind(self, request: pb.GetMindRequest, context: _Context) -> pb.GetMindResponse:
        state = await self._d.minds.as_of(request.mind_id, _seq(request), request.min_seq)
        return pb.GetMindResponse(mind=await self._mind(request.mind_id, state))

    async def ListMinds(self, request: pb.ListMindsRequest, context: _Context) -> pb.ListMindsResponse:
        found, following = await self._d.owners.listing(
            current_caller(),
            request.owner,
            page_tokens.place(request),
            request.prefix,
            request.page_size or DEFAULT_PAGE,
        )
        return pb.ListMindsResponse(
            minds=map(convert.listing, found), next_page_token=page_tokens.token(request, following)
        )

    async def GetDefaultMind(
        self, request: pb.GetDefaultMindRequest, context: _Context
    ) -> pb.GetDefaultMindResponse:
        mind_id, is_marked = await self._d.owners.default(current_caller())
        return pb.GetDefaultMindResponse(mind_id=mind_id, is_marked=is_marked)

    async def SetDefaultMind(
        self, request: pb.SetDefaultMindRequest, context: _Context
    ) -> pb.SetDefaultMindResponse:
        seq = await self._d.owners.mark(request.mind_id, current_caller(), request.why)
        return pb.SetDefaultMindResponse(seq=seq)

    async def SetPolicy(self, request: pb.SetPolicyRequest, context: _Context) -> pb.SetPolicyResponse:
        policy = mind.PolicyChanged(key=request.key, value=request.value, why=request.why)
        seq = await self._d.actions.set_policy(request.mind_id, policy, request.idempotency_key)
        return pb.SetPolicyResponse(seq=seq)

    async def ListPolicies(
        self, request: pb.ListPoliciesRequest, context: _Context
    ) -> pb.ListPoliciesResponse:
        state = await self._d.minds.as_of(request.mind_id, _seq(request))
        return pb.ListPoliciesResponse(policies=convert_reports.policies(state.profile))

    async def StartSession(
        self, request: pb.StartSessionRequest, context: _Context
    ) -> pb.StartSessionResponse:
        mode = request.privacy_mode or mind.PRIVACY_MODE_NORMAL
        session = await self._d.sessions.start(
            request.mind_id, request.session_id, request.title, mode, request.idempotency_key
        )
        return pb.StartSessionResponse(session=convert.session(session))

    async def GetSession(self, request: pb.GetSessionRequest, context: _Context) -> pb.GetSessionResponse:
        session, summaries = await self._d.sessions.get(request.mind_id, request.session_id, _seq(request))
        return pb.GetSessionResponse(session=convert.session(session, summaries))

    async def ListSessions(
        self, request: pb.ListSessionsRequest, context: _Context
    ) -> pb.ListSessionsResponse:
        page = await self._d.sessions.page(
            request.mind_id, page_tokens.place(request), request.page_size or DEFAULT_PAGE, _seq(request)
        )
        return pb.ListSessionsResponse(
            sessions=map(convert.session, page.sessions),
            next_page_token=page_tokens.token(request, page.next_place),
        )

    async def RenameSession(
        self, request: pb.RenameSessionRequest, context: _Context
    ) -> pb.RenameSessionResponse:
        session = await self._d.sessions.rename(request.mind_id, request.session_id, request.title)
        return pb.RenameSessionResponse(session=convert.session(session))

    async def EndSession(self, request: pb.EndSessionRequest, context: _Context) -> pb.EndSessionResponse:
        session = await self._d.sessions.end(request.mind_id, request.session_id)
        return pb.EndSessionResponse(session=convert.session(session))

    async def SetPrivacyMode(
        self, request: pb.SetPrivacyModeRequest, context: _Context
    ) -> pb.SetPrivacyModeResponse:
        session = await self._d.sessions.set_mode(
            request.mind_id, request.session_id, request.privacy_mode, request.idempotency_key
        )
        return pb.SetPrivacyModeResponse(session=convert.session(session))

    async def ListCommitments(
        self, request: pb.ListCommitmentsRequest, context: _Context
    ) -> pb.ListCommitmentsResponse:
        if request.status in ENDED:
            return await self._ended(request)
        at, standing = convert_commitments.listing(request), convert_commitments.standing(request)
        state = await self._d.minds.as_of(request.mind_id, at.seq, request.min_seq)
        found = state.commitments.listed(request.project, standing, at.now_ns, at.after)
        return convert_commitments.page(request, found, request.page_size or DEFAULT_PAGE, at, state.seq)

    async def _ended(self, request: pb.ListCommitmentsRequest) -> pb.ListCommitmentsResponse:
        upto = (await self._d.minds.as_of(request.mind_id, _seq(request), request.min_seq)).seq
        found, next_seq = await self._d.ended.page(
            request.mind_id,
            ENDED[request.status],
            min(upto, int(page_tokens.place(request) or upto)),
            request.page_size or DEFAULT_PAGE,
            request.project,
        )
        return pb.ListCommitmentsResponse(
            commitments=map(convert_commitments.ended, found),
            next_page_token=page_tokens.token(request, next_seq),
            seq=upto,
        )

    async def OpenCommitment(
        self, request: pb.OpenCommitmentRequest, context: _Context
    ) -> pb.OpenCommitmentResponse:
        commitment = await self._d.actions.open_commitment(
            request.mind_id,
            request.text,
            request.due_at if request.HasField("due_at") else None,
            request.priority or mind.PRIORITY_NORMAL,
            request.project,
            request.source_seq,
        )
        return pb.OpenCommitmentResponse(commitment=convert_commitments.current(commitment))

    async def CloseCommitment(
        self, request: pb.CloseCommitmentRequest, context: _Context
    ) -> pb.CloseCommitmentResponse:
        commitment, seq = await self._d.actions.close_commitment(
            request.mind_id,
            request.commitment_id,
            request.outcome,
            list(request.evidence_seqs),
            request.why,
            request.expected_seq if request.HasField("expected_seq") else None,
            request.idempotency_key,
        )
        closed = convert_commitments.closed(commitment, request.outcome, seq)
        return pb.CloseCommitmentResponse(commitment=closed)

    async def SnoozeCommitment(
        self, request: pb.SnoozeCommitmentRequest, context: _Context
    ) -> pb.SnoozeCommitmentResponse:
        snoozed = mind.CommitmentSnoozed(commitment_id=request.commitment_id, until=request.until)
        commitment = await self._d.actions.change_commitment(
            request.mind_id,
            request.commitment_id,
            mind.Body(commitment_snoozed=snoozed),
            request.idempotency_key,
        )
        return pb.SnoozeCommitmentResponse(commitment=convert_commitments.current(commitment))

    async def ReviseCommitment(
        self, request: pb.ReviseCommitmentRequest, context: _Context
    ) -> pb.ReviseCommitmentResponse:
        revised = mind.Body(commitment_revised=convert_commitments.revised(request))
        commitment = await self._d.actions.change_commitment(
            request.mind_id, request.commitment_id, revised, request.idempotency_key
        )
        return pb.ReviseCommitmentResponse(commitment=convert_commitments.current(commitment))

    async def GetCommitmentThread(
        self, request: pb.GetCommitmentThreadRequest, context: _Context
    ) -> pb.GetCommitmentThreadResponse:
        upto = await self._d.minds.upto(request.mind_id, _seq(request))
        events, following = await thread(
            self._d.peers,
            request.mind_id,
            request.commitment_id,
            convert_commitments.place_in_thread(request, upto),
            request.page_size or DEFAULT_PAGE,
        )
        return convert_commitments.thread(request, events, following)

    async def GetIdentityHistory(
        self, request: pb.GetIdentityHistoryRequest, context: _Context
    ) -> pb.GetIdentityHistoryResponse:
        upto = await self._d.minds.upto(request.mind_id, _seq(request))
        events = await self._d.views.names(request.mind_id, upto)
        return pb.GetIdentityHistoryResponse(changes=map(convert.identity_change, events))

    async def AdoptName(self, request: pb.AdoptNameRequest, context: _Context) -> pb.AdoptNameResponse:
        identity = await self._d.actions.adopt_name(request.mind_id, request.name, request.why)
        return pb.AdoptNameResponse(identity=convert.identity(identity))

    async def ClearName(self, request: pb.ClearNameRequest, context: _Context) -> pb.ClearNameResponse:
        return pb.ClearNameResponse(
            identity=convert.identity(await self._d.actions.clear_name(request.mind_id, request.why))
        )

    async def GetTraits(self, request: pb.GetTraitsRequest, context: _Context) -> pb.GetTraitsResponse:
        state = await self._d.minds.as_of(request.mind_id, _seq(request))
        changes = map(convert.trait_change, reversed(state.traits.changes))
        return pb.GetTraitsResponse(traits=convert.traits(state.traits), changes=changes)

    async def GetMetrics(self, request: pb.GetMetricsRequest, context: _Context) -> pb.GetMetricsResponse:
        state = await self._d.minds.as_of(request.mind_id, _seq(request))
        samples = await self._d.views.course(request.mind_id, state.seq, request.samples)
        return pb.GetMetricsResponse(
            metrics=convert.metrics(state.metrics), samples=map(convert.sample, samples)
        )

    async def GetStage(self, request: pb.GetStageRequest, context: _Context) -> pb.GetStageResponse:
        return convert.stage_message(await self._d.minds.as_of(request.mind_id, _seq(request)))

    async def ListDirectives(
        self, request: pb.ListDirectivesRequest, context: _Context
    ) -> pb.ListDirectivesResponse:
        state = await self._d.minds.as_of(request.mind_id, _seq(request))
        held = state.directives.in_order()[:MAX_DIRECTIVES]
        ended = await self._d.views.retired(request.mind_id, state.seq) if request.include_retired else []
        shown = [convert.directive(one) for one in held]
        shown += [convert.directive(one, retired=True) for one in ended[: MAX_DIRECTIVES - len(held)]]
        return pb.ListDirectivesResponse(directives=shown)

    async def RetireDirective(
        self, request: pb.RetireDirectiveRequest, context: _Context
    ) -> pb.RetireDirectiveResponse:
        ended = await self._d.actions.retire_directive(
            request.mind_id, request.directive_id, request.why, request.idempotency_key
        )
        return pb.RetireDirectiveResponse(directive=convert.directive(ended, retired=True))

    async def ListReflections(
        self, request: pb.ListReflectionsRequest, context: _Context
    ) -> pb.ListReflectionsResponse:
        upto = await self._d.minds.upto(request.mind_id, _seq(request))
        found, next_seq = await self._d.views.reflections(
            request.mind_id,
            min(upto, int(page_tokens.place(request) or upto)),
            request.page_size or DEFAULT_PAGE,
        )
        return pb.ListReflectionsResponse(
            reflections=map(convert.reflection, found),
            next_page_token=page_tokens.token(request, next_seq),
        )

    async def Reflect(self, request: pb.ReflectRequest, context: _Context) -> pb.ReflectResponse:
        try:
            reflection = await self._d.reflecting.reflect(
                request.mind_id, request.style, key=request.idempotency_key
            )
        except ModelFailed as error:
            raise ModelUnavailable(error.message, error.reason) from None
        return pb.ReflectResponse(reflection=convert.reflection(reflection))

    async def DiffMind(self, request: pb.DiffMindRequest, context: _Context) -> pb.DiffMindResponse:
        first, last = await self._d.views.ends(request.mind_id, request.from_seq, request.to_seq)
        counts = [await self._d.session_table.count(request.mind_id, state) for state in (first, last)]
        diff = convert_diff.diff(first, last, request.mind_id, counts)
        async for states in self._d.views.between(request.mind_id, first, last):
            # Of what changes with every event much is shown: others must not wait for it.
            await asyncio.to_thread(diff.take, states)
        begun = await self._d.session_table.begun(request.mind_id, first.seq, last, MAX_SEQS)
        return pb.DiffMindResponse(changes=map(convert.field_change, diff.changes(begun)), to_seq=last.seq)

    async def WatchMind(
        self, request: pb.WatchMindRequest, context: _Context
    ) -> AsyncIterator[pb.WatchMindResponse]:
        screen = self._screens.of(request.mind_id)
        async for state, kinds in self._d.views.watch(request.mind_id):
            sessions = await self._d.session_table.count(request.mind_id, state)
            yield pb.WatchMindResponse(mind=screen.show(state, sessions), kinds=kinds)

    async def GetPerformance(
        self, request: pb.GetPerformanceRequest, context: _Context
    ) -> pb.GetPerformanceResponse:
        period = request.period.ToTimedelta().total_seconds() if request.HasField("period") else None
        return convert_reports.performance(await self._d.reporting.report(period), current_caller().may_reach)

    async def GetAnalytics(
        self, request: pb.GetAnalyticsRequest, context: _Context
    ) -> pb.GetAnalyticsResponse:
        as_of_seq = _seq(request)
        found = await self._d.analyzing.analytics(request.mind_id, request.session_id, as_of_seq)
        state, its_zone = found.state, zone(found.state.profile.time_zone)
        sessions = await self._d.session_table.count(request.mind_id, state)
        count = self._d.counts.now if as_of_seq is None else self._d.counts.then
        counted = await count(request.mind_id, request.session_id, state.seq, its_zone)
        return convert_analytics.analytics(found, sessions, counted)

    async def ListWorkers(self, request: pb.ListWorkersRequest, context: _Context) -> pb.ListWorkersResponse:
        found = await self._d.operations.workers(request.mind_id)
        return pb.ListWorkersResponse(workers=map(convert_reports.worker, found))

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: _Context
    ) -> pb.ListDeadLettersResponse:
        found = await self._d.operations.dead_letters(request.mind_id, request.worker)
        return pb.ListDeadLettersResponse(dead_letters=map(convert_reports.dead_letter, found))

    async def ReplayDeadLetter(
        self, request: pb.ReplayDeadLetterRequest, context: _Context
    ) -> pb.ReplayDeadLetterResponse:
        seqs = await self._d.operations.replay(request.mind_id, request.dead_letter_id)
        return pb.ReplayDeadLetterResponse(derived_seqs=seqs)

    async def _mind(self, mind_id: str, state: Snapshot) -> pb.Mind:
        return convert.mind_message(mind_id, state, await self._d.session_table.count(mind_id, state))

    async def Explain(self, request: pb.ExplainRequest, context: _Context) -> pb.ExplainResponse:
        await self._d.minds.open(request.mind_id)
        found = await explain(self._d.peers, request.mind_id, request.seq, request.session_id)
        return convert.explanation(found)

    async def GetNeighbors(
        self, request: pb.GetNeighborsRequest, context: _Context
    ) -> pb.GetNeighborsResponse:
        upto = await self._d.minds.upto(request.mind_id, _seq(request))
        found = await self._d.graphs.ask(
            request.mind_id, lambda graph: graph.neighbors(request.node_id, request.edge_types), upto
        )
        return convert_graph.subgraph(found, pb.GetNeighborsResponse)

    async def FindPath(self, request: pb.FindPathRequest, context: _Context) -> pb.FindPathResponse:
        upto = await self._d.minds.upto(request.mind_id, _seq(request))
        found = await self._d.graphs.ask(
            request.mind_id, lambda graph: graph.path(request.from_node_id, request.to_node_id), upto
        )
        return convert_graph.subgraph(found, pb.FindPathResponse)

    async def GetSubgraph(self, request: pb.GetSubgraphRequest, context: _Context) -> pb.GetSubgraphResponse:
        upto = await self._d.minds.upto(request.mind_id, _seq(request))
        found = await self._d.graphs.around(
            request.mind_id, request.node_id, request.depth, request.limit, request.edge_types, upto
        )
        return convert_graph.subgraph(found, pb.GetSubgraphResponse)

    async def BlastRadius(
        self, request: pb.BlastRadiusRequest, context: _Context
    ) -> AsyncIterator[pb.BlastRadiusResponse]:
        await self._d.minds.open(request.mind_id)
        async for page in self._d.forgetting.radius(request.mind_id, request.seq):
            yield convert.blast_radius(page)

    async def Forget(self, request: pb.ForgetRequest, context: _Context) -> AsyncIterator[pb.ForgetResponse]:
        # Of a mind that was deleted nothing is left to forget, and that is what it says.
        await self._d.minds.open(request.mind_id)
        async for progress in self._d.forgetting.forget(request.mind_id, request.seq, request.why):
            yield convert.forget_response(progress)


def _seq(request: AsOf) -> int | None:
    """As of which seq; None: now."""
    return request.as_of_seq if request.HasField("as_of_seq") else None
