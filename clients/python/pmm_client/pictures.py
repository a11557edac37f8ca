"""Pictures of a mind as SVG: its graph, and the course of its scores.

Needs the extra ``pictures`` (matplotlib and networkx); the functions raise ImportError without it.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pmm.orchestrator.v1.orchestrator_pb2 import GraphEdge, GraphNode, MetricsSample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = {
    "message": "#9ecae1",
    "memory": "#a1d99b",
    "entity": "#fdae6b",
    "commitment": "#fc9272",
    "reflection": "#bcbddc",
    "identity": "#fde07a",
    "session": "#d9d9d9",
}
"""By the type of a node; they can be told apart in print, too."""
LABEL_COLUMNS, LABEL_LINES = 22, 3
NAMED_EDGES = 60
"""With more edges their types are left out: they would cover one another."""
_SEED = 7
"""The same graph gives the same picture."""


def graph_svg(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> str:
    """The part of a MemeGraph as an SVG document; nodes near each other are connected.

    Laid out by forces (Fruchterman and Reingold, 1991), the same every time.
    """
    import networkx as nx
    from matplotlib.lines import Line2D

    graph: Any = nx.DiGraph()
    graph.add_nodes_from(node.node_id for node in nodes)
    for edge in edges:
        graph.add_edge(edge.from_node_id, edge.to_node_id, type=edge.type)
    size = 6 + 1.1 * len(nodes) ** 0.5
    figure = _figure(size * 1.3, size)
    axes = figure.add_axes((0, 0.05, 1, 0.95))
    axes.axis("off")
    if nodes:
        places = nx.spring_layout(graph, seed=_SEED, k=2.2 / len(nodes) ** 0.5, iterations=300)
        nx.draw_networkx_edges(graph, places, ax=axes, edge_color="#888888", node_size=900, arrowsize=9)
        nx.draw_networkx_nodes(
            graph,
            places,
            ax=axes,
            nodelist=[node.node_id for node in nodes],
            node_color=[COLORS.get(node.type, "#ffffff") for node in nodes],
            edgecolors="#555555",
            node_size=900,
        )
        nx.draw_networkx_labels(
            graph, places, {node.node_id: _label(node) for node in nodes}, ax=axes, font_size=6.5
        )
        if len(edges) <= NAMED_EDGES:
            types = nx.get_edge_attributes(graph, "type")
            nx.draw_networkx_edge_labels(graph, places, types, ax=axes, font_size=5.5, font_color="#555555")
    there = [kind for kind in COLORS if any(node.type == kind for node in nodes)]
    marks = [
        Line2D([], [], marker="o", linestyle="", markersize=8, color=COLORS[kind], label=kind)
        for kind in there
    ]
    figure.legend(handles=marks, loc="lower center", ncols=max(1, len(marks)), frameon=False, fontsize=8)
    return _svg(figure)


def metrics_svg(samples: Sequence[MetricsSample]) -> str:
    """The course of IAS and GAS over the events that moved them, and the openness of time below, as an SVG document."""
    figure = _figure(8, 3.6)
    axes = figure.add_subplot()
    seqs = [sample.seq for sample in samples]
    for name, label, color in (("ias", "IAS (identity)", "#3182bd"), ("gas", "GAS (growth)", "#e6550d")):
        values = [getattr(sample.metrics, name) for sample in samples]
        axes.plot(seqs, values, label=label, color=color, linewidth=1.6)
    axes.set_ylim(0, 1)
    axes.set_xlabel("event (seq)")
    axes.set_ylabel("score")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    return _svg(figure)


def _figure(width: float, height: float) -> Figure:
    """Apart from pyplot: no window, no state that others share."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def _svg(figure: Figure) -> str:
    import matplotlib as mpl

    out = io.StringIO()
    # Text stays text, and the document is the same whenever it is made.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pmm"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _label(node: GraphNode) -> str:
    text = node.label or ("(erased)" if node.type == "message" else node.node_id)
    # A dollar sign would begin a formula.
    lines = textwrap.wrap(text.replace("$", r"\$"), LABEL_COLUMNS)
    return "\n".join(lines[:LABEL_LINES]) + ("…" if len(lines) > LABEL_LINES else "")
