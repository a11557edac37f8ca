"""What was said when, by whom and how much: counted as it happens, and taken back when it is erased."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.counting.parts import Quarter, Tally, from_payload
from services.orchestrator.counting.statistics import of_mind
from services.orchestrator.counting.store import CountStore
from tests.orchestrator.talking import converse, events, followed, wait_for
from tests.support.exports import export, restore
from tests.support.files import files_with
from tests.support.serving import Served

SESSIONS = ["", "s1", "s2"]
DAY_SECONDS = 86_400
BEGAN = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
"""Before the clocks go forward in much of the world."""
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]


def bodies() -> st.SearchStrategy[mind.Body]:
    texts, speakers = st.sampled_from(["tea", "green tea please", ""]), st.sampled_from(["", "Ana", "Ben:x"])
    user = st.builds(lambda t, s: mind.UserMessage(text=t, speaker=s), texts, speakers)
    imported = st.builds(lambda t, s: mind.MessageImported(text=t, speaker=s), texts, speakers)
    answer = st.builds(
        lambda t, m, ms: mind.AssistantMessage(
            text=t,
            model=m,
            usage=mind.Usage(prompt_tokens=ms, completion_tokens=1),
            timings=mind.TurnTimings(total=Duration(nanos=ms * 1_000_000)),
        ),
        texts,
        st.sampled_from(["", "llama:8b"]),
        st.integers(0, 3),
    )
    return st.one_of(
        user.map(lambda body: mind.Body(user_message=body)),
        imported.map(lambda body: mind.Body(message_imported=body)),
        answer.map(lambda body: mind.Body(assistant_message=body)),
        st.just(mind.Body(session_started=mind.SessionStarted(title="Tea"))),
        st.builds(lambda o: mind.Body(commitment_closed=mind.CommitmentClosed(outcome=o)), st.integers(0, 3)),
        st.just(mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id="c"))),
        st.just(mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id="c"))),
        st.builds(lambda t: mind.Body(memory_recorded=mind.MemoryRecorded(type=t)), st.integers(0, 9)),
        st.builds(
            lambda c, n: mind.Body(
                personal_data_found=mind.PersonalDataFound(
                    findings=[mind.PersonalDataFinding(data_class=c, count=n)]
                )
            ),
            st.integers(0, 12),
            st.integers(0, 2),
        ),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> list[mind.Event]:
    made: list[mind.Event] = []
    for body, session, gap, remember in draw(
        st.lists(
            st.tuples(bodies(), st.sampled_from(SESSIONS), st.integers(0, 9 * DAY_SECONDS), st.booleans()),
            max_size=25,
        )
    ):
        seconds = (made[-1].recorded_at.seconds if made else BEGAN) + gap
        made.append(
            mind.Event(
                mind_id="ada",
                seq=len(made) + 1,
                kind=body.WhichOneof("kind") or "",
                recorded_at=Timestamp(seconds=seconds),
                session_id=session,
                remember=remember,
                body=body,
            )
        )
        if draw(st.integers(0, 5)) == 0:
            erased = draw(st.integers(1, len(made)))
            redacted = mind.Body(event_redacted=mind.EventRedacted(seqs=[erased]))
            made.append(
                mind.Event(
                    mind_id="ada",
                    seq=len(made) + 1,
                    kind="event_redacted",
                    recorded_at=Timestamp(seconds=seconds),
                    remember=True,
                    body=redacted,
                )
            )
    return made


def everything(store: CountStore) -> dict[str, dict[str, int]]:
    return {session: store.counts("ada", session) for session in SESSIONS}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=ledgers(), page=st.integers(1, 7))
def test_counts_are_those_of_the_ledger_as_it_stands_whatever_came_when(
    tmp_path: Path, made: list[mind.Event], page: int
) -> None:
    erased = {seq for event in made for seq in event.body.event_redacted.seqs}
    later = [mind.Event.FromString(event.SerializeToString()) for event in made]
    for event in later:
        if event.seq in erased and event.kind != "event_redacted":
            event.ClearField("body")
            event.redacted = True
    found: list[dict[str, dict[str, int]]] = []
    by_quarter: list[dict[int, Quarter]] = []
    for events_then, size in ((made, page), (later, len(made) or 1)):
        folder = tmp_path / "counts"
        shutil.rmtree(folder, ignore_errors=True)
        store = CountStore(folder)
        for start in range(0, len(events_then), size):
            store.apply(events_then[start : start + size], "store", start + size)
        found.append(everything(store))
        by_quarter.append(store.quarters("ada"))
        store.close()
    assert found[0] == found[1]
    assert by_quarter[0] == by_quarter[1]

    told: Counter[tuple[str, str]] = Counter()
    for event in later:
        for of_session, name, amount in from_payload(event):
            told[event.session_id if of_session else "", name] += amount
    for (session, name), amount in told.items():
        assert found[0][session].get(name, 0) == amount
    for session in SESSIONS:
        tally = Tally()
        for event in later:
            if session in ("", event.session_id):
                tally.add(event)
        assert found[0][session] == (tally.of_session if session else tally.of_mind)
        assert session or by_quarter[0] == tally.quarters
    begun = {event.session_id for event in later if event.session_id and event.kind in BEGINNING}
    assert sum(one.sessions for one in by_quarter[0].values()) == len(begun)


@settings(max_examples=30)
@given(made=ledgers(), zone=st.sampled_from(ZONES))
def test_every_moment_is_counted_as_the_clocks_showed_it_then(made: list[mind.Event], zone: str) -> None:
    tally = Tally()
    for event in made:
        tally.add(event)
    found = of_mind(tally.of_mind, tally.quarters, ZoneInfo(zone))

    def then(event: mind.Event) -> datetime:
        return event.recorded_at.ToDatetime(UTC).astimezone(ZoneInfo(zone))

    asked = Counter(then(event).hour for event in made if event.kind == "user_message")
    said = Counter(str(then(event).date()) for event in made if event.kind in TURNS)
    assert dict(enumerate(found.hours)) == ({hour: asked[hour] for hour in range(24)} if asked else {})
    assert {day.day: day.messages for day in found.days if day.messages} == said


def said_at(hour: int, session: str) -> mind.Body:
    return mind.Body(user_message=mind.UserMessage(text=f"{session} at {hour}"))


async def test_a_message_in_winter_and_one_in_summer_at_nine_were_both_at_nine(served: Served) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    began = mind.MindCreated(name="Eva", settings=mind.MindSettings(time_zone="Europe/Berlin"))
    winter, night = datetime(2026, 1, 20, 9, 5, tzinfo=berlin), datetime(2026, 3, 30, 0, 30, tzinfo=berlin)
    summer = datetime(2026, 7, 20, 9, 55, tzinfo=berlin)
    happened = [
        (winter, "", mind.Body(mind_created=began)),
        (winter, "s-1", said_at(9, "s-1")),
        (night, "s-1", said_at(0, "s-1")),
        (summer, "s-2", said_at(9, "s-2")),
    ]
    await restore(served.ledger, "eva", export("eva", happened))
    now = (await analytics(served, mind_id="eva")).statistics
    request = pb.GetAnalyticsRequest(mind_id="eva", as_of_seq=4)
    then = (await served.orchestrator.get_analytics(request)).statistics

    assert {hour: count for hour, count in enumerate(now.hours) if count} == {0: 1, 9: 2}
    # In UTC it was the day before.
    assert [(day.day, day.sessions, day.messages) for day in now.days] == [
        ("2026-01-20", 1, 1),
        ("2026-03-30", 0, 1),
        ("2026-07-20", 1, 1),
    ]
    assert (then.hours, then.days) == (now.hours, now.days)


TURNS = {"user_message", "assistant_message"}
BEGINNING = {"session_started", "user_message", "assistant_message", "message_imported"}


async def analytics(served: Served, session: str = "", mind_id: str = "ada") -> pb.GetAnalyticsResponse:
    return await served.orchestrator.get_analytics(
        pb.GetAnalyticsRequest(mind_id=mind_id, session_id=session)
    )


async def test_a_conversation_tells_who_spoke_how_much_and_how_long_answers_took(served: Served) -> None:
    warn = pb.SetPolicyRequest(mind_id="ada", key="personal_data.email", value=Value(string_value="warn"))
    await served.orchestrator.set_policy(warn)
    turn = await converse(served, "I like green tea", speaker="Ana")
    assert turn.started
    session = turn.started.session_id
    await converse(served, "Write to ana@example.org", session_id=session)
    await wait_for(served, "personal_data_found")

    found = (await analytics(served, session)).statistics

    said = {one.speaker: (one.messages, one.words) for one in found.speakers}
    answers = [event.body.assistant_message for event in await events(served, kinds=["assistant_message"])]
    assert said["Ana"] == (1, 4)
    assert said["user"][0] == 1
    assert said["assistant"] == (2, sum(len(answer.text.split()) for answer in answers))
    assert found.mean_reply.ToNanoseconds() > 0
    assert found.duration.ToNanoseconds() > 0
    assert dict(found.personal_data) == {"email": 1}
    assert [(use.model, use.answers) for use in found.models] == [(answers[0].model, 2)]


async def test_a_mind_tells_when_it_is_spoken_to_and_what_became_of_promises(served: Served) -> None:
    before = (await analytics(served)).statistics
    assert (list(before.days), list(before.hours)) == ([], [])
    zone = pb.SetPolicyRequest(mind_id="ada", key="time_zone", value=Value(string_value="Asia/Kathmandu"))
    await served.orchestrator.set_policy(zone)
    await converse(served, "one")
    await converse(served, "two")
    for text, outcome in (
        ("a", mind.COMMITMENT_OUTCOME_DONE),
        ("b", mind.COMMITMENT_OUTCOME_DROPPED),
        ("c", None),
    ):
        opened = (
            await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text=text))
        ).commitment
        if outcome:
            evidence = (await served.ledger.append(note())).events[0].seq
            await served.orchestrator.close_commitment(
                pb.CloseCommitmentRequest(
                    mind_id="ada",
                    commitment_id=opened.commitment_id,
                    outcome=outcome,
                    evidence_seqs=[evidence],
                )
            )

    found = (await analytics(served)).statistics
    assert [(day.sessions, day.messages) for day in found.days] in ([(2, 4)], [(1, 2), (1, 2)])
    asked = [event.recorded_at.seconds for event in await events(served, kinds=["user_message"])]
    # Kathmandu is 5 h 45 min east, summer and winter.
    hours = Counter((second + 5 * 3_600 + 45 * 60) // 3_600 % 24 for second in asked)
    assert dict(enumerate(found.hours)) == {hour: hours[hour] for hour in range(24)}
    assert dict(found.commitments) == {"opened": 3, "kept": 1, "dropped": 1}


def note() -> ledger.AppendRequest:
    body = mind.Body(custom=mind.Custom(name="note"))
    return ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=body)])


async def test_what_was_forgotten_is_not_counted_and_its_speaker_is_in_no_file(
    served: Served, tmp_path: Path
) -> None:
    turn = await converse(served, "I like green tea", speaker="Zarathustra-7")
    assert turn.started
    session = turn.started.session_id
    assert "Zarathustra-7" in [one.speaker for one in (await analytics(served, session)).statistics.speakers]

    async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=turn.started.user_seq)):
        pass

    after = await analytics(served, session)
    assert "Zarathustra-7" not in [one.speaker for one in after.statistics.speakers]
    assert after.counts.user_messages == 1
    assert files_with(tmp_path / "orchestrator" / "counts", b"Zarathustra-7") == []


async def listed(served: Served) -> Counter[str]:
    """How many commitments each list has."""
    found: Counter[str] = Counter()
    for status in (
        pb.COMMITMENT_STATUS_UNSPECIFIED,
        pb.COMMITMENT_STATUS_CLOSED,
        pb.COMMITMENT_STATUS_EXPIRED,
    ):
        request = pb.ListCommitmentsRequest(mind_id="ada", status=status)
        for one in (await served.orchestrator.list_commitments(request)).commitments:
            found[pb.CommitmentStatus.Name(one.status)] += 1
    return found


@pytest.mark.parametrize("erased", ["open", "kept", "expired"])
async def test_a_promise_that_is_forgotten_is_in_no_list_and_in_no_count(served: Served, erased: str) -> None:
    texts = {"open": "water the ferns", "kept": "call the vet", "expired": "renew the passport"}
    seqs: dict[str, int] = {}
    for name, text in texts.items():
        open_it = pb.OpenCommitmentRequest(mind_id="ada", text=text)
        its_id = (await served.orchestrator.open_commitment(open_it)).commitment.commitment_id
        seqs[name] = (await events(served, kinds=["commitment_opened"]))[-1].seq
        if name == "kept":
            close = pb.CloseCommitmentRequest(
                mind_id="ada",
                commitment_id=its_id,
                outcome=mind.COMMITMENT_OUTCOME_DONE,
                evidence_seqs=[(await served.ledger.append(note())).events[0].seq],
            )
            await served.orchestrator.close_commitment(close)
        if name == "expired":
            expired = mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id=its_id))
            new = ledger.NewEvent(body=expired, remember=True)
            await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[new]))
    assert dict((await analytics(served)).statistics.commitments) == {"opened": 3, "kept": 1, "expired": 1}

    async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=seqs[erased])):
        pass

    left = Counter({name: 1 for name in ("kept", "expired") if name != erased} | {"opened": 2})
    now = (await analytics(served)).statistics
    seq = (await events(served))[-1].seq
    as_of = pb.GetAnalyticsRequest(mind_id="ada", as_of_seq=seq)
    then = (await served.orchestrator.get_analytics(as_of)).statistics
    lists = await listed(served)
    assert dict(now.commitments) == left
    assert dict(then.commitments) == left
    assert lists.total() == left["opened"]
    assert lists["COMMITMENT_STATUS_CLOSED"] == left["kept"]
    assert lists["COMMITMENT_STATUS_EXPIRED"] == left["expired"]


async def test_what_was_said_elsewhere_is_not_counted_as_said_to_the_mind(served: Served) -> None:
    turn = await converse(served, "I like green tea")
    assert turn.started
    session = turn.started.session_id
    messages = [
        pb.ImportedMessage(text="How can I help?", speaker="assistant", session_id=session),
        pb.ImportedMessage(text="I like black tea", speaker="user", session_id=session),
        pb.ImportedMessage(text="So do I", speaker="Ben", session_id=session),
    ]
    await served.orchestrator.import_messages(pb.ImportMessagesRequest(mind_id="ada", messages=messages))

    found = await analytics(served, session)
    got = await served.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id=session))
    (row,) = (await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id="ada"))).sessions
    whole = await analytics(served)

    for counts in (found.counts, whole.counts, got.session, row):
        assert (counts.user_messages, counts.assistant_messages, counts.imported_messages) == (1, 1, 3)
    said = {one.speaker: (one.messages, one.imported_messages) for one in found.statistics.speakers}
    assert said == {"user": (2, 1), "assistant": (2, 1), "Ben": (1, 1)}


async def standing(served: Served, session: str = "") -> str:
    found = await analytics(served, session)
    assert (found.sentiment, found.engagement) == (0, 0)
    return pb.AnalysisState.Name(found.analysis).removeprefix("ANALYSIS_STATE_")


async def test_why_a_conversation_has_no_analysis_is_told(served: Served) -> None:
    assert await standing(served) == "NOTHING_SAID"
    history = pb.ImportedMessage(text="I love it", speaker="user", session_id="history")
    await served.orchestrator.import_messages(pb.ImportMessagesRequest(mind_id="ada", messages=[history]))
    for name, mode in (("paused", mind.PRIVACY_MODE_PAUSED), ("unseen", mind.PRIVACY_MODE_INCOGNITO)):
        begin = pb.StartSessionRequest(mind_id="ada", session_id=name, privacy_mode=mode)
        await served.orchestrator.start_session(begin)
        assert await standing(served, name) == {"paused": "NOTHING_SAID", "unseen": "INCOGNITO"}[name]
        await converse(served, "I love it", session_id=name)
    assert await standing(served, "paused") == "NOT_REMEMBERED"
    assert await standing(served, "unseen") == "INCOGNITO"
    assert await standing(served, "history") == "NOTHING_SAID"
    assert await standing(served) == "NOT_REMEMBERED"

    turn = await converse(served, "The lighthouse keeper loves marzipan")
    assert turn.started
    short = turn.started.session_id
    assert (await standing(served, short), await standing(served)) == ("WAITING", "WAITING")
    await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id=short))
    assert await standing(served, short) == "WAITING"
    await followed(served)
    async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=turn.started.user_seq)):
        pass
    assert await standing(served, short) == "ERASED"
