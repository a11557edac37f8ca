"""A mind that forgot a message is as one to which it was never said, but for what ended: that stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.mind.v1 import events_pb2 as mind
from services.memory import derive
from services.memory.rows import Row
from services.orchestrator.radius import COURSE
from services.orchestrator.retelling import Retelling
from services.orchestrator.snapshot import Snapshot, dump, load
from tests.orchestrator.test_forgetting_promises import DONE, carrying, event, sources
from tests.orchestrator.test_projections import replay

THINGS = ("tar the old boat", "call the dentist soon")
NAMES = ("Olga", "Zoe")
FARED = COURSE | {"commitment_revised", "memory_revised"}


def secret(seq: int) -> str:
    """What only the message at a seq says."""
    return f"quince{seq}s hide apples{seq} in cellars"


class Life:
    """Says something, and has workers and callers make something of it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.history: list[mind.Event] = []
        self.state = Snapshot()

    def add(self, kind: str, causation: int | None = None, **body: Any) -> None:
        made = event(len(self.history) + 1, kind, causation, **body)
        made.recorded_at.seconds = made.seq
        self.history.append(made)
        self.state = self.state.apply(made)

    def step(self) -> None:
        draw, thing = self._draw, self._draw(st.sampled_from(THINGS))
        name, its_id = draw(st.sampled_from(NAMES)), thing.replace(" ", "-")
        seq = len(self.history) + 1
        self.add("user_message", text=f"{secret(seq)} {thing} {name}")
        self.made_of(seq, thing, name, its_id)
        said = [each.seq for each in self.history if each.kind == "user_message"]
        cause = draw(st.sampled_from([None, seq]))
        # Who says why something followed from a message says nothing of another one.
        why = draw(
            st.sampled_from(
                [secret(seq if cause else said[0]), secret(seq if cause else said[-1]), "because", ""]
            )
        )
        if draw(st.booleans()):
            self.changed(seq, its_id, cause, why)
        else:
            self.judged(cause, why)
        used = [one.adopted_seq for one in self.state.directives.by_id.values()]
        self.add("assistant_message", seq, text="Well.", receipt={"state_seqs": used})

    def made_of(self, seq: int, thing: str, name: str, its_id: str) -> None:
        made_of_it = self._draw(st.sampled_from(["promise", "instruct", "name", "remember", "nothing"]))
        if made_of_it == "promise" and its_id not in self.state.commitments.by_id:
            self.add("commitment_opened", seq, commitment_id=its_id, text=thing, source_seq=seq)
        elif made_of_it == "instruct":
            self.add("directive_adopted", seq, directive_id=its_id, text=thing, source_seq=seq)
        elif made_of_it == "name":
            self.add("identity_adopted", seq, name=name, confidence=1, evidence_seqs=[seq])
        elif made_of_it == "remember":
            self.add("memory_recorded", seq, memory_id=f"m-{seq}-0", text=thing, source_seqs=[seq])

    def changed(self, seq: int, its_id: str, cause: int | None, why: str) -> None:
        draw = self._draw
        changes = ["close", "expire", "snooze", "remind", "revise", "retire", "clear", "nothing"]
        match draw(st.sampled_from(changes)):
            case "close" if its_id in self.state.commitments.by_id:
                outcome = draw(st.sampled_from([1, 2]))
                is_shown = cause and self.state.commitments.by_id[its_id].promised_seq < seq
                shown = [seq] if is_shown else []
                if outcome != DONE or shown:
                    self.add(
                        "commitment_closed", cause,
                        commitment_id=its_id, outcome=outcome, evidence_seqs=shown, why=why,
                    )  # fmt: skip
            case "expire" if its_id in self.state.commitments.by_id:
                self.add("commitment_expired", commitment_id=its_id)
            case "snooze" if its_id in self.state.commitments.by_id:
                self.add("commitment_snoozed", cause, commitment_id=its_id, until={"seconds": seq})
            case "remind" if its_id in self.state.commitments.by_id:
                until = draw(st.sampled_from([None, {"seconds": seq}]))
                self.add("commitment_reminded", cause, commitment_id=its_id, for_time=until)
            case "revise" if its_id in self.state.commitments.by_id:
                due = draw(st.sampled_from([None, {"seconds": seq}]))
                priority = draw(st.sampled_from([0, 1, 3]))
                self.add(
                    "commitment_revised", cause,
                    commitment_id=its_id, text=why, due_at=due, priority=priority,
                )  # fmt: skip
            case "retire" if its_id in self.state.directives.by_id:
                self.add("directive_retired", cause, directive_id=its_id, why=why)
            case "clear" if self.state.identity.name:
                self.add("identity_cleared", cause, why=why)
            case _:
                pass

    def judged(self, cause: int | None, why: str) -> None:
        draw = self._draw
        formed = [
            each.body.memory_recorded.memory_id for each in self.history if each.kind == "memory_recorded"
        ]
        body = {"memory_id": draw(st.sampled_from(["e1", *formed[:2]])), "why": why}
        match draw(st.sampled_from(["rate", "rate", "revise", "retract"])):
            case "rate":
                self.add("memory_rated", cause, rating=draw(st.sampled_from([-1, 0.5, 1])), **body)
            case "revise":
                self.add("memory_revised", cause, importance=draw(st.sampled_from([0.25, 0.5])), **body)
            case _:
                self.add("memory_retracted", cause, **body)


