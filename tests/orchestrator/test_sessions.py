"""Conversations without bound: the table beside the state, listings that miss nothing, old conversations that go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.projections.sessions import RECENT, Session
from services.orchestrator.session_table.store import SessionStore
from services.orchestrator.snapshot import Snapshot, dump
from tests.orchestrator.talking import converse
from tests.support.files import files_with
from tests.support.serving import Served

MANY = 2 * RECENT + 44
"""More than the state holds."""
IDS = ["s-0", "s-1", "s-2", f"s-{MANY - 1}", "new-1", "new-2"]


def bodies() -> st.SearchStrategy[mind.Body]:
    title, mode = st.sampled_from(["Tea", "Plans", ""]), st.integers(0, 4)
    return st.one_of(
        st.builds(
            lambda t, m: mind.Body(session_started=mind.SessionStarted(title=t, privacy_mode=m)), title, mode
        ),
        st.builds(lambda t: mind.Body(session_renamed=mind.SessionRenamed(title=t)), title),
        st.builds(lambda m: mind.Body(privacy_mode_changed=mind.PrivacyModeChanged(privacy_mode=m)), mode),
        st.just(mind.Body(session_ended=mind.SessionEnded())),
        st.just(mind.Body(user_message=mind.UserMessage(text="hello"))),
        st.just(mind.Body(assistant_message=mind.AssistantMessage(text="hi"))),
        st.just(mind.Body(turn_failed=mind.TurnFailed())),
        st.just(mind.Body(message_imported=mind.MessageImported(text="hello"))),
        st.builds(
            lambda s: mind.Body(event_redacted=mind.EventRedacted(seqs=s)),
            st.lists(st.integers(1, MANY + 40), max_size=3),
        ),
    )


def event(seq: int, body: mind.Body, session_id: str, causation_seq: int | None = None) -> mind.Event:
    return mind.Event(
        mind_id="ada",
        seq=seq,
        kind=body.WhichOneof("kind") or "",
        session_id=session_id,
        recorded_at=Timestamp(seconds=1_000_000 + seq),
        causation_seq=causation_seq,
        remember=True,
        body=body,
    )


@st.composite
def ledgers(draw: st.DrawFn, most: int) -> list[mind.Event]:
    """So many sessions at most to begin with, and then whatever may happen, much of which makes no sense."""
    began = mind.Body(session_started=mind.SessionStarted(title="Tea", privacy_mode=mind.PRIVACY_MODE_PAUSED))
    made = [event(number + 1, began, f"s-{number}") for number in range(draw(st.sampled_from([0, most])))]
    told = st.tuples(bodies(), st.sampled_from([*IDS, ""]), st.integers(1, 12))
    for body, session_id, back in draw(st.lists(told, max_size=30)):
        seq = len(made) + 1
        kind = body.WhichOneof("kind")
        if kind == "event_redacted":
            body.event_redacted.seqs[:] = [each for each in body.event_redacted.seqs if each < seq]
        cause = max(1, seq - back) if kind in ("assistant_message", "turn_failed") else None
        made.append(event(seq, body, "" if kind == "event_redacted" else session_id, cause))
    return made


def as_read_later(made: list[mind.Event]) -> list[mind.Event]:
    """The same ledger, read after everything that was erased has gone."""
    erased = {seq for each in made for seq in each.body.event_redacted.seqs}
    later: list[mind.Event] = []
    for each in made:
        copy = mind.Event()
        copy.CopyFrom(each)
        if each.seq in erased and each.kind != "event_redacted":
            copy.ClearField("body")
            copy.redacted = True
        later.append(copy)
    return later


def counted(made: list[mind.Event]) -> dict[str, Session]:
    """The sessions, by going through everything for each of them."""
    found: dict[str, Session] = {}
    for session_id in dict.fromkeys(each.session_id for each in made if each.session_id):
        began, turns = False, set[int]()
        own: list[mind.Event] = []
        for each in (each for each in made if each.session_id == session_id):
            if each.kind in ("assistant_message", "turn_failed"):
                if not began or each.causation_seq not in turns:
                    continue
                turns.discard(each.causation_seq)
            elif each.kind == "session_started":
                if began:
                    continue
            elif not began and each.kind not in ("user_message", "message_imported"):
                continue
            began = True
            turns |= {each.seq} if each.kind == "user_message" else set()
            own.append(each)
        if not own:
            continue
        titles = [
            getattr(each.body, each.kind).title
            for each in own
            if each.kind in ("session_started", "session_renamed")
        ]
        modes = [
            mind.PRIVACY_MODE_PAUSED
            if each.redacted or getattr(each.body, each.kind).privacy_mode > mind.PRIVACY_MODE_NORMAL
            else mind.PRIVACY_MODE_NORMAL
            for each in own
            if each.kind in ("session_started", "privacy_mode_changed")
        ]
        ends = [each for each in own if each.kind == "session_ended"]
        found[session_id] = Session(
            session_id,
            own[0].seq,
            own[-1].seq,
            own[0].recorded_at.ToNanoseconds(),
            own[-1].recorded_at.ToNanoseconds(),
            (titles or [""])[-1],
            (modes or [mind.PRIVACY_MODE_NORMAL])[-1],
            ends[-1].recorded_at.ToNanoseconds() if ends else 0,
            sum(each.kind == "user_message" for each in own),
            sum(each.kind == "assistant_message" for each in own),
            sum(each.kind == "message_imported" for each in own),
        )
    return found


def taken_in(store: SessionStore, made: list[mind.Event], page: int) -> SessionStore:
    for start in range(0, len(made), page):
        store.apply(made[start : start + page], "store", start + page)
    return store


def listed(store: SessionStore) -> list[Session]:
    return store.listed("ada", 10**9, 10**9, 10_000)


def one_turn_a_session(made: list[mind.Event]) -> list[mind.Event]:
    """Without answers to another conversation's message, which nobody writes."""
    sessions = {each.seq: each.session_id for each in made}
    return [
        each for each in made if not each.causation_seq or sessions.get(each.causation_seq) == each.session_id
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(ledgers(40), st.integers(1, 9))
@pytest.mark.slow
def test_rows_are_what_counting_gives_whatever_the_pages_and_after_erasure(
    tmp_path_factory: pytest.TempPathFactory, made: list[mind.Event], page: int
) -> None:
    made = one_turn_a_session(made)
    folder = tmp_path_factory.mktemp("sessions")
    by_page = taken_in(SessionStore(folder / "a"), made, page)
    at_once = taken_in(SessionStore(folder / "b"), as_read_later(made), 1_000)
    try:
        later = as_read_later(made)
        for seq in range(0, 75, 7):
            expected = counted([each for each in later if each.seq <= seq])
            latest_first = sorted(expected.values(), key=lambda session: session.last_seq, reverse=True)
            for store in (by_page, at_once):
                assert store.listed("ada", seq, seq + 1, 10_000) == latest_first
                assert store.count("ada", seq) == len(expected)
            for session_id in IDS:
                assert by_page.get("ada", session_id, seq) == expected.get(session_id)
    finally:
        by_page.close()
        at_once.close()


@settings(max_examples=40)
@given(ledgers(MANY))
def test_the_state_holds_few_and_those_as_counting_gives(made: list[mind.Event]) -> None:
    began: set[str] = set()
    told: list[mind.Event] = []
    state = Snapshot()
    for each in one_turn_a_session(made):
        is_again = each.session_id in began and each.session_id not in state.sessions.recent
        if each.kind == "event_redacted" or (each.kind == "session_started" and is_again):
            # That a session which the state has forgotten begins again is refused before it is appended.
            continue
        began.add(each.session_id)
        told.append(each)
        state = state.fold(each)
    expected = counted(told)
    recent = state.sessions.recent

    assert len(recent) <= 2 * RECENT
    assert dict(recent) == {session_id: expected[session_id] for session_id in recent}
    if not state.sessions.forgotten_seq:
        assert set(recent) == set(expected)
    for session_id in set(expected) - set(recent):
        assert expected[session_id].last_seq <= state.sessions.forgotten_seq


def test_what_is_said_outside_any_conversation_begins_none_and_is_answered_all_the_same() -> None:
    asked = event(1, mind.Body(user_message=mind.UserMessage(text="hello")), "")
    state = Snapshot().apply(asked)
    assert list(state.sessions.open_turns) == [1]
    state = state.apply(event(2, mind.Body(assistant_message=mind.AssistantMessage(text="hi")), "", 1))
    state = state.apply(event(3, mind.Body(message_imported=mind.MessageImported(text="hello")), ""))

    assert (dict(state.sessions.recent), dict(state.sessions.open_turns)) == ({}, {})
    assert (dict(state.sessions.to_analyze), state.violations) == ({}, 0)
    for nonsense in (
        mind.Body(session_started=mind.SessionStarted()),
        mind.Body(session_ended=mind.SessionEnded()),
        mind.Body(session_renamed=mind.SessionRenamed(title="x")),
        mind.Body(privacy_mode_changed=mind.PrivacyModeChanged()),
    ):
        assert state.apply(event(4, nonsense, "")).violations == 1


def test_an_answer_in_a_conversation_to_what_was_asked_outside_any_counts_alike(tmp_path: Path) -> None:
    made = [
        event(1, mind.Body(session_started=mind.SessionStarted()), "s-1"),
        event(2, mind.Body(user_message=mind.UserMessage(text="hello")), ""),
        event(3, mind.Body(assistant_message=mind.AssistantMessage(text="hi")), "s-1", 2),
    ]
    state = Snapshot()
    for each in made:
        state = state.apply(each)
    store = taken_in(SessionStore(tmp_path), made, 1)

    assert listed(store) == [state.sessions.recent["s-1"]]
    assert (listed(store)[0].assistant_messages, store.begun("ada", 0, 9, 9)) == (1, [1])
    store.close()


async def test_every_conversation_that_is_listed_can_be_named(served: Served) -> None:
    said = ledger.NewEvent(body=mind.Body(user_message=mind.UserMessage(text="hello")), remember=True)
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[said]))
    turn = await converse(served, "Hello.")
    request = pb.ListSessionsRequest(mind_id="ada")
    sessions = (await served.orchestrator.list_sessions(request)).sessions
    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind

    assert turn.started
    assert [one.session_id for one in sessions] == [turn.started.session_id]
    assert state.counts.sessions == 1


