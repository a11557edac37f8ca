"""What a request must be, one function a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from zoneinfo import available_timezones

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.autonomy.decide import CAP, FROZEN
from services.orchestrator.graph.parts import EDGE_TYPES
from services.orchestrator.guard import ACTIONS, POLICY_PREFIX
from services.orchestrator.policies import POLICIES
from services.orchestrator.projections.profile import SETTINGS
from services.orchestrator.projections.traits import START
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_MESSAGE_BYTES = 256 * 1024
MAX_IMPORTED = 500
MAX_KEY_BYTES = 128
MAX_NAME = 128
MAX_TITLE = 1024
MAX_WHY = 4 * 1024
MAX_COMMITMENT = 4 * 1024
MAX_SETTING = 32 * 1024
MAX_PAGE = 1_000
MAX_STOPS = 16
MAX_NODE_ID = 512
MAX_DEPTH = 12
MAX_SEQ = 2**63 - 1
MAX_SAMPLES = 1_000
MAX_PERIOD_SECONDS = 12 * 3_600
"""Half of what is kept: a period is compared with the one before."""
AsOf = (
    pb.GetMindRequest
    | pb.ListCommitmentsRequest
    | pb.GetTraitsRequest
    | pb.GetStageRequest
    | pb.GetMetricsRequest
    | pb.ListDirectivesRequest
    | pb.ListReflectionsRequest
    | pb.GetIdentityHistoryRequest
    | pb.GetSessionRequest
    | pb.ListSessionsRequest
    | pb.GetAnalyticsRequest
    | pb.GetCommitmentThreadRequest
    | pb.GetNeighborsRequest
    | pb.FindPathRequest
    | pb.GetSubgraphRequest
    | pb.ListPoliciesRequest
)
"""What can be asked as of a seq."""
_LISTING_TOKEN = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}")
"""The event as of which is listed, and the one below which the next page begins."""


def converse(request: pb.ConverseRequest) -> Iterator[Violation]:
    """Converse."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id", optional=True)
    yield from checks.text(request.text, "text", max_bytes=MAX_MESSAGE_BYTES, required=True)
    yield from checks.text(request.idempotency_key, "idempotency_key", max_bytes=MAX_KEY_BYTES)
    yield from checks.text(request.model, "model", max_bytes=MAX_NAME)
    yield from checks.text(request.speaker, "speaker", max_bytes=MAX_NAME)
    yield from checks.timestamp(request.query_time, "query_time")
    yield from privacy_mode(request.privacy_mode)
    yield from checks.items(request.sampling.stop, "sampling.stop", high=MAX_STOPS)


def privacy_mode(value: int) -> Iterator[Violation]:
    """A mode, or none."""
    yield from checks.enum_known(value, "privacy_mode", mind.PrivacyMode.values(), optional=True)


def import_messages(request: pb.ImportMessagesRequest) -> Iterator[Violation]:
    """ImportMessages."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.items(request.messages, "messages", low=1, high=MAX_IMPORTED)
    for index, message in enumerate(request.messages):
        field = f"messages[{index}]"
        yield from checks.text(message.text, f"{field}.text", max_bytes=MAX_MESSAGE_BYTES, required=True)
        yield from checks.text(message.speaker, f"{field}.speaker", max_bytes=MAX_NAME)
        yield from checks.identifier(message.session_id, f"{field}.session_id", optional=True)
        yield from checks.text(message.external_id, f"{field}.external_id", max_bytes=MAX_NAME)
        yield from checks.timestamp(message.occurred_at, f"{field}.occurred_at")


def create_mind(request: pb.CreateMindRequest) -> Iterator[Violation]:
    """CreateMind."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.name, "name", max_bytes=MAX_NAME)
    for key in SETTINGS:
        yield from checks.text(getattr(request.settings, key), f"settings.{key}", max_bytes=MAX_SETTING)
    yield from time_zone(request.settings.time_zone, "settings.time_zone")


def time_zone(value: Any, field: str) -> Iterator[Violation]:
    """An IANA name, or empty."""
    if value and value not in available_timezones():
        yield Violation(field, "must be an IANA time zone such as Europe/Lisbon, or empty for UTC")


def get_mind(request: pb.GetMindRequest) -> Iterator[Violation]:
    """GetMind."""
    yield from checks.mind_id(request.mind_id)
    yield from as_of(request)