@st.composite
def lives(draw: st.DrawFn) -> list[mind.Event]:
    life = Life(draw)
    for _ in range(draw(st.integers(2, 10))):
        life.step()
    assert not life.state.violations
    return life.history


def forgotten(origin: int, history: list[mind.Event]) -> list[mind.Event]:
    """The ledger after an event of it is forgotten."""
    gone, left = carrying(origin, history), copied(history)
    retelling = Retelling(gone)
    for each in copied(history):
        retelling.take(each)
    for each in left:
        if each.seq in gone:
            each.ClearField("body")
            each.redacted = True
    left.append(event(len(left) + 1, "event_redacted", seqs=sorted(gone)))
    for draft in retelling.told():
        told = mind.Event(seq=len(left) + 1, kind=draft.kind, body=draft.body, remember=True)
        told.recorded_at.seconds = told.seq
        if draft.causation_seq:
            told.causation_seq = draft.causation_seq
        left.append(told)
    return left


def copied(history: list[mind.Event]) -> list[mind.Event]:
    return [mind.Event.FromString(each.SerializeToString()) for each in history]


def never_said(origin: mind.Event, history: list[mind.Event]) -> Iterator[mind.Event]:
    """The ledger without a message and what was made of it, or as it was where the event only says how things fared.

    Without its words, in either case, where others say them.
    """
    words = secret(origin.seq) if origin.kind == "user_message" else words_of(origin)
    for each in copied(history):
        if origin.kind == each.kind == "user_message" and origin.seq == each.seq:
            each.body.user_message.text = ""
        elif origin.seq in sources(each) + list(each.body.identity_adopted.evidence_seqs):
            each.ClearField("body")
            each.kind = "custom.nothing"
        elif each.seq >= origin.seq and says(each, words, origin.seq):
            each.body.commitment_revised.text = ""
        yield each


def says(each: mind.Event, words: str, cause: int) -> bool:
    """Whether a promise's new words are some, or follow from where they were said."""
    revised = each.body.commitment_revised.text
    return bool(revised) and (each.causation_seq == cause or (bool(words) and words in revised))


def words_of(each: mind.Event) -> str:
    """Why something fared as it did, or its new words."""
    body = getattr(each.body, each.kind)
    return getattr(body, "why", "") or getattr(body, "text", "")