@pytest.mark.slow
def test_a_year_of_conversations_leaves_the_state_small() -> None:
    state, seq = Snapshot(), 0
    for number in range(20_000):
        for body in (
            mind.Body(session_started=mind.SessionStarted(title=f"talk {number}")),
            mind.Body(user_message=mind.UserMessage(text="hello")),
            mind.Body(assistant_message=mind.AssistantMessage(text="hi")),
        ):
            seq += 1
            state = state.apply(
                event(seq, body, f"s-{number}", seq - 1 if body.HasField("assistant_message") else None)
            )

    assert len(dump(state)) < 100_000


def test_a_place_survives_a_restart_and_what_was_erased_leaves_the_file(tmp_path: Path) -> None:
    titled = event(1, mind.Body(session_started=mind.SessionStarted(title="Marzipan")), "s-1")
    renamed = event(2, mind.Body(session_renamed=mind.SessionRenamed(title="Nougat")), "s-1")
    store = taken_in(SessionStore(tmp_path), [titled, renamed], 1)
    store.close()
    store = SessionStore(tmp_path)
    assert store.position() == ("store", 2)
    store.apply([event(3, mind.Body(event_redacted=mind.EventRedacted(seqs=[2])), "")], "store", 3)
    assert [session.title for session in listed(store)] == [""]
    assert not files_with(tmp_path, "Nougat")

    gone = mind.Event(mind_id="ada", seq=4, kind="mind_deleted")
    store.apply([gone], "store", 4)
    assert (listed(store), store.count("ada", 9), store.reached("ada")) == ([], 0, 4)
    store.start_anew("another")
    assert (store.position(), store.reached("ada")) == (("another", 0), 0)
    store.close()
    assert not files_with(tmp_path, "Marzipan")


