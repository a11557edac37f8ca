"""A filter judges a row and a column alike, and what it means is plain logic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import errors
from services.memory.filters import Filter
from services.memory.index import MindIndex
from services.memory.records import Mind, Space
from services.memory.rows import EPISODE, Row
from tests.support.drafts import created, said
from tests.support.serving import Served

NAMES = ("ana", "ben", "mia")
TAGS = ("home", "work")
SECOND = 10**9

times = st.integers(0, 5).map(lambda number: number * SECOND)
importances = st.integers(0, 4).map(lambda number: number / 4)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    seq = draw(st.integers(1, 99))
    return Row(
        memory_id=f"m{seq}",
        type=draw(st.sampled_from([EPISODE, mind.MEMORY_TYPE_FACT, mind.MEMORY_TYPE_EVENT])),
        text="tea",
        formed_seq=seq,
        version_seq=seq,
        speaker=draw(st.sampled_from(["", "Ana", "Ben"])),
        occurred_ns=draw(times),
        recorded_ns=draw(times),
        session_id=draw(st.sampled_from(["", "s1", "s2"])),
        source_seqs=[seq],
        importance=draw(importances),
        tags=draw(st.lists(st.sampled_from(TAGS), unique=True)),
        entities=draw(st.lists(st.sampled_from(["Ana", "Ben"]), unique=True)),
        valid_from_ns=draw(times),
        valid_to_ns=draw(times),
    )


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


def filters(depth: int = 2) -> st.SearchStrategy[Filter]:
    parts = st.lists(filters(depth - 1), max_size=2).map(tuple) if depth else st.just(())
    optional = st.none() | importances
    return st.builds(
        Filter,
        types=st.frozensets(st.sampled_from([EPISODE, mind.MEMORY_TYPE_FACT]), max_size=1),
        occurred_from_ns=times,
        occurred_to_ns=times,
        recorded_from_ns=times,
        recorded_to_ns=times,
        valid_at_ns=times,
        session_ids=some("s1", "nowhere"),
        not_session_ids=some("s1", "s2"),
        speakers=some(*NAMES),
        entities=some(*NAMES),
        tags=some(*TAGS),
        any_tags=some(*TAGS, "none"),
        min_importance=optional,
        max_importance=optional,
        any_of=parts,
        none_of=parts,
    )


@given(st.lists(rows(), min_size=1, max_size=12), filters())
def test_rows_and_columns_are_judged_alike(held: list[Row], wanted: Filter) -> None:
    index = MindIndex(Space(1, 4, {}), "none", Mind(0, b""))
    index.add(held, np.zeros((len(held), 4), np.float32))

    assert wanted.mask(index, len(held)).tolist() == [wanted.admits(row) for row in held]


@given(rows(), filters(1), filters(1))
def test_any_of_and_none_of_are_or_and_not(row: Row, one: Filter, other: Filter) -> None:
    assert Filter(any_of=(one, other)).admits(row) == (one.admits(row) or other.admits(row))
    assert Filter(none_of=(one, other)).admits(row) == (not one.admits(row) and not other.admits(row))


async def test_every_combination_can_be_asked_for(served: Served) -> None:
    from pmm.ledger.v1 import ledger_pb2 as ledger

    facts = [
        mind.MemoryRecorded(memory_id="a", text="tea at home", tags=["home"], importance=0.2),
        mind.MemoryRecorded(memory_id="b", text="tea at work", tags=["work"], importance=0.9),
        mind.MemoryRecorded(memory_id="c", text="tea on the way", tags=["home", "work"], importance=0.5),
    ]
    events = [
        created(),
        *(ledger.NewEvent(body=mind.Body(memory_recorded=fact)) for fact in facts),
        said("tea"),
    ]
    head = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))).head_seq

    async def found(wanted: pb.MemoryFilter) -> set[str]:
        request = pb.SearchRequest(mind_id="ada", query="tea", filter=wanted, min_seq=head)
        searched = {result.memory.memory_id for result in (await served.memory.search(request)).results}
        listing = pb.ListMemoriesRequest(mind_id="ada", filter=wanted)
        assert searched == {m.memory_id for m in (await served.memory.list_memories(listing)).memories}
        return searched

    home_or_important = pb.MemoryFilter(
        any_of=[pb.MemoryFilter(tags=["home"]), pb.MemoryFilter(min_importance=0.8)]
    )
    assert await found(home_or_important) == {"a", "b", "c"}
    assert await found(pb.MemoryFilter(none_of=[home_or_important])) == {"e5"}
    assert await found(pb.MemoryFilter(any_tags=["home"], max_importance=0.3)) == {"a"}
    assert await found(pb.MemoryFilter(none_of=[pb.MemoryFilter(tags=["home", "work"])])) == {"a", "b", "e5"}


async def test_a_filter_too_deep_or_too_large_is_refused(served: Served) -> None:
    deep = pb.MemoryFilter()
    inner = deep
    for _ in range(4):
        inner = inner.any_of.add()
    wide = pb.MemoryFilter(any_of=[pb.MemoryFilter()] * 65)
    for wanted in (deep, wide):
        with pytest.raises(errors.InvalidArgument) as caught:
            await served.memory.search(pb.SearchRequest(mind_id="ada", query="tea", filter=wanted))
        assert caught.value.violations[0].field.startswith("filter")
