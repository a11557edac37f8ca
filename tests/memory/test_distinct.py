"""A search with ``distinct`` says nothing twice: a message stands for what was drawn from it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.memory.distinct import SPARE, distinct
from services.memory.rows import EPISODE, Row
from tests.support.drafts import created, said
from tests.support.serving import Served

MESSAGE = "My sister Ana moved to Porto, where she bakes bread"
FACT = "Ana lives in Porto"


async def remembered(served: Served) -> int:
    """A message, a fact that was drawn from it, one that was not, and other messages; the head."""
    others = [said(f"We spoke of boat number {number}") for number in range(8)]
    events = [created(), said(MESSAGE), *others]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))
    facts = [
        mind.MemoryRecorded(text=FACT, type=mind.MEMORY_TYPE_FACT, source_seqs=[2]),
        mind.MemoryRecorded(text="Ana likes Porto", type=mind.MEMORY_TYPE_FACT),
    ]
    request = pb.RecordMemoriesRequest(mind_id="ada", memories=facts)
    return (await served.memory.record_memories(request, timeout=20)).seq


async def found(served: Served, seq: int, **more: object) -> pb.SearchResponse:
    request = pb.SearchRequest(mind_id="ada", query="where does Ana live in Porto", min_seq=seq, **more)  # type: ignore[arg-type]
    return await served.memory.search(request, timeout=20)


async def test_a_fact_gives_its_place_to_its_message_where_both_are_found(served: Served) -> None:
    seq = await remembered(served)

    plain = [one.memory.text for one in (await found(served, seq, k=50)).results]
    once = (await found(served, seq, k=50, distinct=True)).results

    best = min(plain.index(FACT), plain.index(MESSAGE))
    rest = [text for text in plain if text not in {FACT, MESSAGE}]
    assert [one.memory.text for one in once] == [*rest[:best], MESSAGE, *rest[best:]]
    assert [one.score for one in once] == sorted((one.score for one in once), reverse=True)


async def test_pages_of_distinct_memories_bring_all_that_is_found(served: Served) -> None:
    seq = await remembered(served)
    everything = {one.memory.text for one in (await found(served, seq, distinct=True, k=100)).results}
    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        page = await found(served, seq, distinct=True, k=3, page_token=token)
        pages.append([one.memory.text for one in page.results])
        token = page.next_page_token

    assert all(0 < len(page) <= 3 for page in pages)
    shown = [text for page in pages for text in page]
    assert set(shown) >= everything
    assert len(set(shown)) == len(shown)


async def test_what_is_asked_for_distinct_and_not_comes_of_one_search(served: Served) -> None:
    seq = await remembered(served)

    assert not (await found(served, seq, k=20)).cached
    assert (await found(served, seq, k=3, distinct=True)).cached


@st.composite
def places(draw: st.DrawFn) -> list[Row | None]:
    """Rows best first: messages, what was drawn from them and from others, and what may not be shown."""
    kinds = draw(st.lists(st.sampled_from("mfx"), max_size=12))
    seqs = draw(st.permutations(range(1, len(kinds) + 1)))
    rows: list[Row | None] = []
    for kind, seq in zip(kinds, seqs, strict=True):
        drawn_from = draw(st.lists(st.integers(1, 12), max_size=2))
        sources = [seq] if kind == "m" else [100 + seq, *drawn_from]
        row = Row(
            f"id{seq}",
            EPISODE if kind == "m" else EPISODE + 1,
            "",
            sources[0],
            sources[0],
            source_seqs=sources,
        )
        rows.append(None if kind == "x" else row)
    return rows


@given(places(), st.integers(1, 14))
def test_nothing_is_said_twice_and_nothing_is_lost(rows: list[Row | None], k: int) -> None:
    messages = {row.version_seq: place for place, row in enumerate(rows) if row and row.type == EPISODE}

    kept, looked_at = distinct(rows.__getitem__, 0, len(rows), k, len(rows), messages)

    ids = [row.memory_id for _, row in kept]
    assert len(set(ids)) == len(ids) <= k
    assert [place for place, _ in kept] == sorted({place for place, _ in kept})
    for row in rows[:looked_at]:
        if row is not None:
            stands_for = [seq for seq in row.source_seqs if seq in messages]
            assert (f"id{stands_for[0]}" if stands_for else row.memory_id) in ids
    for _, row in kept:
        assert row.type == EPISODE or messages.keys().isdisjoint(row.source_seqs)
    assert looked_at == len(rows) or len(kept) == k


@given(places(), st.integers(1, 5))
def test_over_all_pages_nothing_is_said_twice_and_nothing_is_lost(rows: list[Row | None], k: int) -> None:
    messages = {row.version_seq: place for place, row in enumerate(rows) if row and row.type == EPISODE}
    kept: list[tuple[int, Row]] = []
    first, reach = 0, SPARE * k
    while first < len(rows):
        last = min(len(rows), first + reach)
        page, following = distinct(rows.__getitem__, first, last, k, reach, messages)
        assert len(page) <= k
        assert first < following
        kept += page
        first = following

    ids = [row.memory_id for _, row in kept]
    assert len(set(ids)) == len(ids)
    for place, row in enumerate(rows):
        if row is not None:
            near = [seq for seq in row.source_seqs if abs(messages.get(seq, -reach) - place) < reach]
            assert (f"id{near[0]}" if near else row.memory_id) in ids


def row_of(seq: int, kind: int = EPISODE, sources: Sequence[int] = (), text: str = "") -> Row:
    return Row(f"id{seq}", kind, text, seq, seq, source_seqs=[seq, *sources])


def shown(
    rows: Sequence[Row], first: int, k: int, successor: dict[str, Row] | None = None
) -> tuple[list[str], int]:
    """The ids of a page of which so many places are looked at as are before it, and where the next one begins."""
    messages = {row.version_seq: place for place, row in enumerate(rows) if row.type == EPISODE}
    newer = (successor or {}).get
    page, following = distinct(
        rows.__getitem__, first, len(rows), k, SPARE * k, messages, lambda row: newer(row.memory_id)
    )
    return [row.memory_id for _, row in page], following


@pytest.mark.parametrize(("between", "stands_for_it"), [(0, True), (1, False)])
def test_a_message_stands_for_what_is_less_than_a_page_and_its_spare_away(
    between: int, stands_for_it: bool
) -> None:
    rows = [row_of(7, EPISODE + 1, [1]), *[row_of(8, EPISODE + 1)] * between, row_of(1)]

    assert shown(rows, 0, 1) == (["id1" if stands_for_it else "id7"], 1)


def test_what_was_comes_on_one_page_with_what_is_where_both_fit_on_any() -> None:
    rows = [row_of(1), row_of(2), row_of(3), row_of(4)]
    successor = {"id2": rows[2]}

    assert shown(rows, 0, 2, successor) == (["id1"], 1)
    assert shown(rows, 1, 2, successor) == (["id3", "id2"], 2)
    assert shown(rows, 2, 2, successor) == (["id4"], 4)
    assert shown(rows, 1, 1, successor) == (["id3"], 2)


def test_what_stood_on_the_pages_before_takes_no_room_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.memory.distinct.PAGE_BYTES", 30)
    rows = [row_of(seq, text="x" * 10) for seq in range(1, 9)]

    ids, following = shown(rows, 4, 4)

    assert following == 4 + len(ids)
    assert ids == [row.memory_id for row in rows[4 : 4 + len(ids)]]
    assert len(ids) == -(-30 // rows[-1].length)