def standing(state: Snapshot) -> dict[str, Any]:
    """What a mind is to do and to be, whenever and however often that was told."""
    promised = state.commitments.by_id.values()
    return {
        "promises": {
            one.id: (
                one.text, one.opened_seq, one.due_ns, one.priority, one.snoozed_until_ns, one.reminded_ns, one.told_ns,
            )
            for one in promised
        },
        "kept": (state.reflections.opened, state.reflections.closed),
        "lately done": sorted(state.commitments.lately_done, key=lambda one: one.opened_seq),
        "instructions": {
            one.id: (one.text, one.source_seq, one.adopted_seq, one.given, one.last_seq, one.uses)
            for one in state.directives.by_id.values()
        },
        "retired": state.directives.retired,
        "name": state.identity.name,
    }  # fmt: skip


def remembered(history: list[mind.Event]) -> dict[str, tuple[str, float, float, int]]:
    """The memories that hold: what they say, how much they matter, and how they were rated."""
    formed: dict[str, Row | None] = {}
    for each in history:
        for change in derive.changes(each):
            match change:
                case derive.Add(row):
                    formed.setdefault(row.memory_id, row)
                case derive.Revise(its_id, revise) if held := formed.get(its_id):
                    formed[its_id] = revise(held)
                case derive.Retract(its_id) if its_id in formed:
                    formed[its_id] = None
                case _:
                    pass
    held = (row for row in formed.values() if row)
    return {row.memory_id: (row.text, row.importance, round(row.rating, 9), row.ratings) for row in held}


@settings(max_examples=300, deadline=None)
@given(lives(), st.data())
def test_a_mind_that_forgot_is_as_one_that_was_never_told(
    history: list[mind.Event], data: st.DataObject
) -> None:
    left, untold = history, history
    for _ in range(data.draw(st.integers(1, 2))):
        there = [
            each for each in left if not each.redacted and (each.kind == "user_message" or each.kind in FARED)
        ]
        if not there:
            break
        origin = data.draw(st.sampled_from(there))
        untold = list(never_said(origin, untold))
        left = forgotten(origin.seq, left)

        after = replay(left)
        assert after.violations == 0
        if origin.kind == "user_message":
            assert not [each for each in left if f"quince{origin.seq}s" in str(each)]
        assert standing(after) == standing(replay(untold))
        assert remembered(left) == remembered(untold)
        # To look again finds nothing more.
        assert carrying(origin.seq, left) == {origin.seq}


MESSAGES = [event(seq, "user_message", text=f"{secret(seq)}.") for seq in (1, 2, 3, 4)]
WHY = secret(1)


def kept(seq: int, shown: int) -> mind.Event:
    return event(seq, "commitment_closed", commitment_id="c", outcome=DONE, evidence_seqs=[shown], why=WHY)


def promised(seq: int) -> mind.Event:
    return event(seq, "commitment_opened", commitment_id="c", text=f"call Ana, time {seq}")


def instructed(seq: int, source: int) -> mind.Event:
    return event(
        seq, "directive_adopted", directive_id="d", text=f"answer in French, {seq}", source_seq=source
    )


def retired(seq: int) -> mind.Event:
    return event(seq, "directive_retired", directive_id="d", why=WHY)


