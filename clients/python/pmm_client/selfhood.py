"""What a mind is by itself: names, promises, traits, scores, instructions, reflections; and who looks after it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from google.protobuf.struct_pb2 import Value

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.made import half_character, made
from pmm_client.messages import timestamp
from pmm_client.retries import new_key, retried

if TYPE_CHECKING:
    from pmm_client.client import Client

REFLECT_TIMEOUT_S = 120.0
"""A model may take its time for a few sentences."""
PAGE = 1_000
"""The most events that a server puts on a page."""


class Selfhood:
    """The part of ``Mind`` that reads and changes what a mind is."""

    _client: Client
    mind_id: str

    # Commitments

    async def open_commitment(
        self,
        text: str,
        *,
        due: datetime | None = None,
        priority: mind.Priority.ValueType = mind.PRIORITY_NORMAL,
        project: str = "",
        source_seq: int = 0,
    ) -> pb.Commitment:
        """Promise something by hand. The same words while they are open are the open commitment."""
        request = made(
            pb.OpenCommitmentRequest,
            mind_id=self.mind_id,
            text=text,
            due_at=timestamp(due),
            priority=priority,
            project=project,
            source_seq=source_seq,
        )
        answer = await self._client.orchestrator.open_commitment(request, timeout=self._client.timeout)
        return answer.commitment

    async def close_commitment(
        self,
        commitment_id: str,
        *,
        dropped: bool = False,
        evidence_seqs: Sequence[int] = (),
        why: str = "",
        expected_seq: int | None = None,
        idempotency_key: str = "",
    ) -> pb.Commitment:
        """Close one as done, which takes evidence, or as dropped. Raises UnknownCommitment, FailedPrecondition."""
        outcome = mind.COMMITMENT_OUTCOME_DROPPED if dropped else mind.COMMITMENT_OUTCOME_DONE
        request = made(
            pb.CloseCommitmentRequest,
            mind_id=self.mind_id,
            commitment_id=commitment_id,
            outcome=outcome,
            evidence_seqs=evidence_seqs,
            why=why,
            expected_seq=expected_seq,
            idempotency_key=idempotency_key or new_key(),
        )
        answer = await retried(
            lambda: self._client.orchestrator.close_commitment(request, timeout=self._client.timeout)
        )
        return answer.commitment

    async def snooze_commitment(
        self, commitment_id: str, until: datetime, *, idempotency_key: str = ""
    ) -> pb.Commitment:
        """Put one off. Raises UnknownCommitment."""
        request = made(
            pb.SnoozeCommitmentRequest,
            mind_id=self.mind_id,
            commitment_id=commitment_id,
            until=timestamp(until),
            idempotency_key=idempotency_key or new_key(),
        )
        answer = await retried(
            lambda: self._client.orchestrator.snooze_commitment(request, timeout=self._client.timeout)
        )
        return answer.commitment

    async def revise_commitment(
        self,
        commitment_id: str,
        *,
        text: str = "",
        due: datetime | None = None,
        priority: mind.Priority.ValueType = mind.PRIORITY_UNSPECIFIED,
        project: str | None = None,
        idempotency_key: str = "",
    ) -> pb.Commitment:
        """Change its words, due time, priority or project; what is not given stays. Raises UnknownCommitment."""
        request = made(
            pb.ReviseCommitmentRequest,
            mind_id=self.mind_id,
            commitment_id=commitment_id,
            text=text,
            due_at=timestamp(due),
            priority=priority,
            project=project,
            idempotency_key=idempotency_key or new_key(),
        )
        answer = await retried(
            lambda: self._client.orchestrator.revise_commitment(request, timeout=self._client.timeout)
        )
        return answer.commitment

    async def commitment_thread(
        self, commitment_id: str, *, as_of_seq: int | None = None
    ) -> list[mind.Event]:
        """The events of one, from the promise to its end, with the messages behind them. Raises UnknownCommitment."""
        request = made(
            pb.GetCommitmentThreadRequest,
            mind_id=self.mind_id,
            commitment_id=commitment_id,
            as_of_seq=as_of_seq,
            page_size=PAGE,
        )
        found: dict[int, mind.Event] = {}
        while True:
            page = await self._client.orchestrator.get_commitment_thread(
                request, timeout=self._client.timeout
            )
            found.update((event.seq, event) for event in page.events)
            if not (token := page.next_page_token):
                return [found[seq] for seq in sorted(found)]
            request.page_token = token

    # Identity, traits, scores

    async def adopt_name(self, name: str, *, why: str = "") -> pb.Identity:
        """Give the mind a name."""
        request = made(pb.AdoptNameRequest, mind_id=self.mind_id, name=name, why=why)
        return (await self._client.orchestrator.adopt_name(request, timeout=self._client.timeout)).identity

    async def clear_name(self, *, why: str = "") -> pb.Identity:
        """Take its name away."""
        request = made(pb.ClearNameRequest, mind_id=self.mind_id, why=why)
        return (await self._client.orchestrator.clear_name(request, timeout=self._client.timeout)).identity

    async def identity_history(self, *, as_of_seq: int | None = None) -> list[pb.IdentityChange]:
        """Every change of its name and of the user's, the oldest first."""
        request = made(pb.GetIdentityHistoryRequest, mind_id=self.mind_id, as_of_seq=as_of_seq)
        answer = await self._client.orchestrator.get_identity_history(request, timeout=self._client.timeout)
        return list(answer.changes)

    async def traits(self, *, as_of_seq: int | None = None) -> pb.GetTraitsResponse:
        """The five traits, from 0 to 1, and their latest changes, newest first."""
        request = made(pb.GetTraitsRequest, mind_id=self.mind_id, as_of_seq=as_of_seq)
        return await self._client.orchestrator.get_traits(request, timeout=self._client.timeout)

    async def metrics(self, *, samples: int = 0, as_of_seq: int | None = None) -> pb.GetMetricsResponse:
        """The autonomy scores, from 0 to 1, and so many samples of their course."""
        request = made(pb.GetMetricsRequest, mind_id=self.mind_id, as_of_seq=as_of_seq, samples=samples)
        return await self._client.orchestrator.get_metrics(request, timeout=self._client.timeout)

    async def stage(self, *, as_of_seq: int | None = None) -> pb.GetStageResponse:
        """How far it has come, and what the next stage takes."""
        request = made(pb.GetStageRequest, mind_id=self.mind_id, as_of_seq=as_of_seq)
        return await self._client.orchestrator.get_stage(request, timeout=self._client.timeout)

    async def policies(self, *, as_of_seq: int | None = None) -> list[pb.Policy]:
        """Every policy that a mind can have, with its meaning, its default and what is set."""
        request = made(pb.ListPoliciesRequest, mind_id=self.mind_id, as_of_seq=as_of_seq)
        return list(
            (await self._client.orchestrator.list_policies(request, timeout=self._client.timeout)).policies
        )

    async def set_policy(
        self, key: str, value: str | float | bool, *, why: str = "", idempotency_key: str = ""
    ) -> int:
        """Set one; the seq of the event. Raises InvalidArgument, which names what there is."""
        match value:
            case bool():
                told = Value(bool_value=value)
            case str():
                told = _told(value)
            case _:
                told = Value(number_value=value)
        request = made(
            pb.SetPolicyRequest,
            mind_id=self.mind_id,
            key=key,
            value=told,
            why=why,
            idempotency_key=idempotency_key or new_key(),
        )
        return (
            await retried(lambda: self._client.orchestrator.set_policy(request, timeout=self._client.timeout))
        ).seq

    # Instructions and reflections

    async def directives(
        self, *, include_retired: bool = False, as_of_seq: int | None = None
    ) -> list[pb.Directive]:
        """Standing instructions, those that were given most often first."""
        request = made(
            pb.ListDirectivesRequest,
            mind_id=self.mind_id,
            include_retired=include_retired,
            as_of_seq=as_of_seq,
        )
        answer = await self._client.orchestrator.list_directives(request, timeout=self._client.timeout)
        return list(answer.directives)

    async def retire_directive(
        self, directive_id: str, *, why: str = "", idempotency_key: str = ""
    ) -> pb.Directive:
        """End a standing instruction. Raises NotFound."""
        request = made(
            pb.RetireDirectiveRequest,
            mind_id=self.mind_id,
            directive_id=directive_id,
            why=why,
            idempotency_key=idempotency_key or new_key(),
        )
        answer = await retried(
            lambda: self._client.orchestrator.retire_directive(request, timeout=self._client.timeout)
        )
        return answer.directive

    async def reflect(
        self,
        *,
        style: mind.ReflectionStyle.ValueType = mind.REFLECTION_STYLE_UNSPECIFIED,
        timeout: float = REFLECT_TIMEOUT_S,
        idempotency_key: str = "",
    ) -> pb.Reflection:
        """Make it think about itself now; ``timeout`` in seconds. Raises PmmError where the model fails."""
        request = made(
            pb.ReflectRequest, mind_id=self.mind_id, style=style, idempotency_key=idempotency_key or new_key()
        )
        return (await retried(lambda: self._client.orchestrator.reflect(request, timeout=timeout))).reflection

    async def reflections(self, *, as_of_seq: int | None = None) -> AsyncGenerator[pb.Reflection]:
        """What it thought of itself, the latest first."""
        request = made(pb.ListReflectionsRequest, mind_id=self.mind_id, as_of_seq=as_of_seq)
        while True:
            page = await self._client.orchestrator.list_reflections(request, timeout=self._client.timeout)
            for reflection in page.reflections:
                yield reflection
            if not (token := page.next_page_token):
                return
            request.page_token = token

    # Change, and those who bring it about

    async def diff(self, from_seq: int, to_seq: int = 0) -> pb.DiffMindResponse:
        """What changed in its bounded state between two seqs; 0: its head. Raises BeyondHead.

        Paths and values are as protobuf's JSON has them: ``openCommitments.c-…``, seqs as texts.
        """
        request = made(pb.DiffMindRequest, mind_id=self.mind_id, from_seq=from_seq, to_seq=to_seq)
        return await self._client.orchestrator.diff_mind(request, timeout=self._client.timeout)

    async def watch(self) -> AsyncGenerator[pb.WatchMindResponse]:
        """Its bounded state, and again after each change, for as long as it is iterated."""
        request = made(pb.WatchMindRequest, mind_id=self.mind_id)
        async for state in self._client.orchestrator.watch_mind(request):
            yield state

    async def analytics(self, session: str = "", *, as_of_seq: int | None = None) -> pb.GetAnalyticsResponse:
        """What a session, or the whole mind, was like: sentiment, topics, open questions. Raises UnknownSession."""
        request = made(pb.GetAnalyticsRequest, mind_id=self.mind_id, session_id=session, as_of_seq=as_of_seq)
        return await self._client.orchestrator.get_analytics(request, timeout=self._client.timeout)

    async def neighbors(
        self, node_id: str, *, types: Sequence[str] = (), as_of_seq: int | None = None
    ) -> pb.GetNeighborsResponse:
        """What a node of its MemeGraph is connected with, along edges of these types (none: all). Raises NotFound."""
        request = made(
            pb.GetNeighborsRequest,
            mind_id=self.mind_id,
            node_id=node_id,
            edge_types=types,
            as_of_seq=as_of_seq,
        )
        return await self._client.orchestrator.get_neighbors(request, timeout=self._client.timeout)

    async def path(
        self, from_node_id: str, to_node_id: str, *, as_of_seq: int | None = None
    ) -> pb.FindPathResponse:
        """A shortest path of at most 12 edges; empty where there is none. Raises NotFound."""
        request = made(
            pb.FindPathRequest,
            mind_id=self.mind_id,
            from_node_id=from_node_id,
            to_node_id=to_node_id,
            as_of_seq=as_of_seq,
        )
        return await self._client.orchestrator.find_path(request, timeout=self._client.timeout)

    async def subgraph(
        self,
        node_id: str = "",
        *,
        depth: int = 0,
        limit: int = 0,
        types: Sequence[str] = (),
        as_of_seq: int | None = None,
    ) -> pb.GetSubgraphResponse:
        """What lies around a node (empty: its last message) along edges of these types (none: all), nearest first.

        ``pictures.graph_svg`` draws it. Raises NotFound.
        """
        request = made(
            pb.GetSubgraphRequest,
            mind_id=self.mind_id,
            node_id=node_id,
            depth=depth,
            limit=limit,
            edge_types=types,
            as_of_seq=as_of_seq,
        )
        return await self._client.orchestrator.get_subgraph(request, timeout=self._client.timeout)

    async def workers(self) -> list[pb.Worker]:
        """How far each worker is with it."""
        request = made(pb.ListWorkersRequest, mind_id=self.mind_id)
        answer = await self._client.orchestrator.list_workers(request, timeout=self._client.timeout)
        return list(answer.workers)

    async def dead_letters(self, worker: str = "") -> list[pb.DeadLetter]:
        """Events that a worker could not deal with, the oldest first."""
        request = made(pb.ListDeadLettersRequest, mind_id=self.mind_id, worker=worker)
        answer = await self._client.orchestrator.list_dead_letters(request, timeout=self._client.timeout)
        return list(answer.dead_letters)

    async def replay_dead_letter(self, dead_letter_id: str) -> list[int]:
        """Have it tried again; the seqs of what was derived. Raises NotFound, FailedPrecondition."""
        request = made(pb.ReplayDeadLetterRequest, mind_id=self.mind_id, dead_letter_id=dead_letter_id)
        answer = await self._client.orchestrator.replay_dead_letter(request, timeout=self._client.timeout)
        return list(answer.derived_seqs)


def _told(value: str) -> Value:
    try:
        return Value(string_value=value)
    except UnicodeEncodeError:
        raise half_character("value") from None
