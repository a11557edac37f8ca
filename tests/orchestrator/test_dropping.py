"""How what a person says ends a promise: it is dropped where it is clear which one, and kept only after it was made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.dropping import given_up
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.workers.commitments import named_by
from tests.orchestrator.talking import converse, events, followed
from tests.support.serving import Served

OPEN = ["water the plants", "call Ana about the boat", "renew my passport at the town hall", "buy milk"]


def dropped(text: str, promised: list[str]) -> list[str]:
    open_ones = [Commitment(f"c-{number}", one, number, 0) for number, one in enumerate(promised, 1)]
    return [one.text for meant in given_up(text) if meant.what for one in named_by(meant, open_ones)]


@pytest.mark.parametrize(
    "text",
    [
        "Never mind about watering the plants.",
        "nvm the plants, tom did it",
        "Cancel the reminder to water the plants.",
        "Can you cancel the reminder to water the plants?",
        "Would you mind deleting my reminder about the plants?",
        "please remove the plant reminder",
        "cancel my water the plants reminder",
        "Cancel the reminder “water the plants”.",
        "I no longer need to water the plants.",
        "i dont need to water the plants anymore",
        "We don't have to water the plants any more, it rained.",
        "No need to water the plants after all.",
        "I'm not going to water the plants after all.",
        "Forget about the plants.",
        "ok forget about watering the plants then",
        "You don't need to remind me to water the plants.",
        "u dont need 2 remind me about the plants",
        "stop reminding me to water the plants",
        "I don't need a reminder to water the plants any more.",
        "i won't be needing the reminder about the plants",
        "I've decided not to water the plants.",
        "Actually, I changed my mind about watering the plants.",
        "take watering the plants off my list",
        "take that reminder about the plants off",
        "I won't need the plants reminder.",
        "The reminder to water the plants is no longer needed.",
        "Watering the plants is no longer necessary.",
        "Tom told me he has watered them, so you can cancel the reminder to water the plants.",
    ],
)
def test_what_is_given_up_is_dropped(text: str) -> None:
    assert dropped(text, OPEN) == ["water the plants"]


@pytest.mark.parametrize(
    "text",
    [
        "Don't forget about the plants.",
        "don't let me forget about the plants",
        "Never mind the weather.",
        "never mind that the plants are dying",
        "I forgot about the plants.",
        "I can't forget the plants.",
        "Should I cancel the reminder to water the plants?",
        "How do I cancel the reminder to water the plants?",
        "Don't cancel the reminder to water the plants.",
        "I didn't cancel the reminder to water the plants.",
        "If it rains, cancel the reminder to water the plants.",
        "My brother says forget about the plants.",
        "He told me to relax and forget about the plants.",
        "He said I should relax, forget about the plants.",
        '"Cancel the reminder to water the plants."',
        "I don't need to water the plants today.",
        "I don't want to water the plants.",
        "I no longer need the plants.",
        "Forget about the plants in the office.",
        "Cancel the meeting.",
        "cancel the milk order",
        "Cancel Ana.",
        "Forget about the town hall.",
        "Cancel all my reminders.",
    ],
)
def test_what_is_not_given_up_stays_open(text: str) -> None:
    assert dropped(text, OPEN) == []


def test_which_of_two_is_given_up_is_not_guessed() -> None:
    two = ["water the plants", "buy plants"]

    assert dropped("Forget about the plants.", two) == []
    assert dropped("Forget about buying plants.", two) == ["buy plants"]
    assert dropped("Never mind about the milk and the plants.", OPEN) == ["buy milk", "water the plants"]


async def closed(served: Served) -> list[tuple[str, int, list[int]]]:
    """What was closed: its words, how, and by what."""
    await followed(served)
    told = await events(served, kinds=["commitment_opened", "commitment_closed"])
    words = {e.body.commitment_opened.commitment_id: e.body.commitment_opened.text for e in told}
    ends = [e.body.commitment_closed for e in told if e.kind == "commitment_closed"]
    return [(words[end.commitment_id], end.outcome, list(end.evidence_seqs)) for end in ends]


async def say(served: Served, text: str) -> int:
    """Returns the seq of a message that every worker has read."""
    turn = await converse(served, text)
    assert turn.started
    await followed(served)
    return turn.started.user_seq


async def test_a_person_drops_a_promise_by_talking(served: Served) -> None:
    await say(served, "Remind me to water the plants.")
    await say(served, "Remind me to call Ana.")
    seq = await say(served, "I no longer need to water the plants.")

    assert await closed(served) == [("water the plants", mind.COMMITMENT_OUTCOME_DROPPED, [seq])]


async def test_that_reminder_is_the_one_of_which_was_spoken_right_before_or_the_only_one(
    served: Served,
) -> None:
    await say(served, "Remind me to water the plants.")
    await say(served, "Remind me to call Ana.")
    right_after = await say(served, "Actually, delete that reminder.")
    assert await closed(served) == [("call Ana", mind.COMMITMENT_OUTCOME_DROPPED, [right_after])]

    await say(served, "Remind me to buy milk.")
    await say(served, "It is raining.")
    await say(served, "Delete that reminder.")
    assert len(await closed(served)) == 1

    await say(served, "I bought milk.")
    await say(served, "Never mind.")
    assert len(await closed(served)) == 2
    only = await say(served, "Cancel that one.")
    assert (await closed(served))[2:] == [("water the plants", mind.COMMITMENT_OUTCOME_DROPPED, [only])]


async def test_never_mind_right_after_a_reminder_drops_it(served: Served) -> None:
    await say(served, "remind me to water the plants")
    seq = await say(served, "nah, never mind")

    assert await closed(served) == [("water the plants", mind.COMMITMENT_OUTCOME_DROPPED, [seq])]


async def test_what_was_done_before_it_was_promised_keeps_nothing_by_the_clock_of_the_messages(
    served: Served,
) -> None:
    def at(day: int) -> Timestamp:
        return Timestamp(seconds=int(datetime(2026, 5, day, 15, tzinfo=UTC).timestamp()))

    await converse(served, "Remind me to call mum tomorrow.", query_time=at(4))
    await followed(served)
    await converse(served, "I called mum yesterday.", query_time=at(4))
    assert await closed(served) == []

    turn = await converse(served, "I called mum yesterday.", query_time=at(6))
    assert turn.started
    assert await closed(served) == [
        ("call mum tomorrow", mind.COMMITMENT_OUTCOME_DONE, [turn.started.user_seq])
    ]
