"""What Read, GetEvent, GetHead and ListMinds promise, through the real server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.ledger import encoding
from services.runtime.auth import Tokens
from services.runtime.caller import Caller
from tests.support.ledger import RunningLedger, custom, running_ledger, said

LENGTH = 60
KINDS = ("user_message", "assistant_message", "custom.a", "custom.a.b", "custom.b")
SESSIONS = ("", "s", "s-1", "s-10")
seqs = st.integers(0, LENGTH + 3)


def mixed(number: int) -> pb.NewEvent:
    """Kinds and sessions in turns of coprime lengths; names that begin alike."""
    kind, session = KINDS[number % len(KINDS)], SESSIONS[number * 7 % 4]
    if kind.startswith("custom."):
        return custom(kind.removeprefix("custom."), session_id=session)
    body = mind.Body(**{kind: {"text": f"event {number}"}})
    return pb.NewEvent(session_id=session, actor="user", body=body)


@pytest.fixture
async def filled(ledger: RunningLedger) -> tuple[RunningLedger, list[mind.Event]]:
    await ledger.create("ada")
    await ledger.create("bob")
    for number in range(1, LENGTH, 3):
        await ledger.append("ada", *(mixed(number + i) for i in range(3)))
        await ledger.append("bob", mixed(number))
    return ledger, await ledger.read("ada")


def admits(event: mind.Event, kinds: list[str], sessions: list[str]) -> bool:
    is_custom = event.kind.startswith("custom.")
    of_kind = not kinds or event.kind in kinds or ("custom.*" in kinds and is_custom)
    return of_kind and (not sessions or event.session_id in sessions)


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(
    data=st.data(),
    first=seqs,
    last=seqs,
    limit=st.integers(0, 20),
    page_size=st.integers(0, 7),
    reverse=st.booleans(),
    kinds=st.lists(st.sampled_from([*KINDS, "custom.*", "tick_recorded"]), max_size=3),
    sessions=st.lists(st.sampled_from([*SESSIONS[1:], "none"]), max_size=2),
)
async def test_a_read_is_the_slice_of_the_whole_that_it_names(
    filled: tuple[RunningLedger, list[mind.Event]],
    data: st.DataObject,
    first: int,
    last: int,
    limit: int,
    page_size: int,
    reverse: bool,
    kinds: list[str],
    sessions: list[str],
) -> None:
    ledger, whole = filled
    clocks = st.none() | st.sampled_from([event.recorded_at for event in whole])
    since, until = data.draw(clocks), data.draw(clocks)

    found = await ledger.pages(
        "ada",
        from_seq=first,
        to_seq=last,
        limit=limit,
        page_size=page_size,
        reverse=reverse,
        filter=pb.EventFilter(kinds=kinds, session_ids=sessions, recorded_from=since, recorded_to=until),
    )

    expected = [
        event
        for event in (reversed(whole) if reverse else whole)
        if admits(event, kinds, sessions)
        and (not first or (event.seq <= first if reverse else event.seq >= first))
        and (not last or (event.seq >= last if reverse else event.seq <= last))
        and (since is None or event.recorded_at.ToNanoseconds() >= since.ToNanoseconds())
        and (until is None or event.recorded_at.ToNanoseconds() < until.ToNanoseconds())
    ]
    assert [event for page in found for event in page.events] == expected[: limit or None]
    assert all(0 < len(page.events) <= (page_size or 500) for page in found)
    assert all(page.head_seq == len(whole) for page in found)


async def test_a_page_is_bounded_by_its_bytes_too(ledger: RunningLedger) -> None:
    await ledger.create("ada", *(said("x" * 300_000) for _ in range(8)))

    pages = await ledger.pages("ada", from_seq=2)

    assert [len(page.events) for page in pages] == [4, 4]


async def test_a_read_is_as_of_the_head_when_it_began(ledger: RunningLedger) -> None:
    await ledger.create("ada", *(said(str(i)) for i in range(20)))
    found: list[int] = []

    async for page in ledger.client.read(pb.ReadRequest(mind_id="ada", page_size=5)):
        found += [event.seq for event in page.events]
        await ledger.append("ada", said("meanwhile"))

    assert found == list(range(1, 22))


async def test_raw_is_the_exact_bytes_that_the_digest_covers(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("hello"))

    raw, decoded = await ledger.get("ada", 2, raw=True), await ledger.get("ada", 2)

    assert len(raw.raw.salt) == 32
    assert encoding.payload_digest(raw.raw.salt, raw.raw.payload) == raw.payload_digest
    assert mind.Body.FromString(raw.raw.payload) == decoded.body
    assert not raw.HasField("body")
    assert not decoded.HasField("raw")
    assert (await ledger.read("ada", raw=True))[1] == raw


async def test_what_a_later_release_adds_to_a_body_is_kept(ledger: RunningLedger) -> None:
    event = said("hello")
    event.body.user_message.MergeFromString(b"\xfa\x07\x05later")
    await ledger.create("ada", event)

    assert b"later" in (await ledger.get("ada", 2, raw=True)).raw.payload


async def test_a_reader_that_must_see_a_seq_is_told_when_it_is_not_there(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    assert await ledger.seqs("ada", min_seq=1) == [1]
    with pytest.raises(pmm_client.FailedPrecondition) as refused:
        await ledger.read("ada", min_seq=2)
    assert refused.value.reason == "BEYOND_HEAD"
    assert refused.value.metadata["head_seq"] == "1"


async def test_no_reading_call_makes_a_mind(ledger: RunningLedger) -> None:
    for call in (ledger.read, ledger.head, ledger.verify, ledger.export):
        with pytest.raises(pmm_client.UnknownMind):
            await call("nobody")
    with pytest.raises(pmm_client.UnknownMind):
        await ledger.get("nobody", 1)

    assert await ledger.minds() == []


async def test_a_seq_above_the_head_is_not_found_and_the_head_is_named(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    calls: list[Any] = [ledger.get("ada", 2), ledger.head("ada", as_of_seq=2)]
    for call in calls:
        with pytest.raises(pmm_client.NotFound) as refused:
            await call
        assert refused.value.reason == "UNKNOWN_EVENT"
        assert refused.value.metadata["head_seq"] == "1"


async def test_a_head_is_told_as_of_any_seq(ledger: RunningLedger) -> None:
    await ledger.create("ada", *(said(str(i)) for i in range(5)))

    for event in await ledger.read("ada"):
        head = await ledger.head("ada", as_of_seq=event.seq)
        assert (head.seq, head.hash, head.position) == (event.seq, event.hash, event.position)
        assert head.recorded_at == event.recorded_at
    assert (await ledger.head("ada")) == head


async def test_minds_are_listed_by_name_a_page_at_a_time(ledger: RunningLedger) -> None:
    names = [f"m-{i:02}" for i in range(25)]
    for name in reversed(names):
        await ledger.create(name)
    found: list[str] = []
    token = ""

    while True:
        answer = await ledger.client.list_minds(pb.ListMindsRequest(page_size=10, page_token=token))
        found += [summary.mind_id for summary in answer.minds]
        assert len(answer.minds) <= 10
        if not (token := answer.next_page_token):
            break

    assert found == names
    assert await ledger.minds(prefix="m-1") == names[10:20]
    assert await ledger.minds(prefix="n") == []


async def test_a_listing_tells_the_length_and_size_of_a_mind(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("hello"))

    summary = (await ledger.client.list_minds(pb.ListMindsRequest())).minds[0]

    raw = await ledger.read("ada", raw=True)
    assert summary.head_seq == 2
    assert summary.payload_bytes == sum(len(event.raw.payload) for event in raw)
    assert [summary.created_at, summary.last_recorded_at] == [event.recorded_at for event in raw]
    assert not summary.deleted


async def test_minds_are_listed_as_of_any_position(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    await ledger.create("bob")
    await ledger.append("ada", said("later"))

    heads = []
    for position in range(4):
        answer = await ledger.client.list_minds(pb.ListMindsRequest(as_of_position=position))
        heads.append({summary.mind_id: summary.head_seq for summary in answer.minds})

    assert heads == [{}, {"ada": 1}, {"ada": 1, "bob": 1}, {"ada": 2, "bob": 1}]


async def test_a_listing_shows_only_minds_that_the_token_may_see(tmp_path: Path) -> None:
    tokens = Tokens({})
    tokens.add("all-of-them-please", Caller("root", ("*",), frozenset({"ledger.*"})))
    tokens.add("only-those-of-ana!", Caller("ana", ("ana", "ana-*"), frozenset({"ledger.*"})))
    async with running_ledger(tmp_path / "l", tokens=tokens, token="all-of-them-please") as ledger:
        for name in ("ada", "ana", "ana-2", "bob"):
            await ledger.create(name)

        async with pmm_client.connect(ledger.target, token="only-those-of-ana!") as ana:
            found = await ana.ledger.list_minds(pb.ListMindsRequest(page_size=1))
            assert [summary.mind_id for summary in found.minds] == ["ana"]
            found = await ana.ledger.list_minds(pb.ListMindsRequest(page_token=found.next_page_token))
            assert [summary.mind_id for summary in found.minds] == ["ana-2"]
            with pytest.raises(pmm_client.PermissionDenied):
                await ana.ledger.get_head(pb.GetHeadRequest(mind_id="bob"))


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"page_size": 1_001}, "page_size"),
        ({"filter": pb.EventFilter(session_ids=["no spaces"])}, "filter.session_ids[0]"),
        ({"from_seq": 2**63}, "from_seq"),
    ],
)
async def test_a_read_beyond_its_limits_is_refused(
    ledger: RunningLedger, fields: dict[str, Any], broken: str
) -> None:
    with pytest.raises(pmm_client.InvalidArgument) as refused:
        await ledger.read("ada", **fields)

    assert [violation.field for violation in refused.value.violations] == [broken]


async def test_nothing_was_recorded_before_1970_or_tomorrow(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    epoch = pb.EventFilter(recorded_to={"seconds": 0})
    later = pb.EventFilter()
    later.recorded_from.FromDatetime(
        (await ledger.get("ada", 1)).recorded_at.ToDatetime() + timedelta(days=1)
    )

    assert await ledger.seqs("ada", filter=epoch) == []
    assert await ledger.seqs("ada", filter=later) == []