def answered(seq: int, *used: int) -> mind.Event:
    return event(seq, "assistant_message", seq - 1, text="Oui.", receipt={"state_seqs": used})


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(
            [
                promised(5),
                event(6, "user_message", text="Called."),
                kept(7, 6),
                promised(8),
                event(9, "user_message", text="Called again."),
                kept(10, 9),
                promised(11),
            ],
            id="a promise that was kept twice, and is open again",
        ),
        pytest.param(
            [
                promised(5),
                event(6, "user_message", text="Called."),
                kept(7, 6),
                promised(8),
                event(9, "commitment_closed", commitment_id="c", outcome=2),
            ],
            id="a promise that was kept, and given up when it was made again",
        ),
        pytest.param(
            [
                promised(5),
                event(6, "commitment_closed", commitment_id="c", outcome=2, why=WHY),
                promised(7),
            ],
            id="a promise that was given up, and is open again",
        ),
        pytest.param(
            [
                instructed(5, 2),
                event(6, "user_message", text="How are you?"),
                answered(7, 5),
                retired(8),
                instructed(9, 3),
                event(10, "user_message", text="How are you?"),
                answered(11, 9),
                retired(12),
                instructed(13, 4),
                event(14, "user_message", text="How are you?"),
                answered(15, 13),
                instructed(16, 3),
            ],
            id="an instruction that was retired twice, and given again and again",
        ),
        pytest.param([instructed(5, 2), retired(6), instructed(7, 3), retired(8)], id="an instruction that is retired"),
    ],
)  # fmt: skip
def test_what_ended_and_began_again_stands_as_before_whatever_tells_of_its_end_is_forgotten(
    history: list[mind.Event],
) -> None:
    left = [*MESSAGES, *history]
    before, known = replay(left), len(left)
    assert before.violations == 0

    left = forgotten(1, left)
    untold = replay([each for each in left if each.seq <= known])
    assert load(dump(untold)) == untold
    assert standing(replay(left)) == standing(before)
    # What is told again is forgotten as well, and told again.
    for _ in range(3):
        told = [each.seq for each in left[known:] if each.kind != "event_redacted" and not each.redacted]
        for seq in told:
            left = forgotten(seq, left)
        assert standing(replay(left)) == standing(before)
        assert replay(left).violations == 0


@pytest.mark.parametrize("for_time", [None, {"seconds": 70}])
def test_a_person_is_not_reminded_anew_where_a_reminder_is_forgotten(for_time: dict[str, int] | None) -> None:
    reminded = event(6, "commitment_reminded", commitment_id="c", for_time=for_time)
    reminded.recorded_at.seconds = 80
    left = [*MESSAGES, promised(5), reminded]
    before = standing(replay(left))
    for _ in range(2):
        left = forgotten(max(each.seq for each in left if each.kind == "commitment_reminded"), left)
        assert standing(replay(left)) == before


def test_what_ended_does_not_come_back_where_what_began_again_since_is_forgotten_too() -> None:
    left = [
        *MESSAGES,
        event(5, "commitment_opened", commitment_id="c", text="call", source_seq=2),
        event(6, "identity_adopted", name="Olga", confidence=1, evidence_seqs=[2]),
        event(7, "commitment_expired", commitment_id="c"),
        event(8, "identity_cleared", why=WHY),
        event(9, "commitment_opened", commitment_id="c", text="call", source_seq=3),
        event(10, "identity_adopted", name="Zoe", confidence=1, evidence_seqs=[3]),
    ]
    before = replay(left)
    for origin in (1, 7):
        left = forgotten(origin, left)
    after = replay(left)
    assert (standing(after), after.metrics) == (standing(before), before.metrics)

    after = replay(forgotten(3, left))
    assert (dict(after.commitments.by_id), after.identity.name, after.metrics.is_named) == ({}, "", False)
    assert after.violations == 0


@pytest.mark.parametrize(
    "end",
    [
        event(8, "commitment_closed", commitment_id="c", outcome=2),
        event(8, "commitment_expired", commitment_id="c"),
        event(8, "commitment_snoozed", commitment_id="c", until={"seconds": 80}),
        event(8, "directive_retired", directive_id="d"),
        event(8, "identity_cleared", why=WHY),
    ],
    ids=lambda end: end.kind,
)
def test_what_an_erased_event_did_is_undone_where_nobody_tells_it_again(end: mind.Event) -> None:
    begun = [
        *MESSAGES,
        promised(5),
        instructed(6, 2),
        event(7, "identity_adopted", name="Olga", confidence=1, evidence_seqs=[2]),
    ]
    erased = mind.Event(seq=end.seq, kind=end.kind, redacted=True)
    told = event(9, "event_redacted", seqs=[end.seq])

    assert standing(replay([*begun, end])) != standing(replay(begun))
    assert standing(replay([*begun, erased, told])) == standing(replay(begun))