def as_of(request: pb.GetMindRequest | pb.ListCommitmentsRequest) -> Iterator[Violation]:
    """as_of_seq and min_seq."""
    yield from as_of_seq(request)
    yield from checks.in_range(request.min_seq, "min_seq", 0, MAX_SEQ)


def as_of_seq(request: AsOf) -> Iterator[Violation]:
    """as_of_seq, where it is set."""
    if request.HasField("as_of_seq"):
        yield from checks.in_range(request.as_of_seq, "as_of_seq", 1, MAX_SEQ)


def list_minds(request: pb.ListMindsRequest) -> Iterator[Violation]:
    """ListMinds."""
    yield from checks.limit(request.page_size, "page_size", high=MAX_PAGE)
    yield from checks.mind_id(request.page_token, "page_token", optional=True)
    yield from checks.mind_id(request.prefix, "prefix", optional=True)
    yield from checks.text(request.owner, "owner", max_bytes=MAX_NAME)


def set_default_mind(request: pb.SetDefaultMindRequest) -> Iterator[Violation]:
    """SetDefaultMind."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def set_policy(request: pb.SetPolicyRequest) -> Iterator[Violation]:
    """SetPolicy."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)
    value = cast("object", MessageToDict(request.value)) if request.value.WhichOneof("kind") else None
    if request.key not in POLICIES:
        yield Violation("key", f"must be one of {', '.join(POLICIES)}")
    elif request.key.startswith(POLICY_PREFIX) and value not in ACTIONS:
        yield Violation("value", f"must be one of {', '.join(ACTIONS)}")
    elif request.key == FROZEN and not isinstance(value, bool):
        yield Violation("value", "must be true or false")
    elif request.key == CAP and not (isinstance(value, float) and 0 <= value <= START):
        yield Violation(
            "value", f"must be a number from 0 to {START}: how far a trait may go from the middle"
        )
    elif request.key in SETTINGS:
        if not isinstance(value, str):
            yield Violation("value", "must be a text")
        elif request.key == "time_zone":
            yield from time_zone(value, "value")
        else:
            yield from checks.text(value, "value", max_bytes=MAX_SETTING)


def start_session(request: pb.StartSessionRequest) -> Iterator[Violation]:
    """StartSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id", optional=True)
    yield from checks.text(request.title, "title", max_bytes=MAX_TITLE)
    yield from privacy_mode(request.privacy_mode)
    if request.title and request.privacy_mode == mind.PRIVACY_MODE_INCOGNITO:
        yield Violation("title", "must be empty: an incognito session has none")


def get_session(request: pb.GetSessionRequest) -> Iterator[Violation]:
    """GetSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")
    yield from as_of_seq(request)


def end_session(request: pb.EndSessionRequest) -> Iterator[Violation]:
    """EndSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")


def rename_session(request: pb.RenameSessionRequest) -> Iterator[Violation]:
    """RenameSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")
    yield from checks.text(request.title, "title", max_bytes=MAX_TITLE)


def set_privacy_mode(request: pb.SetPrivacyModeRequest) -> Iterator[Violation]:
    """SetPrivacyMode."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")
    yield from checks.enum_known(request.privacy_mode, "privacy_mode", mind.PrivacyMode.values())


def list_sessions(request: pb.ListSessionsRequest) -> Iterator[Violation]:
    """ListSessions."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.limit(request.page_size, "page_size", high=MAX_PAGE)
    if request.page_token and not _LISTING_TOKEN.fullmatch(request.page_token):
        yield Violation("page_token", "must be empty, or the next_page_token of an answer before")
    yield from as_of_seq(request)


def page(request: pb.ListCommitmentsRequest | pb.ListReflectionsRequest) -> Iterator[Violation]:
    """page_size and page_token."""
    yield from checks.limit(request.page_size, "page_size", high=MAX_PAGE)
    token = request.page_token
    if token and not (token.isascii() and token.isdigit() and len(token) <= 12):
        yield Violation("page_token", "must be empty, or the next_page_token of an answer before")


def list_commitments(request: pb.ListCommitmentsRequest) -> Iterator[Violation]:
    """ListCommitments."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.enum_known(request.status, "status", pb.CommitmentStatus.values(), optional=True)
    yield from checks.text(request.project, "project", max_bytes=MAX_NAME)
    yield from checks.timestamp(request.query_time, "query_time")
    yield from page(request)
    yield from as_of(request)


def open_commitment(request: pb.OpenCommitmentRequest) -> Iterator[Violation]:
    """OpenCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.text, "text", max_bytes=MAX_COMMITMENT, required=True)
    yield from checks.timestamp(request.due_at, "due_at")
    yield from checks.enum_known(request.priority, "priority", mind.Priority.values(), optional=True)
    yield from checks.text(request.project, "project", max_bytes=MAX_NAME)
    yield from checks.in_range(request.source_seq, "source_seq", 0, MAX_SEQ)


