"""A long message is read piece by piece, so that nobody waits for it, with the same result as at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orchestrator import claims
from services.orchestrator.extraction import evidence, instructions, pieces, words
from services.orchestrator.extraction.found import by_rules
from services.orchestrator.guard import find

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
KNOWN = [
    claims.Known("call Ana", 1, claims.OPEN, NOW),
    claims.Known("send the report to Ben", 2, claims.OPEN),
    claims.Known("book the boat", 3, claims.DONE),
]
PATTERNS = [
    re.compile(one)
    for one in (r"\d++(?!\w)", r"(?<!\w)[^\W\d]{1,40}(?!\w)", r"(?=(ab{0,9}))", r"[.!?]+(?=\s|$)|\n")
]
TEXTS = st.lists(
    st.sampled_from(
        [
            *(
                "Remind me to call Ana on Friday at 5pm. ",
                "I'll send the report to Ben tomorrow, and then I rest. ",
            ),
            *(
                "I called Ana. ",
                "The boat is booked! ",
                "You still need to book the boat. ",
                "Call Ana: done\n",
            ),
            *("My sister Ana has had the flu. ", "I owe the bank 5,000 euros ", "Walter's mother is ill, "),
            *("12 Baker Street, London NW1 6XE ", "born on 1 May 1980 ", "passport number C01X00T47 "),
            *(
                "4111 1111 1111 1111 ",
                "DE89 3704 0044 0532 0130 00 ",
                "call 020 7946 0958 ",
                "bob@example.com ",
            ),
            *(
                "“open ",
                "“what she said” ",
                "'it's so' ",
                "```x\n",
                "\n> cited ",
                "at 5 p.m. ",
                "[#12, 3 May] ",
                "[#12 ",
            ),
            *(
                "always answer in German; ",
                "call me Vee. ",
                "Your name is Juno. ",
                "妹のアナは五月に。",
                "a\tb  c ",
            ),
            *("-" * 90, "1" * 90, "a" * 90, " " * 90, "\n" * 90, "." * 90, "ab" * 40),
        ]
    ),
    max_size=50,
).map("".join)


def read(text: str) -> tuple[Any, ...]:
    """All that is read in a text."""
    done = evidence.Done(text)
    return (
        find(text, "GB"),
        by_rules(text, NOW, is_answer=False),
        by_rules(text, NOW, is_answer=True),
        list(words.sentences(words.own(words.plain(text)))),
        [done.score(one.text) for one in KNOWN],
        claims.check(text, KNOWN, [text], NOW),
    )


@settings(max_examples=100)
@given(TEXTS, st.integers(30, 400))
def test_what_is_read_in_pieces_is_what_is_read_at_once(text: str, piece: int) -> None:
    at_once = read(text)

    with patch.object(pieces, "PIECE", piece):
        assert read(text) == at_once


@given(TEXTS, st.sampled_from(PATTERNS), st.integers(1, 200), st.integers(60, 200))
def test_a_pattern_finds_in_pieces_what_it_finds_at_once(
    text: str, pattern: re.Pattern[str], piece: int, reach: int
) -> None:
    with patch.object(pieces, "PIECE", piece), patch.object(pieces, "REACH", reach):
        assert [m.span() for m in pieces.finditer(pattern, text)] == [
            m.span() for m in pattern.finditer(text)
        ]
        assert bool(pieces.search(pattern, text)) == bool(pattern.search(text))
        assert pieces.sub(pattern, lambda match: f"<{match[0]}>", text) == pattern.sub(
            lambda match: f"<{match[0]}>", text
        )
    if not pattern.groups:
        assert list(pieces.split(pattern, text)) == pattern.split(text)


class Calls:
    """A pattern that notes how much of a text each call is given."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self.longest = 0

    def search(self, text: str, at: int, end: int) -> re.Match[str] | None:
        self.longest = max(self.longest, min(end, len(text)) - at)
        return self._pattern.search(text, at, end)


@pytest.mark.parametrize("unit", ["a", "1 ", "-", "ab\n", "妹", "word word. "])
def test_no_call_is_given_more_than_a_piece(unit: str) -> None:
    text = unit * (256 * 1024 // len(unit))
    calls: Any = Calls("nowhere")

    assert not pieces.search(calls, text)
    assert calls.longest <= pieces.PIECE + pieces.REACH


def cost(text: str) -> float:
    """Seconds of the processor that the rules take for a message, the least of three times."""
    taken: list[float] = []
    for _ in range(3):
        began = time.process_time()
        by_rules(text, NOW, is_answer=False)
        taken.append(time.process_time() - began)
    return min(taken)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a: b: c: ", "call me: ", "note: x, y: ", "remind me: "])
def test_four_times_as_many_colons_cost_about_four_times_as_much(unit: str) -> None:
    text = unit * (16 * 1024 // len(unit))

    assert cost(text * 4) < 8 * cost(text)


@pytest.mark.parametrize("unit", ["a: b: c: ", "call me: ", "note: x, y: "])
def test_of_a_long_sentence_no_clause_is_read_to_its_end(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    find = instructions._instruction  # pyright: ignore[reportPrivateUsage]

    def counting(clause: str, *, is_free: bool) -> tuple[int, int] | None:
        nonlocal read
        read += len(clause)
        return find(clause, is_free=is_free)

    monkeypatch.setattr(instructions, "_instruction", counting)
    text = unit * (64 * 1024 // len(unit))
    instructions.directives(text)

    assert read < 6 * len(text)


@pytest.mark.parametrize(
    "unit", ["17 4012 93.5 2026 8 ", "4,5;6.7;8\n", "12 Oak Road, Leeds LS1 4AB\n", "10:42:07 took 93 ms\n"]
)
def test_numbers_are_gone_through_a_few_times_and_not_once_for_each_form(
    unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    finditer = pieces.finditer

    def counting(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
        nonlocal read
        read += len(text)
        return finditer(pattern, text)

    monkeypatch.setattr(pieces, "finditer", counting)
    text = unit * (8_192 // len(unit))
    find(text)

    assert read < 30 * len(text)


def test_an_answer_full_of_beginnings_of_citations_claims_nothing() -> None:
    assert not claims.check("[#12 " * 50_000, KNOWN, [], NOW)
