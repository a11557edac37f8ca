"""The table of conversations, event by event: what counts, what is told as of an event, and what erasure leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.projections.sessions import Session
from services.orchestrator.session_table.store import SessionStore
from services.orchestrator.snapshot import Snapshot
from tests.orchestrator.test_sessions import event

NORMAL, PAUSED = mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED
ASKED = mind.Body(user_message=mind.UserMessage(text="hello"))
ANSWERED = mind.Body(assistant_message=mind.AssistantMessage(text="hi"))
FAILED = mind.Body(turn_failed=mind.TurnFailed())


def begun(title: str = "") -> mind.Body:
    return mind.Body(session_started=mind.SessionStarted(title=title, privacy_mode=NORMAL))


def erased(seq: int) -> mind.Body:
    return mind.Body(event_redacted=mind.EventRedacted(seqs=[seq]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    made = SessionStore(tmp_path)
    yield made
    made.close()


def known(store: SessionStore, session_id: str, at_seq: int = 100) -> Session:
    found = store.get("ada", session_id, at_seq)
    assert found
    return found


def test_only_the_first_end_of_a_message_counts_and_none_of_what_is_no_message(store: SessionStore) -> None:
    made = [
        event(1, begun(), "a"),
        event(2, ANSWERED, "a", 1),
        event(3, ASKED, "a"),
        event(4, ANSWERED, "nowhere", 3),
        event(5, FAILED, "a", 3),
        event(6, ANSWERED, "a", 3),
        event(7, ANSWERED, "a", 5),
    ]
    store.apply(made, "store", 7)
    state = Snapshot()
    for each in made:
        state = state.apply(each)

    row = known(store, "a")
    assert row == state.sessions.recent["a"]
    assert (row.user_messages, row.assistant_messages, row.last_seq) == (1, 0, 5)
    assert store.count("ada", 100) == 1


def test_which_conversations_began_between_two_events(store: SessionStore) -> None:
    store.apply([event(seq, begun(), f"s-{seq}") for seq in range(1, 6)], "store", 5)

    assert store.begun("ada", 1, 4, 9) == [2, 3, 4]
    assert store.begun("ada", 0, 4, 2) == [3, 4]


def test_a_title_and_a_mode_hold_from_the_event_on_that_tells_them(store: SessionStore) -> None:
    renamed = mind.Body(session_renamed=mind.SessionRenamed(title="Plans"))
    paused = mind.Body(privacy_mode_changed=mind.PrivacyModeChanged(privacy_mode=PAUSED))
    store.apply(
        [event(1, begun("Tea"), "a"), event(2, renamed, "a"), event(3, paused, "a"), event(4, ASKED, "a")],
        "store",
        4,
    )

    told = [(row.title, row.privacy_mode) for row in (known(store, "a", seq) for seq in range(1, 5))]
    assert told == [("Tea", NORMAL), ("Plans", NORMAL), ("Plans", PAUSED), ("Plans", PAUSED)]


def test_where_what_told_the_mode_was_erased_nothing_is_to_be_remembered(store: SessionStore) -> None:
    store.apply([event(1, begun("Tea"), "a"), event(2, ASKED, "a"), event(3, erased(1), "")], "store", 3)
    read_later = event(1, begun("Tea"), "a")
    read_later.ClearField("body")
    read_later.redacted = True
    state = Snapshot().apply(read_later)

    for row in (known(store, "a"), state.sessions.recent["a"]):
        assert (row.title, row.privacy_mode) == ("", PAUSED)


def test_one_that_was_talked_in_since_is_on_one_page_only(store: SessionStore) -> None:
    store.apply([event(seq, begun(), f"s-{seq}") for seq in range(1, 5)], "store", 4)
    first = store.listed("ada", 4, 5, 2)
    store.apply([event(5, ASKED, "s-3"), event(6, ASKED, "s-1")], "store", 6)
    second = store.listed("ada", 4, first[-1].last_seq, 2)

    assert [session.id for session in [*first, *second]] == ["s-4", "s-3", "s-2", "s-1"]


@pytest.mark.parametrize("page", [1, 3])
def test_of_a_mind_that_was_deleted_no_row_stays_wherever_a_page_ends(store: SessionStore, page: int) -> None:
    deleted = mind.Body(mind_deleted=mind.MindDeleted())
    made = [event(1, begun("Tea"), "a"), event(2, ASKED, "a"), event(3, deleted, "")]
    for start in range(0, len(made), page):
        store.apply(made[start : start + page], "store", start + page)

    assert (store.get("ada", "a", 100), store.count("ada", 100), store.listed("ada", 9, 9, 9)) == (
        None,
        0,
        [],
    )
    assert store.reached("ada") == 3


def test_what_waits_for_its_analysis_and_for_its_end_until_a_tick_and_an_answer_come() -> None:
    unremembered = event(3, ASKED, "a")
    unremembered.remember = False
    tick = mind.Body(tick_recorded=mind.TickRecorded(analyzed_session_ids=["a"]))
    made = [
        event(1, begun(), "a"),
        event(2, ASKED, "a"),
        unremembered,
        event(4, ASKED, "a"),
        event(5, mind.Body(session_ended=mind.SessionEnded()), "a"),
    ]
    state = Snapshot()
    for each in made:
        state = state.apply(each)
    waiting = state.sessions.to_analyze["a"]

    assert (waiting.messages, waiting.last_seq, waiting.is_ended) == (2, 4, True)
    assert {seq: turn.remember for seq, turn in state.sessions.open_turns.items()} == {
        2: True,
        3: False,
        4: True,
    }
    assert not state.apply(event(6, tick, "")).sessions.to_analyze
