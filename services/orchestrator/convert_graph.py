"""Between wire and domain: the MemeGraph."""

from __future__ import annotations

from typing import TypeVar

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.graph.queries import Subgraph

_Answer = TypeVar("_Answer", pb.GetNeighborsResponse, pb.FindPathResponse, pb.GetSubgraphResponse)


def subgraph(found: Subgraph, answer: type[_Answer]) -> _Answer:
    """Nodes and edges, as the answer to any of the three questions."""
    return answer(
        nodes=[
            pb.GraphNode(node_id=each.node.id, type=each.node.type, label=each.node.label, seq=each.seq)
            for each in found.nodes
        ],
        edges=[
            pb.GraphEdge(from_node_id=edge.from_id, to_node_id=edge.to_id, type=edge.type)
            for edge in found.edges
        ],
    )