def close_commitment(request: pb.CloseCommitmentRequest) -> Iterator[Violation]:
    """CloseCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from checks.enum_known(request.outcome, "outcome", mind.CommitmentOutcome.values())
    yield from checks.items(request.evidence_seqs, "evidence_seqs", high=MAX_PAGE)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def snooze_commitment(request: pb.SnoozeCommitmentRequest) -> Iterator[Violation]:
    """SnoozeCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from checks.timestamp(request.until, "until")
    if not request.HasField("until"):
        yield Violation("until", "must be set")


def revise_commitment(request: pb.ReviseCommitmentRequest) -> Iterator[Violation]:
    """ReviseCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from checks.text(request.text, "text", max_bytes=MAX_COMMITMENT)
    yield from checks.timestamp(request.due_at, "due_at")
    yield from checks.enum_known(request.priority, "priority", mind.Priority.values(), optional=True)
    yield from checks.text(request.project, "project", max_bytes=MAX_NAME)


def adopt_name(request: pb.AdoptNameRequest) -> Iterator[Violation]:
    """AdoptName."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.name, "name", max_bytes=MAX_NAME, required=True)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def clear_name(request: pb.ClearNameRequest) -> Iterator[Violation]:
    """ClearName."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def watch_mind(request: pb.WatchMindRequest) -> Iterator[Violation]:
    """WatchMind."""
    yield from checks.mind_id(request.mind_id)


def list_workers(request: pb.ListWorkersRequest) -> Iterator[Violation]:
    """ListWorkers."""
    yield from checks.mind_id(request.mind_id, optional=True)


def get_performance(request: pb.GetPerformanceRequest) -> Iterator[Violation]:
    """GetPerformance."""
    if request.HasField("period"):
        yield from checks.duration(request.period, "period", high_seconds=MAX_PERIOD_SECONDS)
        if not (request.period.seconds or request.period.nanos):
            yield Violation("period", "must be longer than nothing; unset: since the start")


def get_analytics(request: pb.GetAnalyticsRequest) -> Iterator[Violation]:
    """GetAnalytics."""
    yield from at_seq(request)
    yield from checks.identifier(request.session_id, "session_id", optional=True)


def get_commitment_thread(request: pb.GetCommitmentThreadRequest) -> Iterator[Violation]:
    """GetCommitmentThread."""
    yield from at_seq(request)
    yield from checks.identifier(request.commitment_id, "commitment_id")


def list_dead_letters(request: pb.ListDeadLettersRequest) -> Iterator[Violation]:
    """ListDeadLetters."""
    yield from checks.mind_id(request.mind_id, optional=True)
    yield from checks.identifier(request.worker, "worker", optional=True)


def replay_dead_letter(request: pb.ReplayDeadLetterRequest) -> Iterator[Violation]:
    """ReplayDeadLetter."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.dead_letter_id, "dead_letter_id", max_bytes=MAX_NAME, required=True)


def at_seq(request: AsOf) -> Iterator[Violation]:
    """GetTraits, GetStage, GetIdentityHistory, ListDirectives."""
    yield from checks.mind_id(request.mind_id)
    yield from as_of_seq(request)


def get_metrics(request: pb.GetMetricsRequest) -> Iterator[Violation]:
    """GetMetrics."""
    yield from at_seq(request)
    yield from checks.in_range(request.samples, "samples", 0, MAX_SAMPLES)


def retire_directive(request: pb.RetireDirectiveRequest) -> Iterator[Violation]:
    """RetireDirective."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.directive_id, "directive_id")
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def list_reflections(request: pb.ListReflectionsRequest) -> Iterator[Violation]:
    """ListReflections."""
    yield from checks.mind_id(request.mind_id)
    yield from page(request)
    yield from as_of_seq(request)


def reflect(request: pb.ReflectRequest) -> Iterator[Violation]:
    """Reflect."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.enum_known(request.style, "style", mind.ReflectionStyle.values(), optional=True)


