"""The MemeGraph: what events add, the same however the ledger is cut in pages, and nothing left of what was erased."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pmm_client
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.graph.parts import Edge, event_id, mentioned
from services.orchestrator.graph.queries import Graph, shortest_path
from services.orchestrator.graph.store import GraphStore
from tests.orchestrator.talking import converse, events, wait_for
from tests.support.files import files_with
from tests.support.serving import Served, serving

ALL = ("ledger", "memory", "inference", "orchestrator")
NODES = [event_id(seq) for seq in range(1, 41)] + [
    *(f"commitment:c-{n}" for n in range(3)),
    *(f"memory:m-{n}" for n in range(3)),
    *(f"session:s-{n}" for n in range(2)),
    *(f"identity:{seq}" for seq in range(1, 41)),
    *(f"entity:{name}" for name in ("ana", "porto", "nova")),
]


def bodies() -> st.SearchStrategy[mind.Body]:
    seqs = st.lists(st.integers(1, 30), max_size=3)
    commitment, memory = st.sampled_from(["c-0", "c-1", "c-2"]), st.sampled_from(["m-0", "m-1", "m-2"])
    text = st.sampled_from(["hello", "I met Ana in Porto", "Ana", ""])
    names = st.lists(st.sampled_from(["Ana", "Porto"]), max_size=2)
    return st.one_of(
        st.builds(lambda t: mind.Body(user_message=mind.UserMessage(text=t)), text),
        st.builds(
            lambda t, m, e: mind.Body(
                assistant_message=mind.AssistantMessage(
                    text=t,
                    receipt=mind.Receipt(
                        memories=[
                            mind.RecalledMemory(memory_id=m, source_seqs=e),
                            mind.RecalledMemory(memory_id="e1", source_seqs=[1]),
                        ]
                    ),
                )
            ),
            text,
            memory,
            seqs,
        ),
        st.builds(lambda: mind.Body(session_started=mind.SessionStarted(title="a talk"))),
        st.builds(
            lambda m, t, s, n, c: mind.Body(
                memory_recorded=mind.MemoryRecorded(
                    memory_id=m, text=t, source_seqs=s, entities=n, contradicts=c
                )
            ),
            memory,
            text,
            seqs,
            names,
            st.lists(memory, max_size=1),
        ),
        st.builds(
            lambda m, t, s: mind.Body(memory_revised=mind.MemoryRevised(memory_id=m, text=t, source_seqs=s)),
            memory,
            text,
            seqs,
        ),
        st.builds(
            lambda c, t, s: mind.Body(
                commitment_opened=mind.CommitmentOpened(commitment_id=c, text=t, source_seq=s)
            ),
            commitment,
            text,
            st.integers(0, 30),
        ),
        st.builds(
            lambda c, s: mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id=c, evidence_seqs=s)),
            commitment,
            seqs,
        ),
        st.builds(
            lambda s: mind.Body(
                identity_adopted=mind.IdentityAdopted(name="Nova", confidence=1, evidence_seqs=s)
            ),
            seqs,
        ),
        st.builds(
            lambda t, s: mind.Body(reflection_recorded=mind.ReflectionRecorded(text=t, evidence_seqs=s)),
            text,
            seqs,
        ),
        st.builds(
            lambda t, f, n: mind.Body(
                summary_recorded=mind.SummaryRecorded(text=t, from_seq=f, to_seq=f + n)
            ),
            text,
            st.integers(0, 30),
            st.integers(0, 9),
        ),
        st.builds(lambda s: mind.Body(event_redacted=mind.EventRedacted(seqs=s)), seqs),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> list[mind.Event]:
    """Events of a mind as they are read while they happen."""
    made: list[mind.Event] = []
    for seq, body in enumerate(draw(st.lists(bodies(), max_size=30)), start=1):
        kind = body.WhichOneof("kind") or ""
        if kind == "event_redacted":
            kept = [each for each in body.event_redacted.seqs if each < seq]
            body.event_redacted.seqs[:] = kept
        event = mind.Event(mind_id="ada", seq=seq, kind=kind, body=body, remember=draw(st.integers(0, 9)) > 0)
        if kind not in ("identity_adopted", "event_redacted"):
            event.session_id = draw(st.sampled_from(["s-0", "s-1"]))
        if kind == "assistant_message" and seq > 1:
            event.causation_seq = draw(st.integers(1, seq - 1))
        made.append(event)
    return made


def as_read_later(made: list[mind.Event]) -> list[mind.Event]:
    """The same ledger, read after everything that was erased has gone."""
    erased = {seq for event in made for seq in event.body.event_redacted.seqs}
    later: list[mind.Event] = []
    for event in made:
        copy = mind.Event()
        copy.CopyFrom(event)
        if event.seq in erased and event.kind != "event_redacted":
            copy.ClearField("body")
            copy.redacted = True
        later.append(copy)
    return later


def seen(store: GraphStore, mind_id: str = "ada") -> dict[str, tuple[str, str, int, frozenset[Edge]]]:
    found: dict[str, tuple[str, str, int, frozenset[Edge]]] = {}
    for node_id in NODES:
        node = store.node(mind_id, node_id)
        if node is not None:
            edges = frozenset(store.edges(mind_id, node_id, 10_000))
            found[node_id] = (node.node.type, node.node.label, node.seq, edges)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(ledgers(), st.integers(1, 9))
def test_the_same_graph_whatever_the_pages_and_after_erasure(
    tmp_path_factory: pytest.TempPathFactory, made: list[mind.Event], page: int
) -> None:
    folder = tmp_path_factory.mktemp("graphs")
    by_page, at_once = GraphStore(folder / "a"), GraphStore(folder / "b")
    try:
        for start in range(0, len(made), page):
            by_page.apply(made[start : start + page], "store", start + page)
        at_once.apply(as_read_later(made), "store", len(made))
        assert seen(by_page) == seen(at_once)
    finally:
        by_page.close()
        at_once.close()


def test_a_place_survives_a_restart_and_another_ledger_starts_anew(tmp_path: Path) -> None:
    message = mind.Body(user_message=mind.UserMessage(text="I met Ana"))
    event = mind.Event(mind_id="ada", seq=1, kind="user_message", remember=True, body=message)
    store = GraphStore(tmp_path)
    store.apply([event], "one", 7)
    store.close()
    store = GraphStore(tmp_path)
    assert store.position() == ("one", 7)
    assert store.node("ada", "entity:ana")
    store.start_anew("two")
    assert store.position() == ("two", 0)
    assert not seen(store)
    store.close()
    assert not files_with(tmp_path, "Ana")


def test_a_deleted_mind_leaves_the_others(tmp_path: Path) -> None:
    store = GraphStore(tmp_path)
    for mind_id in ("ad", "ada", "adam"):
        message = mind.Body(
            user_message=mind.UserMessage(text=f"I met Zoe, whose word is {mind_id}{mind_id}")
        )
        event = mind.Event(mind_id=mind_id, seq=1, kind="user_message", remember=True, body=message)
        store.apply([event], "one", 1)
    store.apply([mind.Event(mind_id="ada", seq=2, kind="mind_deleted", remember=True)], "one", 2)
    assert not seen(store, "ada")
    assert seen(store, "ad").keys() == seen(store, "adam").keys() == {"event:1"}
    assert not files_with(tmp_path, "adaada")
    assert files_with(tmp_path, "adamadam")
    store.close()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20), st.integers(0, 12))
def test_no_path_is_shorter(pairs: list[tuple[int, int]], at_most: int) -> None:
    edges = [Edge(str(a), str(b), "mentions") for a, b in pairs if a != b]
    near: dict[str, list[Edge]] = {str(n): [] for n in range(10)}
    for edge in edges:
        near[edge.from_id].append(edge)
        near[edge.to_id].append(edge)
    distance, waiting = {"0": 0}, deque(["0"])
    while waiting:
        here = waiting.popleft()
        for edge in near[here]:
            for there in (edge.from_id, edge.to_id):
                if there not in distance:
                    distance[there] = distance[here] + 1
                    waiting.append(there)
    for goal in near:
        found = shortest_path("0", goal, near.__getitem__, at_most)
        expected = distance.get(goal)
        assert (None if found is None else len(found)) == (
            None if expected is None or expected > at_most else expected
        )
        here = "0"
        for edge in found or ():
            assert here in (edge.from_id, edge.to_id)
            here = edge.to_id if here == edge.from_id else edge.from_id
        assert found is None or here == goal


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I met Ana in Porto on Friday", ["Ana", "Porto"]),
        ("Ana Maria's house, said Ana Maria's sister Bea Lopes.", ["Ana Maria", "Bea Lopes"]),
        ("Katrin got a new job. Tom and Sara broke up.", ["Katrin", "Tom", "Sara"]),
        ("Grace is a virtue. Will you come? Mark my words, Paris is nice", ["Paris"]),
        ("What about it? Lovely. I think I'll go in May", []),
        ("We saw the São Jorge castle", ["São Jorge"]),
        ("", []),
    ],
)
def test_names_in_a_message(text: str, names: list[str]) -> None:
    assert mentioned(text) == names


async def subgraph(served: Served, **wanted: object) -> pb.GetSubgraphResponse:
    return await served.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id="ada", **wanted), timeout=20)  # type: ignore[arg-type]


async def test_the_graph_of_a_conversation(served: Served) -> None:
    await served.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="s"))
    await converse(served, "From now on your name is Nova", session_id="s")
    await converse(served, "my sister Ana moved to Porto", session_id="s")
    await converse(served, "Remind me to call Ana tomorrow", session_id="s")
    opened = await wait_for(served, "commitment_opened")
    reply = await converse(served, "where does Ana live?", session_id="s")
    commitment_id = opened.body.commitment_opened.commitment_id
    said = {e.body.user_message.text: e.seq for e in await events(served) if e.kind == "user_message"}
    asked, told = said["Remind me to call Ana tomorrow"], said["my sister Ana moved to Porto"]

    client = served.orchestrator
    near = await client.get_neighbors(
        pb.GetNeighborsRequest(mind_id="ada", node_id=f"commitment:{commitment_id}")
    )
    assert [(n.node_id, n.type, n.seq) for n in near.nodes] == [(f"event:{asked}", "message", asked)]
    assert [(e.from_node_id, e.type) for e in near.edges] == [(f"event:{asked}", "opens")]

    mentions = await client.get_neighbors(
        pb.GetNeighborsRequest(mind_id="ada", node_id="entity:ana", edge_types=["mentions"])
    )
    assert {n.seq for n in mentions.nodes} >= {asked, told}
    assert {e.type for e in mentions.edges} == {"mentions"}

    path = await client.find_path(
        pb.FindPathRequest(
            mind_id="ada", from_node_id=f"commitment:{commitment_id}", to_node_id="entity:porto"
        )
    )
    assert [n.node_id for n in path.nodes[:2]] == [f"commitment:{commitment_id}", f"event:{asked}"]
    assert path.nodes[3].node_id in (f"event:{told}", f"memory:m-{told}-1")
    assert path.nodes[-1].node_id == "entity:porto"
    assert len(path.edges) == 4

    assert reply.completed
    around = await subgraph(served)
    assert around.nodes[0].node_id == f"event:{reply.completed.assistant_seq}"
    ids = {n.node_id for n in around.nodes}
    assert all(e.from_node_id in ids and e.to_node_id in ids for e in around.edges)
    recalled = {e.from_node_id for e in around.edges if e.type == "recalled_in"}
    assert f"event:{told}" in recalled
    few = await subgraph(served, limit=3)
    assert [n.node_id for n in few.nodes] == [n.node_id for n in around.nodes[:3]]
    talk = await subgraph(served, edge_types=["replies_to"], depth=12)
    assert {e.type for e in talk.edges} == {"replies_to"}
    assert {n.type for n in talk.nodes} == {"message"}

    adopted = await wait_for(served, "identity_adopted")
    identity = await client.get_neighbors(
        pb.GetNeighborsRequest(mind_id="ada", node_id=f"identity:{adopted.seq}")
    )
    assert [(e.type, n.seq) for e, n in zip(identity.edges, identity.nodes, strict=True)] == [
        ("adopts", said["From now on your name is Nova"])
    ]


async def test_an_answer_put_together_from_memories_names_nothing(served: Served) -> None:
    await converse(served, "my sister Ana moved to Porto")
    reply = await converse(served, "where is Ana?")
    texts = [e.body.assistant_message.text for e in await events(served) if e.kind == "assistant_message"]
    assert "No language model is connected" in texts[0]
    assert "Porto" in texts[1]

    around = await subgraph(served, depth=12, limit=1_000)

    assert {n.node_id for n in around.nodes if n.type == "entity"} == {"entity:ana", "entity:porto"}
    answered = f"event:{reply.completed.assistant_seq}"
    assert not [e for e in around.edges if e.type == "mentions" and e.from_node_id == answered]


async def test_nodes_that_are_not_there(served: Served) -> None:
    client = served.orchestrator
    await client.create_mind(pb.CreateMindRequest(mind_id="bob"))
    await converse(served, "I live in Porto", mind_id="bob")
    assert not (await subgraph(served)).nodes
    for call in (
        client.get_neighbors(pb.GetNeighborsRequest(mind_id="ada", node_id="entity:porto")),
        client.find_path(pb.FindPathRequest(mind_id="ada", from_node_id="x", to_node_id="y")),
        client.get_subgraph(pb.GetSubgraphRequest(mind_id="ada", node_id="event:99")),
    ):
        with pytest.raises(pmm_client.NotFound) as caught:
            await call
        assert caught.value.reason == "UNKNOWN_NODE"
    with pytest.raises(pmm_client.InvalidArgument) as wrong:
        await client.get_neighbors(
            pb.GetNeighborsRequest(mind_id="ada", node_id="event:1", edge_types=["likes"])
        )
    assert "edge_types[0]" in str(wrong.value.violations)


async def test_a_forgotten_word_is_in_no_node_and_in_no_file_of_the_graph(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(served, "we sailed with Quinquereme of Ophir")
        assert (await subgraph(served, node_id="entity:quinquereme")).nodes
        seq = next(event.seq for event in await events(served) if event.kind == "user_message")
        assert files_with(tmp_path / "orchestrator" / "graph", "Quinquereme")
        request = pb.ForgetRequest(mind_id="ada", seq=seq)
        steps = [step async for step in served.orchestrator.forget(request, timeout=60)]
        assert steps[-1].done
        with pytest.raises(pmm_client.NotFound):
            await subgraph(served, node_id="entity:quinquereme")
        kept = (await subgraph(served, node_id=event_id(seq))).nodes[0]
        assert (kept.type, kept.label) == ("message", "")
        assert not files_with(tmp_path / "orchestrator", "Quinquereme")


def test_a_graph_answers_from_the_store_alone(tmp_path: Path) -> None:
    store = GraphStore(tmp_path)
    made = [
        mind.Event(
            mind_id="ada",
            seq=seq,
            kind="user_message",
            remember=True,
            session_id="s",
            body=mind.Body(user_message=mind.UserMessage(text="hello")),
        )
        for seq in range(1, 21)
    ]
    store.apply(made, "one", 20)
    graph = Graph(store, "ada")
    assert len(graph.path("event:1", "event:13").edges) == 12
    assert not graph.path("event:1", "event:14").nodes
    assert [each.node.id for each in graph.around("event:10", 1, 0).nodes] == [
        "event:10",
        "event:11",
        "event:9",
    ]
    store.close()
