"""An index that grew, whose rows moved, or that came from its folder is as one that is built of them at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from services.memory import analysis, bm25
from services.memory.bulk import Bulk
from services.memory.device import choose
from services.memory.index import COLUMNS, NONE, Layout, MindIndex
from services.memory.inverted_file import InvertedFile
from services.memory.records import Mind, Space
from services.memory.rows import EPISODE, Row
from services.memory.scoring import K1, B
from services.memory.vectors import FlatVectors, one_thread_each

DIMENSIONS = 4
WORDS = ("boat", "harbour", "olive", "piano")
TAGS = ("home", "work")
ENTITIES = ("Ana", "New York", "New York City", "new york")
QUERY = np.array([1, 0.5, 0, -0.5], np.float32)
Rows = Sequence[Row | None]


@st.composite
def histories(draw: st.DrawFn) -> list[Row | None]:
    """Rows in the order of their ordinals, some of which were erased."""
    rows: list[Row | None] = []
    for ordinal in range(draw(st.integers(1, 12))):
        seq = 2 * ordinal + 2
        row = Row(
            memory_id=f"m{seq}",
            type=draw(st.sampled_from([EPISODE, EPISODE, mind.MEMORY_TYPE_FACT, mind.MEMORY_TYPE_EVENT])),
            text=" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=3))),
            formed_seq=seq,
            version_seq=seq,
            speaker=draw(st.sampled_from(["Ana", "Ben"])),
            session_id=draw(st.sampled_from(["", "s1", "s2"])),
            source_kind=draw(st.sampled_from(["user_message", "memory_recorded"])),
            tags=draw(st.lists(st.sampled_from(TAGS), unique=True)),
            entities=draw(st.lists(st.sampled_from(ENTITIES), unique_by=str.lower)),
            expires_ns=draw(st.sampled_from([0, 0, 50])),
            ended_seq=draw(st.sampled_from([0, 0, seq + 3])),
        )
        rows.append(draw(st.sampled_from([row, row, row, None])))
    return rows


def vectors(rows: Rows, first: int = 0) -> np.ndarray:
    """One a row, which half precision holds as it is."""
    return np.array([[1, 0.5, 0.25, (first + place) / 16] for place in range(len(rows))], np.float32)


SAMPLE = vectors([None] * 16)
"""As many as an inverted file is trained on at least."""


def new() -> MindIndex:
    return MindIndex(Space(1, DIMENSIONS, {}), "none", Mind(0, b""))


def built(rows: Rows) -> MindIndex:
    index = new()
    index.add(rows, vectors(rows))
    return index


def grown(rows: Rows, cuts: Sequence[int]) -> MindIndex:
    """Row by row or several at once, and what ended does so later."""
    index = new()
    for first, last in pairwise([0, *sorted(cuts), len(rows)]):
        part = [row and replace(row, ended_seq=0) for row in rows[first:last]]
        index.add(part, vectors(part, first))
    for ordinal, row in enumerate(rows):
        if row and row.ended_seq:
            index.end(ordinal, row.ended_seq)
    return index


def bulk_of(rows: Rows, index: MindIndex) -> Bulk:
    # Threads of FAISS's own take longer to begin than all the rest.
    one_thread_each()
    inverted = InvertedFile.train(DIMENSIONS, SAMPLE, len(SAMPLE), choose("cpu"))
    inverted.add(vectors(rows))
    return Bulk(inverted, index.words(0, len(rows)))


def moved(rows: Rows, cut: int) -> MindIndex:
    """Its first rows into the bulk, when all but the last were there."""
    index = built(rows[: max(cut, len(rows) - 1)])
    tail = FlatVectors(DIMENSIONS)
    tail.add(index.layout.tail.all()[cut:])
    index.rearrange(Layout(bulk_of(rows[:cut], index), cut, tail))
    index.add(rows[len(index) :], vectors(rows[len(index) :], len(index)))
    return index


def restored(rows: Rows, cut: int) -> MindIndex:
    """From what was saved of its first rows when all were there."""
    index, again = built(rows), new()
    columns = {name: values.copy() for name, values in index.saved_columns(cut).items()}
    again.restore(bulk_of(rows[:cut], index), cut, columns, index.saved_names(cut))
    again.add(rows[cut:], vectors(rows[cut:], cut))
    return again


def says(index: MindIndex) -> dict[str, Any]:
    """Everything that a search asks it for."""
    size = len(index)
    every = np.arange(size)
    return {
        **{name: index.column(name, size).tolist() for name in COLUMNS},
        "alive": index.alive.values.tolist(),
        "words": [index.terms.span(row, row + 1)[0].tolist() for row in range(size)],
        "held": [index.held(upto) for upto in range(size + 1)],
        "tagged": [index.tagged([tag], size).tolist() for tag in TAGS],
        "about": [index.about([name.lower()], size).tolist() for name in ENTITIES],
        "phrases": (dict(index.phrases), index.phrase_lengths),
        "names": (index.sessions.numbers, index.speakers.numbers),
        "kinds": (index.fact_types, index.expiring.values.tolist(), index.messages(every)),
        "seqs": (index.last_seq, index.latest_seq, index.ended_count),
        "vectors": index.vectors_of(index.layout, every).tolist(),
        "products": index.products(index.layout, every, QUERY).tolist(),
    }


def proposed(index: MindIndex, words: list[str], size: int, limit: int) -> tuple[Any, ...]:
    weighed = bm25.weigh(index, words, size)
    found = bm25.candidates(weighed, size, None, limit)
    weights = weighed.weights.round(9).tolist()
    return sorted(found.tolist()), weights, weighed.holders, round(weighed.mean_length, 9)


def by_definition(rows: Rows, words: list[str], size: int, limit: int) -> tuple[Any, ...]:
    """Okapi BM25 of the rows that are there, of which the best are proposed, and of equal ones the newest."""
    held = {place: analysis.stems(row.text) for place, row in enumerate(rows[:size]) if row}
    stems = sorted({*analysis.stems(" ".join(words))}, key=analysis.code)
    mean = sum(map(len, held.values())) / max(len(held), 1)
    holding = {stem: sum(stem in text for text in held.values()) for stem in stems}
    weights = {stem: math.log((len(held) + 1) / (holding[stem] + 0.5)) for stem in stems}
    scores = {
        place: sum(
            weights[stem] * (K1 + 1) * text.count(stem)
            / (text.count(stem) + K1 * (1 - B + B * len(text) / max(mean, 1e-9)))
            for stem in stems
        )
        for place, text in held.items()
        if not holding.keys().isdisjoint(text)
    }  # fmt: skip
    best = sorted(scores, key=lambda place: (-round(scores[place], 5), -place))[:limit]
    return sorted(best), [round(weights[stem], 9) for stem in stems], sum(holding.values()), round(mean, 9)


@given(histories(), st.data())
def test_an_index_says_what_its_rows_are(rows: list[Row | None], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(rows)))
    index, there = built(rows), {place: row for place, row in enumerate(rows[:size]) if row}
    for tag in TAGS:
        expected = [place for place, row in there.items() if tag in row.tags]
        assert np.flatnonzero(index.tagged([tag], size)).tolist() == expected
    for name in {name.lower() for name in ENTITIES}:
        expected = [place for place, row in there.items() if name in map(str.lower, row.entities)]
        assert np.flatnonzero(index.about([name], size)).tolist() == expected
    messages = {row.version_seq: place for place, row in there.items() if row.type == EPISODE}
    assert index.messages(np.arange(size)) == messages
    # They are looked up by their seq, and what was erased holds at none.
    seqs = index.column("seq", size).tolist()
    assert seqs == sorted(seqs)
    for place, row in enumerate(rows[:size]):
        assert row is None or seqs[place] == row.version_seq
        assert row is not None or seqs[place] >= index.column("ended", size)[place] > 0
    for session_id, code in index.sessions.numbers.items():
        turns = [place for place, row in there.items() if row.is_turn and row.session_id == session_id]
        assert index.column("previous", size)[turns].tolist() == [NONE, *turns[:-1]][: len(turns)]
        assert set(index.column("session", size)[turns].tolist()) <= {code}


@given(histories(), st.data())
def test_however_an_index_came_about_it_says_the_same(rows: list[Row | None], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows)))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4))
    whole = built(rows)
    for other in (grown(rows, cuts), moved(rows, cut), restored(rows, cut)):
        assert says(other) == says(whole)


@given(histories(), st.lists(st.sampled_from([*WORDS, "zebra"]), min_size=1, max_size=4), st.data())
def test_the_words_of_rows_are_weighed_as_the_formula_says_wherever_they_are_kept(
    rows: list[Row | None], words: list[str], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(rows)))
    before, limit = data.draw(st.integers(0, len(rows))), data.draw(st.integers(1, 4))
    for index in (grown(rows, [cut]), moved(rows, cut), restored(rows, cut)):
        for size in (before, len(rows)):
            assert proposed(index, words, size, limit) == by_definition(rows, words, size, limit)


def test_words_count_once_when_they_are_sorted_apart_no_longer() -> None:
    rows = [Row(f"m{seq}", EPISODE, " ".join(WORDS), seq, seq) for seq in range(2, 1_402)]
    index = grown(rows, range(0, 1_400, 100))

    assert proposed(index, ["boat"], 1_400, 5) == by_definition(rows, ["boat"], 1_400, 5)