def diff_mind(request: pb.DiffMindRequest) -> Iterator[Violation]:
    """DiffMind."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.from_seq, "from_seq", 0, MAX_SEQ)
    yield from checks.in_range(request.to_seq, "to_seq", 0, MAX_SEQ)
    if request.to_seq and request.to_seq < request.from_seq:
        yield Violation("to_seq", "must not lie before from_seq")


def explain(request: pb.ExplainRequest) -> Iterator[Violation]:
    """Explain."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.seq, "seq", 0, MAX_SEQ)
    yield from checks.identifier(request.session_id, "session_id", optional=True)


def blast_radius(request: pb.BlastRadiusRequest) -> Iterator[Violation]:
    """BlastRadius."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.seq, "seq", 1, MAX_SEQ)


def forget(request: pb.ForgetRequest) -> Iterator[Violation]:
    """Forget."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.seq, "seq", 1, MAX_SEQ)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def get_neighbors(request: pb.GetNeighborsRequest) -> Iterator[Violation]:
    """GetNeighbors."""
    yield from at_seq(request)
    yield from checks.text(request.node_id, "node_id", max_bytes=MAX_NODE_ID, required=True)
    yield from _edge_types(request.edge_types)


def find_path(request: pb.FindPathRequest) -> Iterator[Violation]:
    """FindPath."""
    yield from at_seq(request)
    yield from checks.text(request.from_node_id, "from_node_id", max_bytes=MAX_NODE_ID, required=True)
    yield from checks.text(request.to_node_id, "to_node_id", max_bytes=MAX_NODE_ID, required=True)


def get_subgraph(request: pb.GetSubgraphRequest) -> Iterator[Violation]:
    """GetSubgraph."""
    yield from at_seq(request)
    yield from checks.text(request.node_id, "node_id", max_bytes=MAX_NODE_ID)
    yield from checks.in_range(request.depth, "depth", 0, MAX_DEPTH)
    yield from checks.limit(request.limit, "limit", high=MAX_PAGE)
    yield from _edge_types(request.edge_types)


def _edge_types(names: Iterable[str]) -> Iterator[Violation]:
    for index, name in enumerate(names):
        if name not in EDGE_TYPES:
            yield Violation(f"edge_types[{index}]", f"must be one of {', '.join(EDGE_TYPES)}")


CHECKS: Mapping[type[Message], Check] = {
    pb.ConverseRequest: converse,
    pb.ImportMessagesRequest: import_messages,
    pb.CreateMindRequest: create_mind,
    pb.GetMindRequest: get_mind,
    pb.ListMindsRequest: list_minds,
    pb.SetDefaultMindRequest: set_default_mind,
    pb.SetPolicyRequest: set_policy,
    pb.ListPoliciesRequest: at_seq,
    pb.StartSessionRequest: start_session,
    pb.GetSessionRequest: get_session,
    pb.EndSessionRequest: end_session,
    pb.RenameSessionRequest: rename_session,
    pb.SetPrivacyModeRequest: set_privacy_mode,
    pb.ListSessionsRequest: list_sessions,
    pb.ListCommitmentsRequest: list_commitments,
    pb.OpenCommitmentRequest: open_commitment,
    pb.CloseCommitmentRequest: close_commitment,
    pb.SnoozeCommitmentRequest: snooze_commitment,
    pb.ReviseCommitmentRequest: revise_commitment,
    pb.GetIdentityHistoryRequest: at_seq,
    pb.AdoptNameRequest: adopt_name,
    pb.ClearNameRequest: clear_name,
    pb.WatchMindRequest: watch_mind,
    pb.ListDirectivesRequest: at_seq,
    pb.ListWorkersRequest: list_workers,
    pb.GetPerformanceRequest: get_performance,
    pb.GetAnalyticsRequest: get_analytics,
    pb.GetCommitmentThreadRequest: get_commitment_thread,
    pb.ListDeadLettersRequest: list_dead_letters,
    pb.ReplayDeadLetterRequest: replay_dead_letter,
    pb.GetTraitsRequest: at_seq,
    pb.GetStageRequest: at_seq,
    pb.GetMetricsRequest: get_metrics,
    pb.RetireDirectiveRequest: retire_directive,
    pb.ListReflectionsRequest: list_reflections,
    pb.ReflectRequest: reflect,
    pb.DiffMindRequest: diff_mind,
    pb.ExplainRequest: explain,
    pb.BlastRadiusRequest: blast_radius,
    pb.ForgetRequest: forget,
    pb.GetNeighborsRequest: get_neighbors,
    pb.FindPathRequest: find_path,
    pb.GetSubgraphRequest: get_subgraph,
}
