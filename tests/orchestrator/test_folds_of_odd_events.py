"""Events with values that nothing was made for: a fold refuses them and changes nothing, and a snapshot stays one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.struct_pb2 import Value
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import convert, snapshot
from services.orchestrator.autonomy.decide import Limits, decide, next_wake
from services.orchestrator.autonomy.invariants import violations
from services.orchestrator.projections.invariants import EVENT_REFUSED
from tests.orchestrator.test_projections import event, replay

NOT_NUMBERS = (math.nan, math.inf, -math.inf)
LIMITS = Limits(remind_before=3_600, expire_after=86_400, max_directives=20)
NOW_NS = 1_750_000_000 * 10**9
SECONDS = st.sampled_from([0, 1, -1, 9, 1_700_000_000, 2**62, -(2**62), 2**63 - 1, -(2**63)])
TEXTS = st.sampled_from(
    ["", "c-1", "Nova", "x\0\n", "traits.cap", "traits.frozen", "time_zone", "é" * 50_000]
)
SIGNED, UNSIGNED = [0, 1, -1], [0, 1, 2, 3, 9]
NUMBERS = st.sampled_from([0.0, 0.5, 0.95, 1.0, 2.0, -0.04, 0.05, 1e300, -1e300, *NOT_NUMBERS])
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    Field.TYPE_DOUBLE: NUMBERS,
    Field.TYPE_BOOL: st.booleans(),
    Field.TYPE_STRING: TEXTS,
    Field.TYPE_BYTES: st.sampled_from([b"", b"\xff" * 40]),
    Field.TYPE_ENUM: st.sampled_from([0, 1, 2, 3, 6, 99, -3]),
    Field.TYPE_INT32: st.sampled_from([*SIGNED, 2**31 - 1, -(2**31)]),
    Field.TYPE_INT64: st.sampled_from([*SIGNED, 2**63 - 1, -(2**63)]),
    Field.TYPE_UINT32: st.sampled_from([*UNSIGNED, 2**32 - 1]),
    Field.TYPE_UINT64: st.sampled_from([*UNSIGNED, 2**63 - 1, 2**64 - 1]),
}
TIMES = ("google.protobuf.Timestamp", "google.protobuf.Duration")
DEEPEST = 4


def fill(draw: st.DrawFn, message: Any, depth: int = 0) -> None:
    """Some fields of a message, with whatever their types hold."""
    if message.DESCRIPTOR.full_name in TIMES:
        message.seconds, message.nanos = draw(SECONDS), draw(SCALARS[Field.TYPE_INT32])
        return
    for field in message.DESCRIPTOR.fields:
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        if is_map or not draw(st.booleans()):
            continue
        for _ in range(draw(st.integers(0, 2)) if field.is_repeated else 1):
            if field.message_type is None:
                value = draw(SCALARS[field.type])
                if field.is_repeated:
                    getattr(message, field.name).append(value)
                else:
                    setattr(message, field.name, value)
            elif depth < DEEPEST:
                held = getattr(message, field.name)
                inner = held.add() if field.is_repeated else held
                inner.SetInParent()
                fill(draw, inner, depth + 1)


@st.composite
def histories(draw: st.DrawFn) -> list[mind.Event]:
    """Events of any kind with any values, some of them erased."""
    made: list[mind.Event] = []
    for kind in draw(st.lists(st.sampled_from([f.name for f in mind.Body.DESCRIPTOR.fields]), max_size=12)):
        body = mind.Body()
        getattr(body, kind).SetInParent()
        fill(draw, getattr(body, kind))
        session_id = draw(st.sampled_from(["", "s1", "s2"]))
        cause = draw(st.sampled_from([None, 1, 2, 3, 2**63 - 1]))
        new = event(len(made) + 1, body, session_id, cause)
        new.recorded_at.seconds = draw(SECONDS)
        if draw(st.integers(0, 9)) == 0:
            new.ClearField("body")
            new.redacted = True
        made.append(new)
    return made


@settings(max_examples=400)
@given(histories())
def test_whatever_an_event_holds_the_state_can_be_saved_shown_and_decided_from(
    history: list[mind.Event],
) -> None:
    for length in range(len(history) + 1):
        state = replay(history[:length])
        saved = snapshot.load(snapshot.dump(state))
        assert snapshot.dump(saved) == snapshot.dump(state)
        assert all(0 <= value <= 1 for value in (*state.traits.values, state.metrics.ias, state.metrics.gas))
        assert "" not in state.sessions.recent
        convert.mind_message("ada", state, 1).SerializeToString()
        decide(state, NOW_NS, LIMITS)
        next_wake(state, NOW_NS, LIMITS)


def trait(delta: float) -> mind.Body:
    return mind.Body(trait_adjusted=mind.TraitAdjusted(trait=mind.TRAIT_OPENNESS, delta=delta))


def adopted(confidence: float) -> mind.Body:
    return mind.Body(identity_adopted=mind.IdentityAdopted(name="Nova", confidence=confidence))


def proposed(confidence: float) -> mind.Body:
    return mind.Body(identity_proposed=mind.IdentityProposed(name="Nova", confidence=confidence))


def sentiment(value: float) -> mind.Body:
    return mind.Body(conversation_analyzed=mind.ConversationAnalyzed(sentiment=value))


def engagement(value: float) -> mind.Body:
    return mind.Body(conversation_analyzed=mind.ConversationAnalyzed(engagement=value))


def efficacy(value: float) -> mind.Body:
    return mind.Body(meta_reflection_recorded=mind.MetaReflectionRecorded(efficacy=value))


def policy(key: str, value: Value) -> mind.Body:
    return mind.Body(policy_changed=mind.PolicyChanged(key=key, value=value))


def is_refused(body: mind.Body, *before: mind.Body) -> None:
    """The event counts as a violation, changes nothing else, and is told of."""
    told = replay([event(seq, each) for seq, each in enumerate(before, 1)])
    state = told.apply(event(told.seq + 1, body))

    assert state.violations == told.violations + 1
    assert state.refused[-1] == state.seq
    for name in ("profile", "identity", "commitments", "reflections", "traits", "metrics", "activity"):
        assert getattr(state, name) is getattr(told, name), name
    codes = [one.code for one in violations(state, state.last_event_ns, ())]
    assert codes == [EVENT_REFUSED]


@pytest.mark.parametrize("number", [*NOT_NUMBERS, 1e300, -1e300, 1.01])
@pytest.mark.parametrize("make", [trait, adopted, proposed, sentiment, engagement, efficacy])
def test_a_number_that_is_none_or_lies_beyond_is_refused(
    make: Callable[[float], mind.Body], number: float
) -> None:
    is_refused(make(number))


def test_the_limit_of_a_day_holds_after_a_delta_that_is_no_number() -> None:
    deltas = [trait(math.nan), *[trait(0.05)] * 5]
    state = replay([event(seq, body) for seq, body in enumerate(deltas, 1)])

    assert state.traits.value(mind.TRAIT_OPENNESS) == pytest.approx(0.65)
    assert state.violations == 3


@pytest.mark.parametrize("number", NOT_NUMBERS)
@pytest.mark.parametrize("key", ["traits.cap", "description", "personal_data.email", "anything"])
def test_a_policy_that_json_cannot_say_is_refused(key: str, number: float) -> None:
    inner = Value()
    inner.struct_value.fields["a"].list_value.values.add().number_value = number
    for value in (Value(number_value=number), inner):
        is_refused(policy(key, value))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("traits.cap", Value(string_value="abc")),
        ("traits.cap", Value(bool_value=True)),
        ("traits.cap", Value()),
        ("traits.frozen", Value(string_value="false")),
        ("traits.frozen", Value(number_value=1)),
        ("traits.frozen", Value()),
    ],
)
def test_a_policy_of_traits_of_another_type_is_refused(key: str, value: Value) -> None:
    is_refused(policy(key, value))


def test_policies_of_traits_hold_as_they_are_set() -> None:
    told = [
        policy("traits.cap", Value(number_value=0.2)),
        policy("traits.frozen", Value(bool_value=True)),
        policy("traits.frozen", Value(bool_value=False)),
    ]
    state = replay([event(seq, body) for seq, body in enumerate(told, 1)])

    assert (state.violations, dict(state.profile.policies)) == (
        0,
        {"traits.cap": 0.2, "traits.frozen": False},
    )


OPENED = mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id="c-1", text="call Ana"))


def closed(*evidence: int, outcome: int = mind.COMMITMENT_OUTCOME_DONE) -> mind.Body:
    done = mind.CommitmentClosed(commitment_id="c-1", outcome=outcome, evidence_seqs=evidence)  # type: ignore[arg-type]
    return mind.Body(commitment_closed=done)


@pytest.mark.parametrize("evidence", [(), (1,), (3,), (4,), (2, 10**6), (2**64 - 1,), (0,)])
def test_what_is_done_needs_evidence_that_was_recorded_after_it_was_promised(
    evidence: tuple[int, ...],
) -> None:
    is_refused(closed(*evidence), OPENED, proposed(0.5))


def test_what_was_recorded_after_it_was_promised_closes_and_what_is_given_up_needs_none() -> None:
    given_up = closed(10**6, outcome=mind.COMMITMENT_OUTCOME_DROPPED)
    for body in (closed(2), given_up):
        state = replay([event(1, OPENED), event(2, proposed(0.5)), event(3, body)])
        assert (dict(state.commitments.by_id), state.violations) == ({}, 0)


def test_a_violation_that_names_what_lies_ahead_hides_none() -> None:
    told = mind.Body(invariant_violated=mind.InvariantViolated(code=EVENT_REFUSED, seqs=[10**6]))
    is_refused(trait(math.nan), told)


def test_a_reminder_of_what_is_not_open_changes_nothing_and_is_none_of_nonsense() -> None:
    reminded = mind.Body(commitment_reminded=mind.CommitmentReminded(commitment_id="c-1"))
    erased = mind.Event(seq=1, kind="commitment_opened", redacted=True)
    state = replay([erased, event(2, reminded)])

    assert (state.violations, dict(state.commitments.by_id)) == (0, {})
