"""However much there is of a thing, an answer stays far below what a message may hold, and says what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.convert_analytics import MAX_NAMED
from services.orchestrator.explain import PART_BYTES, PART_EVENTS
from tests.support.drafts import imported, said
from tests.support.serving import Served

LONG = "x" * 200_000
"""About as long as a message may be."""
MIB = 1024 * 1024


def evidence(*seqs: int, of: str = "c-1") -> ledger.NewEvent:
    recorded = mind.EvidenceRecorded(commitment_id=of, seqs=seqs)
    return ledger.NewEvent(body=mind.Body(evidence_recorded=recorded))


def opened(its_id: str = "c-1") -> ledger.NewEvent:
    return ledger.NewEvent(
        body=mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id=its_id, text="water the plants"))
    )


async def append(served: Served, *events: ledger.NewEvent) -> list[int]:
    done: list[int] = []
    for start in range(0, len(events), 15):
        part = ledger.AppendRequest(mind_id="ada", events=events[start : start + 15])
        done += [one.seq for one in (await served.ledger.append(part)).events]
    return done


async def pages(
    served: Served, size: int = 1_000, as_of_seq: int | None = None
) -> list[pb.GetCommitmentThreadResponse]:
    request = pb.GetCommitmentThreadRequest(
        mind_id="ada", commitment_id="c-1", page_size=size, as_of_seq=as_of_seq
    )
    found = [await served.orchestrator.get_commitment_thread(request)]
    while token := found[-1].next_page_token:
        request.page_token = token
        found.append(await served.orchestrator.get_commitment_thread(request))
    return found


def seqs(page: pb.GetCommitmentThreadResponse) -> list[int]:
    return [event.seq for event in page.events]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_a_thread_is_whole_over_its_pages_of_whatever_size(served: Served, size: int) -> None:
    first = await append(served, said("one"), opened(), said("two"), said("three"), opened("c-2"))
    later = await append(
        served,
        evidence(first[2], first[3]),
        evidence(first[3], of="c-2"),
        said("four"),
        evidence(first[3], first[0]),
    )
    last = await append(served, evidence(*first[2:4], later[2]))

    found = await pages(served, size)

    assert all(len(seqs(page)) <= size and seqs(page) == sorted(seqs(page)) for page in found)
    told = [seq for page in found for seq in seqs(page)]
    assert set(told) == {*first[:4], later[0], later[2], later[3], *last}
    naming = {first[1], later[0], later[3], *last}
    assert [seq for seq in told if seq in naming] == sorted(naming)


async def test_the_pages_of_a_thread_tell_what_there_was_when_it_began(served: Served) -> None:
    first = await append(served, opened(), evidence(), evidence())
    request = pb.GetCommitmentThreadRequest(mind_id="ada", commitment_id="c-1", page_size=2)
    page = await served.orchestrator.get_commitment_thread(request)
    later = await append(served, evidence())
    request.page_token = page.next_page_token
    rest = await served.orchestrator.get_commitment_thread(request)

    assert (seqs(page) + seqs(rest), rest.next_page_token) == (first, "")
    assert [seq for one in await pages(served, 2) for seq in seqs(one)] == [*first, *later]
    assert [seq for one in await pages(served, 1, as_of_seq=first[1]) for seq in seqs(one)] == first[:2]


async def test_a_thread_goes_on_behind_an_event_that_was_erased_between_its_pages(served: Served) -> None:
    (message, promise, *rest) = await append(served, said("one"), opened(), evidence(), evidence())
    request = pb.GetCommitmentThreadRequest(mind_id="ada", commitment_id="c-1", page_size=1)
    page = await served.orchestrator.get_commitment_thread(request)
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[message, rest[0]]))
    request.page_token = page.next_page_token
    request.page_size = 100
    following = await served.orchestrator.get_commitment_thread(request)

    assert seqs(page) == [promise]
    assert seqs(following) == [rest[1]]


async def test_a_page_of_a_thread_with_long_messages_ends_at_a_mebibyte(served: Served) -> None:
    # Not to be remembered, lest workers read all of them meanwhile.
    long = [said(f"{number} {LONG}", remember=False) for number in range(24)]
    messages = await append(served, opened(), *long)
    (last,) = await append(served, evidence(*messages[1:]))

    found = await pages(served)

    assert len(found) > 4
    assert all(page.ByteSize() <= MIB + 1_000 for page in found)
    assert [seq for page in found for seq in seqs(page)] == [*messages, last]


async def test_a_token_of_the_thread_of_another_commitment_is_refused(served: Served) -> None:
    await append(served, opened(), evidence(), opened("c-2"), evidence(of="c-2"))
    request = pb.GetCommitmentThreadRequest(mind_id="ada", commitment_id="c-1", page_size=1)
    request.page_token = (await served.orchestrator.get_commitment_thread(request)).next_page_token
    request.commitment_id = "c-2"

    with pytest.raises(errors.InvalidArgument) as refused:
        await served.orchestrator.get_commitment_thread(request)
    assert [one.field for one in refused.value.violations] == ["page_token"]


async def answered(
    served: Served, sources: Sequence[Sequence[int]], recent: Sequence[int], state: Sequence[int]
) -> pb.ExplainResponse:
    """The explanation of an answer with such a receipt."""
    (question,) = await append(served, said("what do you know?"))
    memories = [
        mind.RecalledMemory(memory_id=f"m{place}", source_seqs=one) for place, one in enumerate(sources)
    ]
    receipt = mind.Receipt(memories=memories, recent_seqs=recent, state_seqs=state)
    answer = mind.AssistantMessage(text="much", receipt=receipt)
    (seq,) = await append(
        served, ledger.NewEvent(causation_seq=question, body=mind.Body(assistant_message=answer))
    )
    follows = mind.Custom(name="x")
    follows.data.update({"text": LONG})
    await append(
        served, *[ledger.NewEvent(causation_seq=seq, body=mind.Body(custom=follows)) for _ in range(4)]
    )
    return await served.orchestrator.explain(pb.ExplainRequest(mind_id="ada", seq=seq))


async def test_an_explanation_shows_of_long_messages_what_there_is_room_for_and_counts_the_rest(
    served: Served,
) -> None:
    long = await append(served, *(said(f"{number} {LONG}") for number in range(20)))
    fit = PART_BYTES // len(LONG)

    found = await answered(served, [long[:1], long[1:6], long[6:]], long, long)

    assert found.ByteSize() < 4 * MIB
    assert [[one.seq for one in each.sources] for each in found.memories] == [long[:1], long[1:fit], []]
    assert [each.left_out for each in found.memories] == [0, 6 - fit, 14]
    assert ([one.seq for one in found.recent], found.recent_left_out) == (long[-fit:], 20 - fit)
    assert ([one.seq for one in found.state], found.state_left_out) == (long[:fit], 20 - fit)
    assert (len(found.consequences), found.consequences_left_out) == (fit, 4 - fit)


async def test_an_explanation_shows_of_many_messages_the_best_and_the_latest(served: Served) -> None:
    (one, *_, last) = await append(served, *(said(f"{number}") for number in range(10)))
    many = [one] * (PART_EVENTS + 5)

    found = await answered(served, [[one], many], [*many, last], [one])

    assert [(len(each.sources), each.left_out) for each in found.memories] == [(1, 0), (PART_EVENTS - 1, 6)]
    assert (len(found.recent), found.recent[-1].seq, found.recent_left_out) == (PART_EVENTS, last, 6)
    assert ([each.seq for each in found.state], found.state_left_out) == ([one], 0)


async def test_of_very_many_speakers_the_most_talkative_are_named_and_the_others_counted_together(
    served: Served,
) -> None:
    others = MAX_NAMED + 20
    when = datetime(2026, 1, 1, tzinfo=UTC)
    await append(
        served,
        *(imported("two words", f"speaker {number:04}", when) for number in range(others)),
        *(imported("three more words", f"speaker {others - 1}", when) for _ in range(2)),
    )

    found = await served.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id="ada", session_id="s1"))

    counted = found.statistics
    assert counted.speakers[0].speaker == f"speaker {others - 1}"
    assert (len(counted.speakers), counted.speakers_left_out) == (MAX_NAMED, 20)
    assert (counted.other_speakers.messages, counted.other_speakers.words) == (20, 40)
    assert sum(one.messages for one in counted.speakers) + 20 == found.counts.imported_messages


async def test_of_a_long_text_among_many_the_beginning_is_listed(served: Served) -> None:
    words, seqs = "é" * (30 * 1024), list(range(1, 5_000))
    promised = [
        mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id=f"c-{number}", text=words))
        for number in range(10)
    ]
    adopted = mind.IdentityAdopted(name="Ada", confidence=1, why=words, evidence_seqs=seqs)
    told = mind.DirectiveAdopted(directive_id="d-1", text=words)
    bodies = [*promised, mind.Body(identity_adopted=adopted), mind.Body(directive_adopted=told)]
    await append(served, *(ledger.NewEvent(body=body) for body in bodies))
    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    history = await served.orchestrator.get_identity_history(pb.GetIdentityHistoryRequest(mind_id="ada"))

    beginning = "é" * (2 * 1024) + "…"
    assert [one.text for one in state.open_commitments] == [beginning] * 10
    assert [one.text for one in state.directives] == [beginning]
    assert history.changes[-1].why == beginning
    assert list(history.changes[-1].evidence_seqs) == seqs[:1_000]


async def test_what_a_call_takes_is_listed_whole(served: Served) -> None:
    text = "é" * (2 * 1024)
    await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text=text))
    listed = await served.orchestrator.list_commitments(pb.ListCommitmentsRequest(mind_id="ada"))

    assert [one.text for one in listed.commitments] == [text]
