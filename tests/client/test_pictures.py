"""Pictures: everything is in them, nothing covers anything else, and the same graph gives the same picture."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import pictures

TYPES = [name for types in pictures.COLUMNS for name in types]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[pb.GraphNode], list[pb.GraphEdge]]:
    count = draw(st.integers(0, 12))
    nodes = [
        pb.GraphNode(
            node_id=f"node:{index}",
            type=draw(st.sampled_from(TYPES)),
            label=draw(st.sampled_from(["", "Ana", "costs $5 and $6", "a < b & c", "a long one " * 12])),
            seq=draw(st.integers(0, 20)),
        )
        for index in range(count)
    ]
    ends = st.integers(0, count - 1)
    edges = [
        pb.GraphEdge(from_node_id=f"node:{a}", to_node_id=f"node:{b}", type=kind)
        for a, b, kind in draw(
            st.lists(st.tuples(ends, ends, st.sampled_from([*pictures.EDGE_COLORS])), max_size=15)
            if count
            else st.just([])
        )
    ]
    return nodes, edges


@settings(max_examples=15)
@given(graphs())
def test_no_box_covers_another_and_the_same_graph_gives_the_same_picture(
    graph: tuple[list[pb.GraphNode], list[pb.GraphEdge]],
) -> None:
    nodes, edges = graph
    places = pictures._places(nodes, edges)

    assert places.keys() == {node.node_id for node in nodes}
    for (x, y), (other_x, other_y) in itertools.combinations(places.values(), 2):
        assert x != other_x or abs(y - other_y) > pictures.BOX_HEIGHT
    assert pictures.graph_svg(nodes, edges) == pictures.graph_svg(nodes, edges)


def test_every_label_stands_in_the_picture_as_it_is_written() -> None:
    nodes = [
        pb.GraphNode(node_id="event:1", type="message", label="costs $5 & more", seq=1),
        pb.GraphNode(node_id="entity:ana", type="entity", label="Ana <3", seq=1),
        pb.GraphNode(node_id="event:2", type="message", seq=2),
    ]
    edges = [pb.GraphEdge(from_node_id="event:1", to_node_id="entity:ana", type="mentions")]

    svg = pictures.graph_svg(nodes, edges)
    written = re.sub(r"\s+", " ", " ".join(ElementTree.fromstring(svg).itertext()))

    for expected in ("costs $5 & more", "Ana <3", "(erased)", "mentions", "entity"):
        assert expected in written


@pytest.mark.filterwarnings("error")
def test_letters_of_any_script_stand_in_the_picture_without_a_warning() -> None:
    node = pb.GraphNode(node_id="event:1", type="message", label="東京？ กรุงเทพ", seq=1)

    assert "東京？ กรุงเทพ" in pictures.graph_svg([node], [])


def test_no_arrow_hides_another_between_the_same_two_nodes() -> None:
    kinds = ("evidence_for", "closes", "opens")
    edges = [pb.GraphEdge(from_node_id="event:1", to_node_id="commitment:c-1", type=kind) for kind in kinds]
    alone = pb.GraphEdge(from_node_id="event:2", to_node_id="commitment:c-1", type="opens")
    back = pb.GraphEdge(from_node_id="commitment:c-1", to_node_id="event:1", type="mentions")

    shifts = pictures._parallel([*edges, alone, back])

    assert shifts[3] == 0
    assert len({*shifts[:3], shifts[4]}) == 4
    assert sum(shifts) == 0


def test_moments_that_lie_seconds_apart_are_told_apart() -> None:
    def course(step: int) -> list[pb.MetricsSample]:
        return [
            pb.MetricsSample(seq=n, recorded_at=Timestamp(seconds=1_780_000_000 + step * n)) for n in range(5)
        ]

    assert len(set(pictures._moments(course(5)))) == 5
    assert pictures._moments(course(86_400))[0] == "2026-05-28\n20:26"


def test_the_course_of_scores_names_both_and_tells_when() -> None:
    samples = [
        pb.MetricsSample(
            seq=seq,
            recorded_at=Timestamp(seconds=1_780_000_000 + 86_400 * seq),
            metrics=pb.Metrics(ias=seq / 10, gas=0.5),
        )
        for seq in range(1, 5)
    ]

    written = " ".join(ElementTree.fromstring(pictures.metrics_svg(samples)).itertext())

    assert "IAS (identity)" in written
    assert "GAS (growth)" in written
    assert "2026-05-29" in written
    assert "2026-06-01" in written
    assert pictures.metrics_svg([])
