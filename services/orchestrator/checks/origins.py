"""Where something comes from and what came of it: explanations, forgetting, the MemeGraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from google.protobuf.message import Message

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks.fields import MAX_PAGE, MAX_SEQ, MAX_WHY, at_seq
from services.orchestrator.graph.parts import EDGE_TYPES
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_NODE_ID = 512
MAX_DEPTH = 12


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
    if request.seq == 1:
        yield Violation(
            "seq", "must not be the first event, which says whose the mind is: DeleteMind erases all of it"
        )
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
    pb.ExplainRequest: explain,
    pb.BlastRadiusRequest: blast_radius,
    pb.ForgetRequest: forget,
    pb.GetNeighborsRequest: get_neighbors,
    pb.FindPathRequest: find_path,
    pb.GetSubgraphRequest: get_subgraph,
}
