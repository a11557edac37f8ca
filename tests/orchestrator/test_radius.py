"""What an event reached, and what of it carries its words: by the events alone."""

from __future__ import annotations

from typing import Any

import pytest

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.radius import BlastRadius


def event(seq: int, kind: str, causation: int | None = None, **body: Any) -> mind.Event:
    made = mind.Event(seq=seq, kind=kind, body=mind.Body(**{kind: body}))
    if causation is not None:
        made.causation_seq = causation
    return made


ORIGIN = event(5, "user_message", text="My sister Ana moved to Porto in May.")
ORIGIN.session_id = "s"


@pytest.mark.parametrize(
    ("later", "edges", "carries"),
    [
        (event(6, "assistant_message", 5, text="Noted."), ("caused_by",), False),
        (event(6, "assistant_message", 5, text="So Ana moved to Porto!"), ("caused_by", "quotes"), True),
        (event(9, "assistant_message", text="In Porto [#5, 3 May]."), ("cites",), True),
        (event(9, "assistant_message", text="Hm.", receipt={"recent_seqs": [5]}), ("in_prompt",), False),
        (
            event(9, "memory_recorded", memory_id="m", text="Ana: Porto", source_seqs=[5]),
            ("derived_from",),
            True,
        ),
        (event(9, "commitment_opened", 5, commitment_id="c", text="call"), ("caused_by",), True),
        (event(9, "commitment_revised", 5, commitment_id="c", text="call"), ("caused_by",), True),
        (event(9, "commitment_closed", commitment_id="c", evidence_seqs=[5]), ("derived_from",), False),
        (event(9, "commitment_closed", 5, commitment_id="c", why="said so"), ("caused_by",), False),
        (event(9, "commitment_closed", 5, commitment_id="c", why="she left"), ("caused_by",), True),
        (event(9, "evidence_recorded", commitment_id="c", seqs=[5]), ("derived_from",), False),
        (event(9, "evidence_recorded", commitment_id="c", seqs=[5], text="gone"), ("derived_from",), True),
        (event(9, "commitment_snoozed", 5, commitment_id="c"), ("caused_by",), False),
        (event(9, "summary_recorded", from_seq=2, to_seq=8, text="family"), ("covers",), True),
        (event(9, "user_message", text="My sister Ana moved to Porto in May, I said"), ("repeats",), True),
        (event(9, "user_message", text="Ana moved to Porto, did she?"), None, False),
        (event(9, "assistant_message", text="Lisbon is nice in May."), None, False),
        (event(9, "event_redacted", seqs=[5]), None, False),
        (event(9, "meta_reflection_recorded", from_seq=2, to_seq=8, opened=1), None, False),
        (event(9, "trait_adjusted", delta=0.01, evidence_seqs=[5]), None, False),
        (event(9, "conversation_analyzed", session_id="s", topics=["x"], to_seq=8), ("covers",), True),
        (event(9, "conversation_analyzed", session_id="s", topics=["x"], to_seq=4), None, False),
        (event(9, "conversation_analyzed", session_id="t", topics=["x"], to_seq=8), None, False),
        (event(9, "reflection_recorded", text="I know a sister", evidence_seqs=[5]), ("derived_from",), True),
        (mind.Event(seq=9, kind="assistant_message", redacted=True), None, False),
    ],
)
def test_an_event_is_reached_as_it_should_be(
    later: mind.Event, edges: tuple[str, ...] | None, carries: bool
) -> None:
    reached = BlastRadius(ORIGIN).take(later)
    assert (reached and reached.edges, bool(reached and reached.carries_words)) == (edges, carries)


@pytest.mark.parametrize(
    ("said", "answered", "carries"),
    [
        ("My PIN is 4471.", "Noted: your PIN is 4471.", True),
        ("My PIN is 4471.", "Noted.", False),
        ("My locker is B12x.", "It is B12x.", True),
        ("We met in 2019.", "2019 was a good year.", False),
        ("妹妹安娜五月搬到波尔图，请记住。", "好的，你的妹妹安娜五月搬到波尔图。", True),
        ("妹妹安娜五月搬到波尔图，请记住。", "好的。", False),
        ("น้องสาวของฉันย้ายไปปอร์โต", "น้องสาวของคุณย้ายไปปอร์โตแล้ว", True),
    ],
)
def test_an_answer_to_it_that_says_its_numbers_or_signs_carries_its_words(
    said: str, answered: str, carries: bool
) -> None:
    def reached(*causes: int) -> bool:
        radius = BlastRadius(event(5, "user_message", text=said))
        found = radius.take(event(6, "assistant_message", *causes, text=answered))
        return bool(found and found.carries_words)

    assert reached(5) is carries
    assert not reached(), "somebody else's answer may say the same by chance"


def test_what_was_derived_from_what_was_derived_is_reached_and_further_away() -> None:
    radius = BlastRadius(ORIGIN)
    fact = radius.take(
        event(6, "memory_recorded", memory_id="m", text="Ana lives on the Douro", source_seqs=[5])
    )
    revised = radius.take(event(7, "memory_revised", memory_id="m", text="Ana lives there"))
    quoted = radius.take(event(8, "assistant_message", 4, text="Ana lives on the Douro, you know."))
    other = radius.take(event(9, "memory_revised", memory_id="n", text="unrelated"))
    assert fact
    assert revised
    assert quoted
    assert (fact.distance, revised.edges, quoted.carries_words, other) == (1, ("same_thing",), True, None)


def test_a_short_answer_is_no_quotation() -> None:
    radius = BlastRadius(event(5, "user_message", text="Thanks!"))
    assert radius.take(event(6, "user_message", text="Thanks!")) is None
    code = BlastRadius(event(5, "user_message", text="4711"))
    reached = code.take(event(6, "assistant_message", text="The code is 4711."))
    assert reached
    assert reached.carries_words