async def imported(served: Served, sessions: int) -> None:
    """So many conversations of one message."""
    for start in range(0, sessions, 500):
        messages = [
            pb.ImportedMessage(text=f"line {number}", speaker="Ana", session_id=f"s-{number}")
            for number in range(start, min(sessions, start + 500))
        ]
        await served.orchestrator.import_messages(pb.ImportMessagesRequest(mind_id="ada", messages=messages))


async def test_each_session_is_listed_once_while_they_are_talked_in(served: Served) -> None:
    await imported(served, MANY)
    seen: list[str] = []
    request = pb.ListSessionsRequest(mind_id="ada", page_size=40)
    for number in range(1_000):
        page = await served.orchestrator.list_sessions(request)
        seen += [session.session_id for session in page.sessions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
        # One that was listed, one that was not, and one that was not there.
        again = [
            pb.ImportedMessage(text=f"more {number}", session_id=its_id)
            for its_id in (f"s-{MANY - 1 - number}", f"s-{number}")
        ]
        again.append(pb.ImportedMessage(text="hello", session_id=f"late-{number}"))
        await served.orchestrator.import_messages(pb.ImportMessagesRequest(mind_id="ada", messages=again))

    assert seen == [f"s-{number}" for number in reversed(range(MANY))]
    mind_now = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    assert mind_now.counts.sessions == MANY + number
    then = await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", as_of_seq=11))
    assert then.mind.counts.sessions == 10


async def test_an_old_session_goes_on_as_it_was(served: Served) -> None:
    for session_id in ("quiet", "over"):
        await served.orchestrator.start_session(
            pb.StartSessionRequest(
                mind_id="ada", session_id=session_id, privacy_mode=mind.PRIVACY_MODE_PAUSED
            )
        )
    await converse(served, "remember nothing of this", session_id="quiet")
    await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id="over"))
    await imported(served, MANY)

    turn = await converse(served, "still here", session_id="quiet")
    assert turn.started
    assert turn.started.privacy_mode == mind.PRIVACY_MODE_PAUSED
    with pytest.raises(errors.FailedPrecondition):
        await converse(served, "and you?", session_id="over")
    with pytest.raises(errors.UnknownSession):
        await converse(served, "hello", session_id="nowhere")
    await served.orchestrator.set_privacy_mode(
        pb.SetPrivacyModeRequest(mind_id="ada", session_id="quiet", privacy_mode=mind.PRIVACY_MODE_NORMAL)
    )
    named = await served.orchestrator.rename_session(
        pb.RenameSessionRequest(mind_id="ada", session_id="quiet", title="Tea")
    )
    turn = await converse(served, "and now?", session_id="quiet")
    assert turn.started
    assert turn.started.privacy_mode == mind.PRIVACY_MODE_NORMAL
    assert (named.session.title, named.session.user_messages) == ("Tea", 2)
    got = await served.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="quiet"))
    assert (got.session.user_messages, got.session.assistant_messages) == (3, 3)
    told = await served.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id="ada", session_id="quiet"))
    assert told.counts.user_messages == 3


@pytest.mark.parametrize("before", [0, MANY], ids=["few sessions", "many"])
async def test_of_two_that_begin_a_session_at_once_one_does(served: Served, before: int) -> None:
    await imported(served, before)
    request = pb.StartSessionRequest(mind_id="ada", session_id="talk", title="Tea")
    outcomes = await asyncio.gather(
        *(served.orchestrator.start_session(request) for _ in range(8)), return_exceptions=True
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, errors.SessionExists)]
    assert len(refused) == 7
    await imported(served, MANY)
    with pytest.raises(errors.SessionExists):
        await served.orchestrator.start_session(request)
