"""Questions to a MemeGraph: neighbours, a shortest path, a part of it. Plain Python over anything that gives edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.orchestrator.errors import UnknownNode
from services.orchestrator.graph.parts import Edge
from services.orchestrator.graph.store import LAST, GraphStore, Stored

MAX_NEIGHBORS = 1_000
MAX_PATH = 12
"""Edges of a path."""
MAX_EDGES = 100_000
"""Of one node: a query reads no more of a hub."""
DEFAULT_DEPTH, DEFAULT_NODES = 2, 100
Edges = Callable[[str], Sequence[Edge]]


@dataclass(slots=True)
class Subgraph:
    """Nodes and edges between them."""

    nodes: list[Stored] = field(default_factory=list[Stored])
    edges: list[Edge] = field(default_factory=list[Edge])


class Graph:
    """The graph of one mind, read as of a seq."""

    def __init__(self, store: GraphStore, mind_id: str, upto: int = LAST) -> None:
        self._store = store
        self._mind_id = mind_id
        self._upto = upto

    def neighbors(self, node_id: str, types: Sequence[str]) -> Subgraph:
        """The nodes at the other end of a node's edges, those of the latest events first. Raises UnknownNode."""
        self._known(node_id)
        found = Subgraph()
        seen: set[str] = set()
        for edge in self._edges(node_id, types):
            other = _other_end(edge, node_id)
            node = self._node(other)
            if node is None or (other not in seen and len(seen) == MAX_NEIGHBORS):
                continue
            found.edges.append(edge)
            if other not in seen:
                seen.add(other)
                found.nodes.append(node)
        return found

    def path(self, from_id: str, to_id: str) -> Subgraph:
        """A shortest path along edges in either direction; empty where there is none. Raises UnknownNode."""
        self._known(from_id)
        self._known(to_id)
        edges = shortest_path(from_id, to_id, self._edges_between_nodes, MAX_PATH)
        if edges is None:
            return Subgraph()
        ids = [from_id]
        for edge in edges:
            ids.append(_other_end(edge, ids[-1]))
        return Subgraph([self._known(each) for each in ids], edges)

    def around(self, node_id: str, depth: int, limit: int, types: Sequence[str] = ()) -> Subgraph:
        """What lies within so many edges of a node, nearest first; nothing around none.

        Only along edges of these types; none: of any. Raises UnknownNode.
        """
        if not node_id:
            return Subgraph()
        found = {node_id: self._known(node_id)}
        edges: dict[Edge, None] = {}
        frontier = [node_id]
        for _ in range(depth or DEFAULT_DEPTH):
            reached: list[str] = []
            for near in frontier:
                for edge in self._edges(near, types):
                    other = _other_end(edge, near)
                    if other not in found:
                        node = self._node(other)
                        if node is None or len(found) >= (limit or DEFAULT_NODES):
                            continue
                        found[other] = node
                        reached.append(other)
                    edges.setdefault(edge)
            frontier = reached
        for near in frontier:
            edges.update(
                dict.fromkeys(edge for edge in self._edges(near, types) if _other_end(edge, near) in found)
            )
        return Subgraph(list(found.values()), list(edges))

    def _known(self, node_id: str) -> Stored:
        node = self._node(node_id)
        if node is None:
            raise UnknownNode(f"mind {self._mind_id!r} has no node {node_id!r}", node_id=node_id)
        return node

    def _node(self, node_id: str) -> Stored | None:
        return self._store.node(self._mind_id, node_id, self._upto)

    def _edges(self, node_id: str, types: Sequence[str] = ()) -> list[Edge]:
        edges = self._store.edges(self._mind_id, node_id, MAX_EDGES, self._upto)
        return [edge for edge in edges if edge.type in types] if types else edges

    def _edges_between_nodes(self, node_id: str) -> list[Edge]:
        """An edge may lead to what is not in the graph: an event of another kind, or something erased."""
        return [edge for edge in self._edges(node_id) if self._node(_other_end(edge, node_id)) is not None]


def shortest_path(from_id: str, to_id: str, edges_of: Edges, at_most: int) -> list[Edge] | None:
    """The edges of a shortest path, in order; None where there is none of so many edges.

    Breadth-first from both ends at once (Pohl, "Bi-directional search", 1971): always the smaller rim grows.
    """
    if from_id == to_id:
        return []
    ways: tuple[dict[str, Edge | None], dict[str, Edge | None]] = ({from_id: None}, {to_id: None})
    rims = [[from_id], [to_id]]
    for _ in range(at_most):
        side = 0 if len(rims[0]) <= len(rims[1]) else 1
        reached: list[str] = []
        for near in rims[side]:
            for edge in edges_of(near):
                other = _other_end(edge, near)
                if other in ways[side]:
                    continue
                ways[side][other] = edge
                if other in ways[1 - side]:
                    return _joined(other, *ways)
                reached.append(other)
        if not reached:
            return None
        rims[side] = reached
    return None


def _joined(meeting: str, forth: dict[str, Edge | None], back: dict[str, Edge | None]) -> list[Edge]:
    first_half = _walked(meeting, forth)[::-1]
    return first_half + _walked(meeting, back)


def _walked(node_id: str, ways: dict[str, Edge | None]) -> list[Edge]:
    edges: list[Edge] = []
    while (edge := ways[node_id]) is not None:
        edges.append(edge)
        node_id = _other_end(edge, node_id)
    return edges


def _other_end(edge: Edge, node_id: str) -> str:
    return edge.to_id if edge.from_id == node_id else edge.from_id
