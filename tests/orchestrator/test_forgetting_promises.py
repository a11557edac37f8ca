"""Forgetting a message leaves what does not come of it: how promises ended, and what others promised or said again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.projections.directives import DIRECTIVES
from services.orchestrator.radius import BEFORE, INSTRUCTIONS, BlastRadius
from services.orchestrator.snapshot import Snapshot
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed
from tests.orchestrator.test_projections import replay
from tests.support.files import files_with
from tests.support.serving import Served, serving

SECRET = "She is getting divorced from Bernhard"
DONE = mind.COMMITMENT_OUTCOME_DONE


async def said(served: Served, text: str) -> int:
    turn = await converse(served, text)
    await followed(served)
    assert turn.started
    return turn.started.user_seq


async def forget(served: Served, seq: int) -> set[int]:
    request = pb.ForgetRequest(mind_id="ada", seq=seq)
    steps = [step async for step in served.orchestrator.forget(request, timeout=60)]
    await followed(served)
    return set(steps[-1].redacted_seqs)


async def listed(served: Served, status: pb.CommitmentStatus.ValueType) -> list[tuple[str, int, int, int]]:
    request = pb.ListCommitmentsRequest(mind_id="ada", status=status)
    found = (await served.orchestrator.list_commitments(request)).commitments
    return [(one.text, one.opened_seq, one.outcome, one.closed_seq) for one in found]


async def promises(served: Served) -> list[list[tuple[str, int, int, int]]]:
    """Those that are open, and those that ended."""
    return [
        await listed(served, status) for status in (pb.COMMITMENT_STATUS_OPEN, pb.COMMITMENT_STATUS_CLOSED)
    ]


async def shown(served: Served) -> pb.Mind:
    return (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind


async def test_a_promise_stays_kept_and_another_stays_open_when_who_kept_it_is_forgotten(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await said(served, "Remind me to call Ana.")
        origin = await said(served, f"I called Ana. {SECRET}.")
        await said(served, "Remind me to call Ana.")
        before, scores = await promises(served), (await shown(served)).metrics
        assert [len(one) for one in before] == [1, 1]

        await forget(served, origin)

        assert await promises(served) == before
        after = await shown(served)
        assert (after.violations, after.metrics) == (0, scores)
        assert not files_with(tmp_path, "Bernhard")


@pytest.mark.parametrize("is_open_again", [False, True])
async def test_how_a_promise_ended_is_told_again_without_why(tmp_path: Path, is_open_again: bool) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        opening = pb.OpenCommitmentRequest(mind_id="ada", text="call Ana")
        made = (await served.orchestrator.open_commitment(opening)).commitment
        origin = await said(served, f"No need to talk. {SECRET}.")
        closing = pb.CloseCommitmentRequest(
            mind_id="ada",
            commitment_id=made.commitment_id,
            outcome=DONE,
            evidence_seqs=[origin],
            why="divorce",
        )
        closed = (await served.orchestrator.close_commitment(closing)).commitment
        if is_open_again:
            await served.orchestrator.open_commitment(opening)
        before = await promises(served)

        assert closed.closed_seq in await forget(served, origin)

        assert await promises(served) == before
        assert (await shown(served)).violations == 0
        told = [
            event.body for event in await events(served, kinds=["commitment_closed"]) if not event.redacted
        ]
        (again,) = [body.commitment_closed for body in told]
        assert (again.why, again.outcome, again.closed_seq) == ("", DONE, closed.closed_seq)
        growth = (await shown(served)).metrics.gas

        # It is told once, however often the same is forgotten.
        assert await forget(served, origin) == {origin}
        assert await promises(served) == before
        assert (await shown(served)).metrics.gas == growth
        assert not files_with(tmp_path, "Bernhard")


async def test_an_end_that_is_forgotten_itself_is_told_again(served: Served) -> None:
    made = (
        await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text="call Ana"))
    ).commitment
    closing = pb.CloseCommitmentRequest(
        mind_id="ada",
        commitment_id=made.commitment_id,
        outcome=mind.COMMITMENT_OUTCOME_DROPPED,
        why="divorce",
    )
    closed = (await served.orchestrator.close_commitment(closing)).commitment
    before = await promises(served)
    for _ in range(2):
        latest = (await events(served, kinds=["commitment_closed"]))[-1]
        await forget(served, latest.seq)
        assert await promises(served) == before == [[], [("call Ana", made.opened_seq, 2, closed.closed_seq)]]


async def test_a_promise_goes_with_its_message_and_with_all_that_is_told_of_it(served: Served) -> None:
    origin = await said(served, f"Remind me to call Ana. {SECRET}.")
    await said(served, "I called Ana.")
    gone = await forget(served, origin)

    assert await promises(served) == [[], []]
    told = await events(served, kinds=["commitment_opened", "evidence_recorded", "commitment_closed"])
    assert {event.seq for event in told} <= gone
    assert (await shown(served)).violations == 0


async def test_after_a_bare_redaction_of_its_end_a_promise_that_was_made_again_is_the_one_that_is_open(
    served: Served,
) -> None:
    await said(served, "Remind me to call Ana.")
    await said(served, "I called Ana.")
    again = await said(served, "Remind me to call Ana.")
    (closed,) = await events(served, kinds=["commitment_closed"])
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[closed.seq]))
    await followed(served)

    state = await shown(served)
    assert [one.source_seq for one in state.open_commitments] == [again]
    assert state.violations == 0


# --- The radius by itself.


def event(seq: int, kind: str, causation: int | None = None, **body: Any) -> mind.Event:
    made = mind.Event(seq=seq, kind=kind, body=mind.Body(**{kind: body}), session_id="s", remember=True)
    if causation is not None:
        made.causation_seq = causation
    return made


def carrying(origin: int, history: list[mind.Event]) -> set[int]:
    """What goes with an event of a history."""
    (first,) = [each for each in history if each.seq == origin]
    before = [each for each in history if each.seq < origin and each.kind in BEFORE]
    radius = BlastRadius(first)
    reached = radius.take_all([*before, *(each for each in history if each.seq > origin)])
    return {origin, *(each.seq for each in reached if each.carries_words)}


FRENCH = {"directive_id": "d", "text": "always answer in French"}
LIVES = "Ana lives in Porto now."


@pytest.mark.parametrize(
    ("history", "gone"),
    [
        pytest.param(
            [
                event(5, "user_message", text="From now on always answer in French, I moved to Lyon."),
                event(6, "directive_adopted", source_seq=5, **FRENCH),
                event(7, "user_message", text="Do always answer in French."),
                event(8, "directive_adopted", source_seq=7, **FRENCH),
                event(9, "directive_retired", directive_id="d"),
            ],
            {5, 6},
            id="an instruction that another message gave too",
        ),
        pytest.param(
            [
                event(2, "directive_adopted", source_seq=1, **FRENCH),
                event(5, "user_message", text="From now on always answer in French, I moved to Lyon."),
                event(6, "directive_adopted", source_seq=5, **FRENCH),
                event(7, "directive_retired", directive_id="d"),
            ],
            {5, 6},
            id="an instruction that held before",
        ),
        pytest.param(
            [
                event(2, "directive_adopted", source_seq=1, **FRENCH),
                event(3, "directive_retired", directive_id="d"),
                event(5, "user_message", text="From now on always answer in French, I moved to Lyon."),
                event(6, "directive_adopted", source_seq=5, **FRENCH),
                event(7, "directive_retired", directive_id="d"),
            ],
            {5, 6, 7},
            id="an instruction that held no more",
        ),
        pytest.param(
            [
                event(5, "user_message", text="My sister left Bernhard. Ana lives in Porto."),
                event(6, "memory_recorded", memory_id="m-5-0", text=LIVES, source_seqs=[5]),
                event(7, "memory_rated", memory_id="m-5-0", rating=1),
                event(8, "user_message", text="As I said, Ana lives in Porto now."),
                event(9, "memory_recorded", memory_id="m-8-0", text=LIVES, source_seqs=[8]),
                event(10, "memory_rated", memory_id="m-8-0", rating=1),
            ],
            {5, 6, 7},
            id="a memory that was formed of another message too",
        ),
        pytest.param(
            [
                event(5, "user_message", text="My sister left Bernhard. Ana lives in Porto."),
                event(8, "user_message", text="Where was that?"),
                event(9, "memory_recorded", memory_id="m-8-0", text=LIVES, source_seqs=[8]),
            ],
            {5, 9},
            id="a memory whose words its own message does not say",
        ),
        pytest.param(
            [
                event(5, "user_message", text="I call you Ada King Lovelace, after my late mother."),
                event(6, "identity_adopted", name="Ada King Lovelace", confidence=1, evidence_seqs=[5]),
                event(7, "user_message", text="Your name is Ada King Lovelace."),
                event(8, "identity_adopted", name="Ada King Lovelace", confidence=1, evidence_seqs=[7]),
            ],
            {5, 6},
            id="a name that another message gave too",
        ),
        pytest.param(
            [
                event(5, "user_message", text="Call!"),
                event(6, "commitment_opened", commitment_id="c", text="call", source_seq=5),
                event(7, "user_message", text="Call, please."),
                event(8, "commitment_closed", commitment_id="c", outcome=2),
                event(9, "commitment_opened", commitment_id="c", text="call", source_seq=7),
                event(10, "commitment_snoozed", commitment_id="c"),
                event(11, "commitment_closed", commitment_id="c", outcome=2),
            ],
            {5, 6, 8},
            id="a promise that another message made again",
        ),
        pytest.param(
            [
                event(5, "commitment_opened", commitment_id="c", text="call Ana"),
                event(6, "commitment_closed", commitment_id="c", outcome=2),
                event(7, "commitment_opened", commitment_id="c", text="call Ana"),
                event(8, "commitment_closed", commitment_id="c", outcome=2),
            ],
            {5, 6, 7, 8},
            id="a promise that was made again in the same words by nobody else",
        ),
        pytest.param(
            [
                event(5, "user_message", text="Call!"),
                event(6, "commitment_opened", commitment_id="c", text="call", source_seq=5),
                event(7, "user_message", text="My sister lives in Porto."),
                event(8, "commitment_closed", commitment_id="c", outcome=2, why="his sister lives in Porto"),
                event(
                    9, "memory_recorded", memory_id="m", text="Your sister lives in Porto", source_seqs=[7]
                ),
            ],
            {5, 6, 8},
            id="why it ended, which another message said",
        ),
        pytest.param(
            [
                event(5, "commitment_revised", commitment_id="c", text="call Ana in Porto"),
                event(6, "commitment_snoozed", commitment_id="c"),
                event(7, "commitment_closed", commitment_id="c", outcome=2),
            ],
            {5},
            id="a revision",
        ),
    ],
)
def test_what_another_said_too_is_left(history: list[mind.Event], gone: set[int]) -> None:
    assert carrying(5, history) == gone


THINGS = ("tar the old boat", "call the dentist soon")
ENDS = ("commitment_closed", "commitment_expired")


def step(draw: st.DrawFn, seq: int, state: Snapshot) -> Iterator[mind.Event]:
    """A message about something, and what workers and callers make of it."""
    text = draw(st.sampled_from(THINGS))
    its_id, number = text.replace(" ", "-"), f"quince{seq}s"
    yield event(seq, "user_message", text=f"{number} {text} {number}")
    seq += 1
    match draw(st.sampled_from(["promise", "end", "course", "instruct", "retire", "remember"])):
        case "promise" if its_id not in state.commitments.by_id:
            yield event(
                seq, "commitment_opened", seq - 1, commitment_id=its_id, text=text, source_seq=seq - 1
            )
        case "end" if its_id in state.commitments.by_id:
            yield event(seq, "evidence_recorded", commitment_id=its_id, seqs=[seq - 1])
            done = {"outcome": DONE, "evidence_seqs": [seq - 1], "why": "said so"}
            kind = draw(st.sampled_from(ENDS))
            yield event(seq + 1, kind, commitment_id=its_id, **(done if kind == ENDS[0] else {}))
        case "course" if its_id in state.commitments.by_id:
            kind = draw(st.sampled_from(["commitment_snoozed", "commitment_reminded", "evidence_recorded"]))
            yield event(seq, kind, draw(st.sampled_from([None, seq - 1])), commitment_id=its_id)
        case "instruct":
            yield event(seq, "directive_adopted", seq - 1, directive_id=its_id, text=text, source_seq=seq - 1)
        case "retire" if its_id in state.directives.by_id:
            yield event(seq, "directive_retired", directive_id=its_id)
        case "remember":
            yield event(seq, "memory_recorded", memory_id=f"m-{seq - 1}-0", text=text, source_seqs=[seq - 1])
        case _:
            pass


@st.composite
def lives(draw: st.DrawFn) -> list[mind.Event]:
    state, history = Snapshot(), list[mind.Event]()
    for _ in range(draw(st.integers(2, 12))):
        for each in step(draw, len(history) + 1, state):
            history.append(each)
            state = state.apply(each)
    assert not state.violations
    return history


@settings(max_examples=200, deadline=None)
@given(lives(), st.data())
def test_what_does_not_come_of_what_is_forgotten_is_as_if_nothing_was(
    history: list[mind.Event], data: st.DataObject
) -> None:
    origin = data.draw(st.sampled_from([each.seq for each in history if each.kind == "user_message"]))
    before, gone = replay(history), carrying(origin, history)
    made_of_it = {each.seq for each in history if origin in (each.causation_seq, each.seq, *sources(each))}
    others = [each for each in history if each.kind in INSTRUCTIONS and each.seq not in made_of_it]
    held = DIRECTIVES.initial
    for each in others:
        held, _ = DIRECTIVES.apply(held, each)
    for each in history:
        if each.seq in gone:
            each.ClearField("body")
            each.redacted = True
    after = replay(history)

    assert after.violations == 0
    assert not [each for each in history if f"quince{origin}s" in str(each)]
    left = {one.id: one for one in before.commitments.by_id.values() if one.opened_seq not in made_of_it}
    assert dict(after.commitments.by_id) == left
    assert {one.id: replace(one, renewals=()) for one in after.directives.by_id.values()} == dict(held.by_id)
    remembered = {each.seq for each in history if each.kind == "memory_recorded" and not each.redacted}
    assert remembered == {each.seq for each in history if each.kind == "memory_recorded"} - made_of_it


def sources(each: mind.Event) -> list[int]:
    """The messages that a beginning is made of."""
    return [
        each.body.commitment_opened.source_seq,
        each.body.directive_adopted.source_seq,
        *each.body.memory_recorded.source_seqs,
    ]
