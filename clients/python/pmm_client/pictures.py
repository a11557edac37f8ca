"""Pictures of a mind as SVG: its graph, and the course of its scores.

Needs the extra ``pictures`` (matplotlib); the functions raise ImportError without it.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from pmm.orchestrator.v1.orchestrator_pb2 import GraphEdge, GraphNode, MetricsSample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = (
    ("session",),
    ("message",),
    ("memory", "commitment", "reflection", "identity", "summary"),
    ("entity",),
)
"""From left to right, by the type of a node: what was said runs from top to bottom, what came of it stands beside."""
NODE_COLORS = {
    "session": "#d9d9d9",
    "message": "#c6dbef",
    "memory": "#c7e9c0",
    "commitment": "#fcbba1",
    "reflection": "#dadaeb",
    "identity": "#fff2ae",
    "entity": "#fdd0a2",
    "summary": "#d4eef2",
}
EDGE_COLORS = {
    "replies_to": "#9e9e9e",
    "mentions": "#e6800d",
    "derived_from": "#31a354",
    "evidence_for": "#3182bd",
    "opens": "#de2d26",
    "closes": "#08306b",
    "reflects_on": "#756bb1",
    "adopts": "#b8860b",
    "supersedes": "#8c510a",
    "recalled_in": "#8bb8d8",
}
COLUMN_INCHES, ROW_INCHES, LEGEND_INCHES = 3.2, 0.55, 0.7
BOX_WIDTH, BOX_HEIGHT = 0.64, 0.66
"""Of a column, and of a row."""
NEXT_ROW = 1.5
"""Boxes of a column that lie so near have none between them."""
EDGE_GAP = 0.22
"""Of a row, between two edges that lead from the same box to the same box; as wide as an arrow's head."""
LABEL_COLUMNS, LABEL_LINES = 36, 2
TIMES = 5
"""Moments that are written above the course of scores."""
SHORT = timedelta(minutes=TIMES)
_ABOVE_EDGES = 5


