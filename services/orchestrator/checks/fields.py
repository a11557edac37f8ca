"""What several requests have in common, and how long it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks import page_tokens
from services.runtime import checks
from services.runtime.errors import Violation

MAX_KEY_BYTES = 128
MAX_NAME = 128
MAX_WHY = 4 * 1024
MAX_PAGE = 1_000
MAX_SEQ = 2**63 - 1
AT_EVENT = re.compile(r"[1-9][0-9]{0,11}")
"""The place of a page that begins at an event."""
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


Keyed = (
    pb.ConverseRequest
    | pb.CreateMindRequest
    | pb.SetPolicyRequest
    | pb.StartSessionRequest
    | pb.SetPrivacyModeRequest
    | pb.CloseCommitmentRequest
    | pb.SnoozeCommitmentRequest
    | pb.ReviseCommitmentRequest
    | pb.RetireDirectiveRequest
    | pb.ReflectRequest
)
"""What is carried out once under its key."""


def idempotency_key(request: Keyed) -> Iterator[Violation]:
    """Any text, or none."""
    yield from checks.text(request.idempotency_key, "idempotency_key", max_bytes=MAX_KEY_BYTES)


def as_of_seq(request: AsOf) -> Iterator[Violation]:
    """as_of_seq, where it is set."""
    if request.HasField("as_of_seq"):
        yield from checks.in_range(request.as_of_seq, "as_of_seq", 1, MAX_SEQ)


def as_of(request: pb.GetMindRequest | pb.ListCommitmentsRequest) -> Iterator[Violation]:
    """as_of_seq and min_seq."""
    yield from as_of_seq(request)
    yield from checks.in_range(request.min_seq, "min_seq", 0, MAX_SEQ)


def at_seq(request: AsOf) -> Iterator[Violation]:
    """GetTraits, GetStage, GetIdentityHistory, ListDirectives."""
    yield from checks.mind_id(request.mind_id)
    yield from as_of_seq(request)


def page(request: page_tokens.Paged, places: re.Pattern[str] = AT_EVENT) -> Iterator[Violation]:
    """page_size and page_token; ``places``: what the places of its pages look like."""
    yield from checks.limit(request.page_size, "page_size", high=MAX_PAGE)
    try:
        place = page_tokens.place(request)
    except ValueError:
        is_known = False
    else:
        is_known = not place or places.fullmatch(place) is not None
    if not is_known:
        yield Violation(
            "page_token", "must be empty, or the next_page_token of an answer of the same listing"
        )
