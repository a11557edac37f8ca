"""What a mind's methods add to the contracts: pages, keys, limits, streams that are taken up again."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest

import pmm_client
import pmm_client.sync
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1.events_pb2 import Event
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import Message
from pmm_client.messages import BATCH_BYTES, BATCH_MESSAGES
from services.runtime import errors
from tests.client.scripted import always, first, scripted


class _MindExists(errors.AlreadyExists):
    reason = "MIND_EXISTS"


async def test_an_append_is_repeated_under_one_idempotency_key() -> None:
    away = first(errors.Unavailable("restarting"), ledger.AppendResponse(head_seq=9), times=2)
    async with scripted(Append=away) as (target, script), pmm_client.connect(target) as client:
        answer = await client.mind("ada").append([ledger.NewEvent(actor="user")])

    keys = {request.idempotency_key for _, request in script.seen}
    assert answer.head_seq == 9
    assert len(script.seen) == 3
    assert len(keys) == 1


async def test_a_mind_that_is_there_is_no_error_where_that_was_said() -> None:
    there = pb.GetMindResponse(mind=pb.Mind(mind_id="ada", seq=7))
    script = scripted(CreateMind=always(_MindExists("taken")), GetMind=always(there))
    async with script as (target, _), pmm_client.connect(target) as client:
        assert (await client.mind("ada").create(exist_ok=True)).seq == 7
        with pytest.raises(pmm_client.MindExists):
            await client.mind("ada").create()


async def test_lists_follow_every_page() -> None:
    async def pages(request: Any, context: Any) -> pb.ListMindsResponse:
        number = int(request.page_token or "0")
        minds = [pb.MindListing(mind_id=f"m{number}")]
        return pb.ListMindsResponse(minds=minds, next_page_token=str(number + 1) if number < 3 else "")

    async with scripted(ListMinds=pages) as (target, _), pmm_client.connect(target) as client:
        assert [mind.mind_id async for mind in client.minds()] == ["m0", "m1", "m2", "m3"]


async def test_a_thread_of_many_pages_is_in_order_with_each_event_once() -> None:
    seqs = {"": [4, 6], "a": [2, 6, 8], "b": [4, 9]}
    tokens = {"": "a", "a": "b", "b": ""}

    async def pages(request: Any, context: Any) -> pb.GetCommitmentThreadResponse:
        events = [Event(seq=seq) for seq in seqs[request.page_token]]
        return pb.GetCommitmentThreadResponse(events=events, next_page_token=tokens[request.page_token])

    async with scripted(GetCommitmentThread=pages) as (target, _), pmm_client.connect(target) as client:
        thread = await client.mind("ada").commitment_thread("c-1")

    assert [event.seq for event in thread] == [2, 4, 6, 8, 9]


async def test_following_a_mind_goes_on_after_the_last_event_that_came() -> None:
    async def subscribe(request: Any, context: Any) -> AsyncIterator[ledger.SubscribeResponse]:
        yield ledger.SubscribeResponse(started=ledger.SubscriptionStarted(store_id="s"))
        seq = request.after_seq + 1
        yield ledger.SubscribeResponse(page=ledger.EventPage(events=[Event(seq=seq)], seq=seq))
        raise errors.Unavailable("restarting")

    seqs: list[int] = []
    async with scripted(Subscribe=subscribe) as (target, _), pmm_client.connect(target) as client:
        async for event in client.mind("ada").follow(after_seq=10):
            seqs.append(event.seq)
            if len(seqs) == 3:
                break

    assert seqs == [11, 12, 13]


async def test_a_broken_chain_cannot_be_overlooked() -> None:
    async def broken(request: Any, context: Any) -> AsyncIterator[ledger.VerifyResponse]:
        yield ledger.VerifyResponse(progress=ledger.VerifyProgress(seq=1, to_seq=9))
        wrong = ledger.BrokenEvent(seq=4, kind=ledger.BREAK_KIND_CHAIN, message="prev_hash is another")
        yield ledger.VerifyResponse(broken=wrong)

    progress: list[tuple[int, int]] = []
    async with scripted(Verify=broken) as (target, _), pmm_client.connect(target) as client:
        with pytest.raises(pmm_client.BrokenChain, match="prev_hash is another") as raised:
            await client.mind("ada").verify(on_progress=lambda done, total: progress.append((done, total)))

    assert (raised.value.seq, raised.value.reason) == (4, "CHAIN")
    assert progress == [(1, 9)]


async def test_an_import_keeps_to_the_limits_of_a_call_and_tells_equal_messages_apart() -> None:
    async def count(request: Any, context: Any) -> pb.ImportMessagesResponse:
        return pb.ImportMessagesResponse(appended=len(request.messages), head_seq=len(request.messages))

    long = "x" * 200_000
    messages = [Message("same", session="s")] * (BATCH_MESSAGES + 1) + [Message(long)] * 30
    async with scripted(ImportMessages=count) as (target, script), pmm_client.connect(target) as client:
        done = await client.mind("ada").import_messages(messages)

    requests = [request for _, request in script.seen]
    assert done.appended == len(messages)
    assert all(len(r.messages) <= BATCH_MESSAGES and r.ByteSize() <= BATCH_BYTES + 1024 for r in requests)
    sent = [message for request in requests for message in request.messages]
    assert [message.repetition for message in sent if message.text == "same"] == list(
        range(BATCH_MESSAGES + 1)
    )


def test_the_sync_twin_has_every_name_with_the_same_parameters() -> None:
    for kind in ("Client", "Mind"):
        ours, twin = getattr(pmm_client, kind), getattr(pmm_client.sync, kind)
        methods = {name for name in vars(ours) if not name.startswith("_") and callable(getattr(ours, name))}

        missing = {name for name in methods if not callable(getattr(twin, name, None))}

        assert missing == set()
    missing = {name for name in vars(pmm_client.Reply) if not name.startswith("_")} - set(
        vars(pmm_client.sync.Reply)
    )
    assert missing == {"aclose"}
    parameters = inspect.signature(pmm_client.sync.connect).parameters
    assert set(inspect.signature(pmm_client.connect).parameters) - set(parameters) == {"interceptors"}


def test_what_the_package_exports_is_there_and_sorted() -> None:
    assert sorted(pmm_client.__all__) == pmm_client.__all__
    assert all(hasattr(pmm_client, name) for name in pmm_client.__all__)
