"""A mind that forgot a message is as one to which it was never said, but for what ended: that stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.retelling import Retelling
from services.orchestrator.snapshot import Snapshot
from tests.orchestrator.test_forgetting_promises import DONE, carrying, event, sources
from tests.orchestrator.test_projections import replay

THINGS = ("tar the old boat", "call the dentist soon")
NAMES = ("Olga", "Zoe")


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
        self.history.append(made)
        self.state = self.state.apply(made)

    def step(self) -> None:
        draw, thing = self._draw, self._draw(st.sampled_from(THINGS))
        name, its_id = draw(st.sampled_from(NAMES)), thing.replace(" ", "-")
        seq = len(self.history) + 1
        self.add("user_message", text=f"{secret(seq)} {thing} {name}")
        made_of_it = draw(st.sampled_from(["promise", "instruct", "name", "remember", "nothing"]))
        if made_of_it == "promise" and its_id not in self.state.commitments.by_id:
            self.add("commitment_opened", seq, commitment_id=its_id, text=thing, source_seq=seq)
        elif made_of_it == "instruct":
            self.add("directive_adopted", seq, directive_id=its_id, text=thing, source_seq=seq)
        elif made_of_it == "name":
            self.add("identity_adopted", seq, name=name, confidence=1, evidence_seqs=[seq])
        said = [each.seq for each in self.history if each.kind == "user_message"]
        cause = draw(st.sampled_from([None, seq]))
        # Who says why something followed from a message says nothing of another one.
        why = draw(st.sampled_from([*map(secret, [seq] if cause else said), "because", ""]))
        match draw(st.sampled_from(["close", "expire", "snooze", "revise", "retire", "clear", "nothing"])):
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
        if draft.causation_seq:
            told.causation_seq = draft.causation_seq
        left.append(told)
    return left


def copied(history: list[mind.Event]) -> list[mind.Event]:
    return [mind.Event.FromString(each.SerializeToString()) for each in history]


def never_said(origin: int, history: list[mind.Event]) -> Iterator[mind.Event]:
    """The ledger without an event and what was made of it, and without its words where others say why."""
    for each in copied(history):
        if each.seq == origin or origin in sources(each) + list(each.body.identity_adopted.evidence_seqs):
            each.ClearField("body")
            each.kind = "turn_failed"
        elif each.kind == "commitment_revised" and (
            secret(origin) in each.body.commitment_revised.text or each.causation_seq == origin
        ):
            each.body.commitment_revised.text = ""
        yield each


def standing(state: Snapshot) -> dict[str, Any]:
    """What a mind is to do and to be, whenever and however often that was told."""
    promised = state.commitments.by_id.values()
    return {
        "promises": {
            one.id: (one.text, one.opened_seq, one.due_ns, one.priority, one.snoozed_until_ns)
            for one in promised
        },
        "kept": (state.reflections.opened, state.reflections.closed),
        "instructions": {one.id: one.text for one in state.directives.by_id.values()},
        "name": state.identity.name,
    }


@settings(max_examples=300, deadline=None)
@given(lives(), st.data())
def test_a_mind_that_forgot_is_as_one_that_was_never_told(
    history: list[mind.Event], data: st.DataObject
) -> None:
    origin = data.draw(st.sampled_from([each.seq for each in history if each.kind == "user_message"]))
    left = forgotten(origin, history)
    after = replay(left)

    assert after.violations == 0
    assert not [each for each in left if f"quince{origin}s" in str(each)]
    assert standing(after) == standing(replay(list(never_said(origin, history))))
    # To look again finds nothing more.
    again = carrying(origin, left) - {origin}
    assert not again