def graph_svg(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> str:
    """The part of a MemeGraph as an SVG document: what was said from top to bottom, what came of it to the right.

    No box covers another, and the same graph gives the same picture.
    """
    places = _places(nodes, edges)
    columns = 1 + max((x for x, _ in places.values()), default=0)
    rows = 1 + max((y for _, y in places.values()), default=0)
    width, height = columns * COLUMN_INCHES, rows * ROW_INCHES
    figure = _figure(width, height + LEGEND_INCHES)
    total = height + LEGEND_INCHES
    axes = figure.add_axes((0, LEGEND_INCHES / total, 1, height / total))
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.axis("off")
    beside = _parallel(edges)
    for edge, shift in zip(edges, beside, strict=True):
        _draw_edge(axes, edge, places[edge.from_node_id], places[edge.to_node_id], shift)
    for node in nodes:
        _draw_node(axes, node, places[node.node_id])
    _legend(figure, nodes, edges)
    return _svg(figure)


def _places(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> dict[str, tuple[float, float]]:
    """Column and row of each node: by seq in the fullest column, in the others beside its neighbours."""
    columns = [[node for node in nodes if node.type in types] for types in COLUMNS]
    columns = [sorted(column, key=lambda node: node.seq) for column in columns if column]
    rows = max(map(len, columns), default=0)
    places: dict[str, tuple[float, float]] = {}
    for column in sorted(columns, key=len, reverse=True):
        near = {node.node_id: _mean_row(node.node_id, edges, places, default=node.seq) for node in column}
        in_order = sorted(column, key=lambda node: near[node.node_id]) if places else column
        step = rows / len(column)
        for index, node in enumerate(in_order):
            places[node.node_id] = (columns.index(column), step * (index + 0.5) - 0.5)
    return places


def _mean_row(
    node_id: str, edges: Sequence[GraphEdge], places: dict[str, tuple[float, float]], default: float
) -> float:
    """Of the neighbours that have a place (Sugiyama et al., 1981: the barycentre keeps crossings few)."""
    ends = [(edge.from_node_id, edge.to_node_id) for edge in edges]
    others = [b if a == node_id else a for a, b in ends if node_id in (a, b)]
    found = [places[other][1] for other in others if other in places]
    return sum(found) / len(found) if found else default


def _draw_node(axes: Any, node: GraphNode, place: tuple[float, float]) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    axes.add_patch(
        FancyBboxPatch(
            (x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2),
            BOX_WIDTH,
            BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.04",
            facecolor=NODE_COLORS.get(node.type, "white"),
            edgecolor="#555555",
            linewidth=0.6,
            zorder=_ABOVE_EDGES,
        )
    )
    axes.text(x, y, _label(node), ha="center", va="center", fontsize=7, zorder=_ABOVE_EDGES)


def _parallel(edges: Sequence[GraphEdge]) -> list[float]:
    """How far each is put aside, so that none hides another between the same two nodes."""
    pairs = [frozenset((edge.from_node_id, edge.to_node_id)) for edge in edges]
    seen: Counter[frozenset[str]] = Counter()
    all_of, shifts = Counter(pairs), list[float]()
    for pair in pairs:
        shifts.append((seen[pair] - (all_of[pair] - 1) / 2) * EDGE_GAP)
        seen[pair] += 1
    return shifts


def _draw_edge(
    axes: Any, edge: GraphEdge, start: tuple[float, float], end: tuple[float, float], shift: float
) -> None:
    (x, y), (to_x, to_y) = start, end
    bend = 0.0
    if x != to_x:
        side = BOX_WIDTH / 2 if to_x > x else -BOX_WIDTH / 2
        x, to_x = x + side, to_x - side
        y, to_y = y + shift, to_y + shift
    elif abs(to_y - y) < NEXT_ROW:
        side = BOX_HEIGHT / 2 if to_y > y else -BOX_HEIGHT / 2
        y, to_y = y + side, to_y - side
    else:
        # Round what lies between, the further the wider.
        x = to_x = x - BOX_WIDTH / 2
        bend = (0.3 if to_y < y else -0.3) / max(1.0, abs(to_y - y) / 4)
    axes.annotate(
        "",
        xy=(to_x, to_y),
        xytext=(x, y),
        arrowprops={
            "arrowstyle": "-|>",
            "mutation_scale": 8,
            "linewidth": 0.9,
            "color": EDGE_COLORS.get(edge.type, "#555555"),
            "connectionstyle": f"arc3,rad={bend}",
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def _legend(figure: Figure, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
    from matplotlib.lines import Line2D

    types = [name for name in NODE_COLORS if any(node.type == name for node in nodes)]
    kinds = [name for name in EDGE_COLORS if any(edge.type == name for edge in edges)]
    marks = [
        *(
            Line2D([], [], marker="s", linestyle="", markersize=8, color=NODE_COLORS[name], label=name)
            for name in types
        ),
        *(Line2D([], [], color=EDGE_COLORS[name], linewidth=1.6, label=f"→ {name}") for name in kinds),
    ]
    figure.legend(handles=marks, loc="lower center", ncols=6, frameon=False, fontsize=8)


def metrics_svg(samples: Sequence[MetricsSample]) -> str:
    """The course of IAS and GAS over the events that moved them, with their times above, as an SVG document."""
    figure = _figure(8, 3.9)
    axes = figure.add_subplot()
    seqs = [sample.seq for sample in samples]
    for name, label, color in (("ias", "IAS (identity)", "#3182bd"), ("gas", "GAS (growth)", "#e6550d")):
        values = [getattr(sample.metrics, name) for sample in samples]
        # Between two events nothing moves.
        axes.plot(seqs, values, label=label, color=color, linewidth=1.6, drawstyle="steps-post")
    axes.set_ylim(0, 1)
    axes.set_xlabel("event (seq)")
    axes.set_ylabel("score")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    timed = [sample for sample in samples if sample.recorded_at.seconds]
    if timed:
        shown = [timed[round(part * (len(timed) - 1) / (TIMES - 1))] for part in range(TIMES)]
        above = axes.secondary_xaxis("top")
        above.set_xticks([sample.seq for sample in shown], _moments(shown))
        above.tick_params(labelsize=7)
    figure.tight_layout()
    return _svg(figure)


def _moments(samples: Sequence[MetricsSample]) -> list[str]:
    """The day of each, and below it its minute, in UTC: the picture is the same wherever it is drawn.

    Where it all happened within minutes, seconds too.
    """
    times = [sample.recorded_at.ToDatetime(tzinfo=UTC) for sample in samples]
    clock = "%H:%M" if max(times) - min(times) >= SHORT else "%H:%M:%S"
    return [time.strftime(f"%Y-%m-%d\n{clock}") for time in times]


def _figure(width: float, height: float) -> Figure:
    """Apart from pyplot: no window, no state that others share."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def _svg(figure: Figure) -> str:
    import matplotlib as mpl

    out = io.StringIO()
    # Text stays text, and the document is the same whenever it is made.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pmm"}), warnings.catch_warnings():
        # Whoever shows the text has the letters: here it is only measured.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def _label(node: GraphNode) -> str:
    text = node.label or ("(erased)" if node.type == "message" else node.node_id)
    # A dollar sign would begin a formula.
    lines = textwrap.wrap(text.replace("$", r"\$"), LABEL_COLUMNS)
    return "\n".join(lines[:LABEL_LINES]) + ("…" if len(lines) > LABEL_LINES else "")
