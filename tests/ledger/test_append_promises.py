"""What Append promises, through the real server."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Value

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.runtime import telemetry
from services.runtime.sections import TelemetrySettings
from tests.support.ledger import LedgerCalls, RunningLedger, created, custom, running_ledger, said


async def test_a_batch_is_contiguous_in_its_order_with_one_hash_each(ledger: RunningLedger) -> None:
    receipt = await ledger.append("ada", created("Ada"), said("one"), said("two"))

    assert [event.seq for event in receipt.events] == [1, 2, 3]
    assert receipt.head_seq == 3
    stored = await ledger.read("ada")
    assert [event.hash for event in stored] == [event.hash for event in receipt.events]
    assert [event.body.user_message.text for event in stored[1:]] == ["one", "two"]
    assert [event.kind for event in stored] == ["mind_created", "user_message", "user_message"]
    assert stored[1].prev_hash == stored[0].hash
    assert stored[0].prev_hash == bytes(32)


async def test_a_receipt_tells_what_it_follows(ledger: RunningLedger) -> None:
    first = await ledger.append("ada", created("Ada"), said("one"))
    second = await ledger.append("ada", said("two"), said("three"), idempotency_key="k")
    again = await ledger.append("ada", said("two"), said("three"), idempotency_key="k")

    assert [receipt.prev_hash for receipt in (first, second, again)] == [b"", first.events[-1].hash, b""]


async def test_what_was_decided_from_another_head_of_the_same_seq_is_refused(ledger: RunningLedger) -> None:
    head = (await ledger.append("ada", created("Ada"))).events[-1].hash
    with pytest.raises(pmm_client.WrongExpectedSeq) as lost:
        await ledger.append("ada", said("wrong"), expected_seq=1, expected_hash=bytes(32))
    assert lost.value.metadata["head_seq"] == "1"
    assert (await ledger.append("ada", said("right"), expected_seq=1, expected_hash=head)).head_seq == 2
    for wrong in ({"expected_seq": 2, "expected_hash": b"short"}, {"expected_hash": head}):
        with pytest.raises(pmm_client.InvalidArgument) as refused:
            await ledger.append("ada", said("wrong"), **wrong)
        assert [one.field for one in refused.value.violations] == ["expected_hash"]


async def test_what_was_given_is_what_is_stored(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    given = said("hello", session_id="s-1", causation_seq=1, trace_id="ab" * 16, remember=False)

    await ledger.append("ada", given)

    event = await ledger.get("ada", 2)
    assert (event.session_id, event.actor, event.causation_seq) == ("s-1", "user", 1)
    assert (event.trace_id, event.remember) == ("ab" * 16, False)
    assert event.body == given.body


async def test_an_event_is_remembered_unless_it_says_otherwise(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("hello"))

    event = await ledger.get("ada", 2)

    assert event.remember
    assert not event.HasField("causation_seq")


async def test_the_clock_of_a_mind_never_goes_back(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    for i in range(20):
        await ledger.append("ada", said(str(i)))

    clocks = [event.recorded_at.ToNanoseconds() for event in await ledger.read("ada")]

    assert clocks == sorted(clocks)


async def test_positions_are_dense_over_all_minds(ledger: RunningLedger) -> None:
    first = await ledger.create("ada", said("one"))
    second = await ledger.create("bob")
    third = await ledger.append("ada", said("two"))

    positions = [event.position for receipt in (first, second, third) for event in receipt.events]
    assert positions == [1, 2, 3, 4]


async def test_a_custom_event_is_of_its_own_kind(ledger: RunningLedger) -> None:
    await ledger.create("ada", custom("shop.order"))

    assert (await ledger.get("ada", 2)).kind == "custom.shop.order"


async def test_only_a_birth_makes_a_mind(ledger: RunningLedger) -> None:
    with pytest.raises(pmm_client.UnknownMind):
        await ledger.append("ada", said("hello"))
    with pytest.raises(pmm_client.UnknownMind):
        await ledger.append("ada", said("hello"), created())

    assert await ledger.minds() == []


async def test_a_mind_is_born_once(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    with pytest.raises(pmm_client.MindExists):
        await ledger.append("ada", said("one"), created())
    with pytest.raises(pmm_client.MindExists):
        await ledger.append("bob", created(), created())

    assert (await ledger.head("ada")).seq == 1
    assert await ledger.minds() == ["ada"]


async def test_a_lost_race_names_the_real_head_and_writes_nothing(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    with pytest.raises(pmm_client.WrongExpectedSeq) as lost:
        await ledger.append("ada", said("late"), expected_seq=0)

    assert lost.value.metadata["head_seq"] == "1"
    assert (await ledger.append("ada", said("right"), expected_seq=1)).head_seq == 2
    assert (await ledger.append("bob", created(), expected_seq=0)).head_seq == 1


async def test_of_many_that_expect_the_same_head_one_wins(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    outcomes = await asyncio.gather(
        *(ledger.append("ada", said(str(i)), expected_seq=1) for i in range(16)), return_exceptions=True
    )

    assert sum(isinstance(outcome, pmm_client.WrongExpectedSeq) for outcome in outcomes) == 15
    assert (await ledger.head("ada")).seq == 2


async def test_sixty_four_appenders_leave_a_dense_and_whole_chain(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    async def appender(name: int) -> list[int]:
        return [
            (await ledger.append("ada", said(f"{name}-{i}"), said(f"{name}-{i}+"))).events[0].seq
            for i in range(4)
        ]

    seqs = await asyncio.gather(*map(appender, range(64)))

    assert sorted(seq for own in seqs for seq in own) == list(range(2, 2 + 2 * 256, 2))
    texts = [event.body.user_message.text for event in await ledger.read("ada", from_seq=2)]
    assert [text + "+" for text in texts[::2]] == texts[1::2]
    assert (await ledger.verdict("ada")).verified.seq == 513


async def test_a_repeated_batch_gets_the_first_result_ever_after(ledger: RunningLedger) -> None:
    first = await ledger.append("ada", created(), said("once"), idempotency_key="k")
    await ledger.append("ada", said("something else"))

    again = await ledger.append("ada", created(), said("once"), idempotency_key="k")

    assert [(e.seq, e.position, e.hash) for e in again.events] == [
        (e.seq, e.position, e.hash) for e in first.events
    ]
    assert again.head_seq == first.head_seq == 2
    assert all(event.existed for event in again.events)
    assert (await ledger.head("ada")).seq == 3


async def test_a_repeat_is_known_before_its_expected_seq_is_looked_at(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    await ledger.append("ada", said("once"), expected_seq=1, idempotency_key="k")

    again = await ledger.append("ada", said("once"), expected_seq=1, idempotency_key="k")

    assert again.events[0].existed


async def test_the_key_of_what_was_erased_decides_alone_or_is_refused(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    first = await ledger.append("ada", said("one", idempotency_key="k"))
    await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[first.head_seq]))
    head = await ledger.head("ada")

    again = await ledger.append("ada", said("two", idempotency_key="k"))
    for text in ("one", "two"):
        with pytest.raises(pmm_client.IdempotencyKeyReused) as refused:
            await ledger.append("ada", said("new"), said(text, idempotency_key="k", refuse_erased=True))
        assert refused.value.metadata["field"] == "events[1].idempotency_key"

    assert (again.events[0].seq, again.events[0].existed) == (first.head_seq, True)
    assert await ledger.head("ada") == head


async def test_an_event_that_is_there_is_known_by_its_key_whether_or_not_an_erased_one_is_refused(
    ledger: RunningLedger,
) -> None:
    await ledger.create("ada")
    first = await ledger.append("ada", said("one", idempotency_key="k"))
    again = await ledger.append("ada", said("one", idempotency_key="k", refuse_erased=True))

    assert (again.events[0].seq, again.events[0].existed) == (first.head_seq, True)


async def test_a_key_with_another_body_is_refused(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("one", idempotency_key="e"))
    await ledger.append("ada", said("one"), idempotency_key="k")

    with pytest.raises(pmm_client.IdempotencyKeyReused):
        await ledger.append("ada", said("two"), idempotency_key="k")
    with pytest.raises(pmm_client.IdempotencyKeyReused):
        await ledger.append("ada", said("new"), said("two", idempotency_key="e"))

    assert (await ledger.head("ada")).seq == 3


async def test_repeats_that_wait_for_the_same_commit_are_written_once(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    receipts = await asyncio.gather(
        *(ledger.append("ada", said("once"), idempotency_key="k") for _ in range(32))
    )

    assert {receipt.events[0].seq for receipt in receipts} == {2}
    assert sum(not receipt.events[0].existed for receipt in receipts) == 1


async def test_a_cancelled_append_is_there_once_when_it_is_repeated(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    call = asyncio.create_task(ledger.append("ada", said("maybe"), idempotency_key="k"))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await ledger.append("ada", said("maybe"), idempotency_key="k")

    texts = [event.body.user_message.text for event in await ledger.read("ada", from_seq=2)]
    assert texts == ["maybe"]


async def test_an_event_with_a_known_key_is_skipped_and_the_rest_written(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("a", idempotency_key="a"), said("b", idempotency_key="b"))

    receipt = await ledger.append(
        "ada", said("b", idempotency_key="b"), said("c", idempotency_key="c"), said("a", idempotency_key="a")
    )

    assert [(event.seq, event.existed) for event in receipt.events] == [(3, True), (4, False), (2, True)]
    assert receipt.head_seq == 4


async def test_keys_belong_to_their_mind(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("x", idempotency_key="k"))

    receipt = await ledger.create("bob", said("y", idempotency_key="k"))

    assert [event.existed for event in receipt.events] == [False, False]


async def test_no_key_and_no_word_of_an_event_stands_in_any_file(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "ledger") as ledger:
        await ledger.append(
            "ada", created(), said("xylophone", idempotency_key="zeppelin"), idempotency_key="quagmire"
        )

    files = [path for path in (tmp_path / "ledger").rglob("*") if path.is_file()]

    assert any(path.suffix == ".keys" for path in files)
    for path in files:
        assert not re.search(rb"xylophone|zeppelin|quagmire", path.read_bytes())


async def test_a_cause_lies_below_what_it_caused(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("cause"), said("effect", causation_seq=2))

    for events in ([said("itself", causation_seq=4)], [said("x"), said("y", causation_seq=6)]):
        with pytest.raises(pmm_client.FailedPrecondition) as refused:
            await ledger.append("ada", *events)
        assert refused.value.reason == "BEYOND_HEAD"

    assert (await ledger.append("ada", said("x"), said("y", causation_seq=4))).head_seq == 5


async def test_a_refused_append_leaves_nothing_of_its_batch(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    with pytest.raises(pmm_client.PmmError):
        await ledger.append("ada", said("good"), said("bad", causation_seq=99))

    assert (await ledger.head("ada")).seq == 1
    assert (await ledger.append("ada", said("next"))).events[0].position == 2


async def test_every_broken_field_is_named_at_once(ledger: RunningLedger) -> None:
    bad = said("x", session_id="no spaces", actor="a" * 65, trace_id="XYZ", causation_seq=0)
    bad.body.ClearField("user_message")

    with pytest.raises(pmm_client.InvalidArgument) as refused:
        await ledger.append("not a name", bad, custom("Upper"), idempotency_key="k" * 129)

    assert {violation.field for violation in refused.value.violations} == {
        "mind_id",
        "idempotency_key",
        "events[0].session_id",
        "events[0].actor",
        "events[0].trace_id",
        "events[0].causation_seq",
        "events[0].body",
        "events[1].body.custom.name",
    }


@pytest.mark.parametrize("number", [math.nan, math.inf])
async def test_what_json_cannot_say_is_refused(ledger: RunningLedger, number: float) -> None:
    await ledger.create("ada")
    mood = custom("mood")
    mood.body.custom.data.update({"value": [number]})
    policy = pb.NewEvent(
        body=mind.Body(policy_changed=mind.PolicyChanged(key="x", value=Value(number_value=number)))
    )

    with pytest.raises(pmm_client.InvalidArgument) as refused:
        await ledger.append("ada", mood, policy)

    assert {violation.field for violation in refused.value.violations} == {
        "events[0].body.custom.data",
        "events[1].body.policy_changed.value",
    }


@pytest.mark.parametrize(
    "events",
    [[], [said("x")] * 1_001, [said("x" * (1024 * 1024 + 1))], [said("x" * 1_000_000)] * 5],
    ids=["none", "too many", "one too long", "too long together"],
)
async def test_the_limits_of_a_call_are_held(ledger: RunningLedger, events: list) -> None:
    await ledger.create("ada")

    with pytest.raises(pmm_client.InvalidArgument):
        await ledger.append("ada", *events)


async def test_an_event_without_a_trace_gets_that_of_its_call(ledger: RunningLedger) -> None:
    exported = telemetry.setup(TelemetrySettings(exporter="console"), "test")
    try:
        await ledger.create("ada", said("x"), said("y", trace_id="cd" * 16))
    finally:
        exported.shutdown()
        telemetry.setup(TelemetrySettings(), "test")

    events = await ledger.read("ada")
    assert re.fullmatch("[0-9a-f]{32}", events[0].trace_id)
    assert [event.trace_id for event in events[1:]] == [events[0].trace_id, "cd" * 16]


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "ledger") as ledger:
        await ledger.append("ada", created(), said("before"), idempotency_key="k")
        before = await ledger.head("ada")

    async with running_ledger(tmp_path / "ledger") as ledger:
        assert await ledger.head("ada") == before
        again = await ledger.append("ada", created(), said("before"), idempotency_key="k")
        assert again.events[1].existed
        assert (await ledger.append("ada", said("after"))).events[0].position == 3


async def test_the_map_grows_under_readers(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "ledger", map_initial_mib=1) as ledger:
        await ledger.create("ada")
        done = asyncio.Event()

        async def reader(calls: LedgerCalls) -> None:
            while not done.is_set():
                events = await calls.read("ada", page_size=50)
                assert [event.seq for event in events] == list(range(1, len(events) + 1))

        readers = [asyncio.create_task(reader(ledger)) for _ in range(4)]
        for _ in range(12):
            await ledger.append("ada", *(said("x" * 10_000) for _ in range(100)))
        done.set()
        await asyncio.gather(*readers)

        assert (await ledger.verdict("ada")).verified.seq == 1_201
