"""Folds: incremental equals replay, nonsense changes nothing, a saved snapshot is the same state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import snapshot
from services.orchestrator.snapshot import Snapshot

IDS = st.sampled_from(["c-1", "c-2", "c-3"])
NAMES = st.sampled_from(["Nova", "Iris", ""])
SEQS = st.lists(st.integers(1, 30), max_size=3)


def bodies() -> st.SearchStrategy[mind.Body]:
    """Events that a mind may hold, in any order: many of them make no sense where they stand."""
    return st.one_of(
        st.builds(lambda: mind.Body(mind_created=mind.MindCreated(name="ada", owner="local"))),
        st.builds(lambda t: mind.Body(user_message=mind.UserMessage(text=t)), st.text(max_size=5)),
        st.builds(
            lambda t, s: mind.Body(
                assistant_message=mind.AssistantMessage(text=t, receipt=mind.Receipt(state_seqs=s))
            ),
            st.text(max_size=5),
            SEQS,
        ),
        st.builds(lambda: mind.Body(turn_failed=mind.TurnFailed())),
        st.builds(lambda t: mind.Body(message_imported=mind.MessageImported(text=t)), st.text(max_size=5)),
        st.builds(
            lambda m: mind.Body(session_started=mind.SessionStarted(privacy_mode=m)), st.integers(0, 3)
        ),
        st.builds(lambda t: mind.Body(session_renamed=mind.SessionRenamed(title=t)), NAMES),
        st.builds(lambda: mind.Body(session_ended=mind.SessionEnded())),
        st.builds(
            lambda n, c: mind.Body(identity_adopted=mind.IdentityAdopted(name=n, confidence=c)),
            NAMES,
            st.sampled_from([0.5, 0.9, 1.0]),
        ),
        st.builds(
            lambda n, c: mind.Body(identity_proposed=mind.IdentityProposed(name=n, confidence=c)),
            NAMES,
            st.sampled_from([0.5, 0.8]),
        ),
        st.builds(lambda: mind.Body(identity_cleared=mind.IdentityCleared())),
        st.builds(lambda n: mind.Body(user_identified=mind.UserIdentified(name=n)), NAMES),
        st.builds(
            lambda i, p: mind.Body(
                commitment_opened=mind.CommitmentOpened(commitment_id=i, text=i, priority=p)
            ),
            IDS,
            st.integers(0, 3),
        ),
        st.builds(
            lambda i, s: mind.Body(evidence_recorded=mind.EvidenceRecorded(commitment_id=i, seqs=s)),
            IDS,
            SEQS,
        ),
        st.builds(lambda i: mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id=i)), IDS),
        st.builds(lambda i: mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id=i)), IDS),
        st.builds(
            lambda i: mind.Body(
                commitment_snoozed=mind.CommitmentSnoozed(commitment_id=i, until=Timestamp(seconds=9))
            ),
            IDS,
        ),
        st.builds(
            lambda i: mind.Body(commitment_revised=mind.CommitmentRevised(commitment_id=i, project="x")), IDS
        ),
        st.builds(lambda i: mind.Body(commitment_reminded=mind.CommitmentReminded(commitment_id=i)), IDS),
        st.builds(
            lambda i, o: mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id=i, outcome=o)),
            IDS,
            st.integers(0, 2),
        ),
        st.builds(
            lambda t, d: mind.Body(trait_adjusted=mind.TraitAdjusted(trait=t, delta=d)),
            st.integers(0, 6),
            st.sampled_from([0.05, -0.05, 0.01, 0.2, -0.013]),
        ),
        st.builds(
            lambda i, t: mind.Body(directive_adopted=mind.DirectiveAdopted(directive_id=i, text=t)),
            IDS,
            NAMES,
        ),
        st.builds(lambda i: mind.Body(directive_retired=mind.DirectiveRetired(directive_id=i)), IDS),
        st.builds(
            lambda t, r: mind.Body(reflection_recorded=mind.ReflectionRecorded(text=t, trigger=r)),
            st.text(max_size=9),
            st.sampled_from(["cadence", "identity"]),
        ),
        st.builds(
            lambda e: mind.Body(meta_reflection_recorded=mind.MetaReflectionRecorded(efficacy=e)),
            st.sampled_from([0.0, 0.5]),
        ),
        st.builds(
            lambda r: mind.Body(tick_recorded=mind.TickRecorded(reasons=r)),
            st.sampled_from([[], ["traits"], ["reflect"]]),
        ),
        st.builds(lambda s: mind.Body(stage_changed=mind.StageChanged(to=s)), st.integers(0, 6)),
        st.builds(
            lambda c, s: mind.Body(invariant_violated=mind.InvariantViolated(code=c, seqs=s)), NAMES, SEQS
        ),
        st.builds(
            lambda x: mind.Body(
                conversation_analyzed=mind.ConversationAnalyzed(sentiment=x, engagement=abs(x))
            ),
            st.sampled_from([-0.7, 0.1, 1.0]),
        ),
        st.builds(
            lambda f, t: mind.Body(
                summary_recorded=mind.SummaryRecorded(text=str(f), from_seq=f, to_seq=f + t)
            ),
            st.integers(0, 20),
            st.integers(0, 12),
        ),
        st.builds(lambda s: mind.Body(event_redacted=mind.EventRedacted(seqs=s)), SEQS),
        st.builds(lambda: policy("time_zone", "Europe/Lisbon")),
        st.builds(lambda: policy("personal_data.email", "mask")),
        st.builds(lambda: policy("description", 7)),
        st.builds(lambda: mind.Body(custom=mind.Custom(name="x"))),
    )


def policy(key: str, value: Any) -> mind.Body:
    changed = mind.PolicyChanged(key=key)
    if isinstance(value, str):
        changed.value.string_value = value
    else:
        changed.value.number_value = value
    return mind.Body(policy_changed=changed)


def event(seq: int, body: mind.Body, session_id: str = "s1", causation_seq: int | None = None) -> mind.Event:
    return mind.Event(
        seq=seq,
        kind=body.WhichOneof("kind") or "",
        session_id=session_id,
        recorded_at=Timestamp(seconds=1_000_000 + seq),
        hash=seq.to_bytes(32, "big"),
        causation_seq=causation_seq,
        remember=True,
        body=body,
    )


HISTORIES = st.lists(
    st.tuples(bodies(), st.sampled_from(["s1", "s2"]), st.one_of(st.none(), st.integers(1, 20))), max_size=40
).map(lambda items: [event(i, body, session, cause) for i, (body, session, cause) in enumerate(items, 1)])


def replay(history: list[mind.Event], state: Snapshot | None = None) -> Snapshot:
    state = state or Snapshot()
    for item in history:
        state = state.apply(item)
    return state


@settings(max_examples=150)
@given(HISTORIES)
def test_incremental_equals_replay_at_every_prefix(history: list[mind.Event]) -> None:
    state = Snapshot()
    for length, item in enumerate(history, 1):
        state = state.apply(item)
        assert snapshot.dump(state) == snapshot.dump(replay(history[:length]))


@settings(max_examples=150)
@given(HISTORIES, st.integers(0, 40))
def test_a_saved_snapshot_and_the_tail_equal_replay(history: list[mind.Event], cut: int) -> None:
    saved = snapshot.load(snapshot.dump(replay(history[:cut])))

    assert snapshot.dump(replay(history[cut:], saved)) == snapshot.dump(replay(history))


@settings(max_examples=50)
@given(HISTORIES, st.data())
def test_a_damaged_snapshot_is_noticed(history: list[mind.Event], data: st.DataObject) -> None:
    dumped = snapshot.dump(replay(history))
    cut = data.draw(st.integers(0, len(dumped) - 1))

    flipped = bytearray(dumped)
    flipped[cut] ^= 1 << data.draw(st.integers(0, 7))

    for damaged in (dumped[:cut], bytes(flipped)):
        with pytest.raises(ValueError):  # noqa: PT011  any: it is replayed whatever is wrong with it
            snapshot.load(damaged)


def test_an_event_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="does not follow"):
        Snapshot().apply(event(2, mind.Body(identity_cleared=mind.IdentityCleared())))


def test_nonsense_changes_nothing_but_the_count() -> None:
    history = [
        event(1, mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id="c-9"))),
        event(2, mind.Body(identity_adopted=mind.IdentityAdopted(name="Nova", confidence=0.5))),
        event(3, mind.Body(session_ended=mind.SessionEnded())),
    ]

    state = replay(history)

    assert state.violations == 3
    assert (state.identity.name, len(state.commitments.by_id), len(state.sessions.recent)) == ("", 0, 0)


def test_a_commitment_lives_through_its_episodes() -> None:
    opened = mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id="c-1", text="call Ana"))
    evidence = mind.Body(evidence_recorded=mind.EvidenceRecorded(commitment_id="c-1", seqs=[2]))
    closed = mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id="c-1"))

    state = replay([event(1, opened), event(2, evidence), event(3, closed), event(4, opened)])

    assert state.commitments.by_id["c-1"].opened_seq == 4
    assert state.commitments.by_id["c-1"].evidence == ()
    assert state.commitments.closed == 1


def test_a_message_is_open_until_its_terminal_event() -> None:
    asked = event(1, mind.Body(user_message=mind.UserMessage(text="hello")))
    answered = event(2, mind.Body(assistant_message=mind.AssistantMessage(text="hi")), causation_seq=1)

    assert [turn.session_id for turn in replay([asked]).sessions.open_turns.values()] == ["s1"]
    assert dict(replay([asked, answered]).sessions.open_turns) == {}


def flood(number: int) -> Iterator[mind.Event]:
    """Events that are unlike any before, of every kind that adds to a state."""
    its_id = f"c-{number}"
    told = [
        mind.Body(session_started=mind.SessionStarted(title="talk")),
        mind.Body(user_message=mind.UserMessage(text="hello")),
        mind.Body(assistant_message=mind.AssistantMessage(text="hi")),
        mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id=its_id, text="call")),
        mind.Body(evidence_recorded=mind.EvidenceRecorded(commitment_id="c-1", seqs=[number + 1])),
        mind.Body(directive_adopted=mind.DirectiveAdopted(directive_id=its_id, text="be brief")),
        mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id="c-none")),
        mind.Body(reflection_recorded=mind.ReflectionRecorded(text=f"thought {number}")),
        mind.Body(identity_adopted=mind.IdentityAdopted(name="Nova", confidence=1.0, evidence_seqs=[number])),
        mind.Body(invariant_violated=mind.InvariantViolated(code="X", seqs=[number])),
        mind.Body(conversation_analyzed=mind.ConversationAnalyzed(session_id="none", sentiment=0.1)),
        mind.Body(
            commitment_expired=mind.CommitmentExpired(commitment_id=its_id if number % 2 else "c-none")
        ),
        policy(f"key.{number}", "mask"),
    ]
    first = number * len(told) + 1
    for seq, body in enumerate(told, first):
        yield event(seq, body, f"s-{number}", first + 1 if body.HasField("assistant_message") else None)


@pytest.mark.slow
def test_whatever_floods_a_mind_its_state_stays_bounded() -> None:
    state, sizes = Snapshot(), list[int]()
    for number in range(4_500):
        for each in flood(number):
            state = state.apply(each)
        if number in (2_499, 4_499):
            sizes.append(len(snapshot.dump(state)))

    # Seqs and times that have one more digit.
    assert sizes[1] < 1.02 * sizes[0]
    assert sizes[1] < 1_000_000
