"""What a person asks to be reminded of, and what an answer promises, with the words that say when around it."""

from __future__ import annotations

import time

import pytest

from services.orchestrator.extraction.promises import promises
from tests.support.extraction import NOW


def found(text: str, *, reminders_only: bool = True) -> list[tuple[str, str]]:
    """What is promised, each with its due time to the minute."""
    made = promises(text, NOW, reminders_only=reminders_only)
    return [(one.text, one.due.isoformat()[:16] if one.due else "") for one in made]


@pytest.mark.parametrize(
    ("text", "what", "when"),
    [
        ("Remind me at the end of the month to send the invoice.", "send the invoice", "2026-05-31T23:59"),
        ("Remind me on the 3rd of June to send flowers.", "send flowers", "2026-06-03T23:59"),
        ("Set a reminder for the first of June to renew the lease.", "renew the lease", "2026-06-01T23:59"),
        ("Remind me by the end of the week to pay the rent.", "pay the rent", "2026-05-10T23:59"),
        ("Remind me in the middle of July to book the hotel.", "book the hotel", "2026-07-16T23:59"),
        ("Remind me on the first Friday of June to pay.", "pay", "2026-06-05T23:59"),
        ("Remind me the day before Christmas to buy a goose.", "buy a goose", "2026-12-24T23:59"),
        ("Remind me at the beginning of next week to send flowers.", "send flowers", "2026-05-11T23:59"),
        ("Remind me on the evening of 20 May to charge it.", "charge it", "2026-05-20T22:00"),
        ("Set a reminder for the end of May: renew the lease.", "renew the lease", "2026-05-31T23:59"),
        ("Set a reminder for tomorrow for the dentist.", "the dentist", "2026-05-07T23:59"),
        ("Alert me at quarter to eight: taxi.", "taxi", "2026-05-07T07:45"),
        ("Remind me at ten to five to leave.", "leave", "2026-05-06T16:50"),
        ("Remind me tomorrow of the milk.", "the milk", "2026-05-07T23:59"),
        ("On Friday, remind me at 7 to leave.", "leave", "2026-05-08T07:00"),
        ("Remind me of the meeting on Friday.", "the meeting on Friday", "2026-05-08T23:59"),
        ("Set a reminder for Friday at 5.", "Friday at 5", "2026-05-08T17:00"),
        ("Set a reminder for the dentist on Friday.", "the dentist on Friday", "2026-05-08T23:59"),
    ],
)
def test_what_to_be_reminded_of_begins_after_the_words_that_say_when(text: str, what: str, when: str) -> None:
    assert found(text) == [(what, when)]


@pytest.mark.parametrize(
    ("text", "what", "when"),
    [
        ("Set an alarm for 6:30 tomorrow.", "Set an alarm for 6:30 tomorrow", "2026-05-07T06:30"),
        ("Set an alarm for 2:30.", "Set an alarm for 2:30", "2026-05-06T14:30"),
        ("Set an alarm for 6.", "Set an alarm for 6", "2026-05-07T06:00"),
        ("Set an alarm for six.", "Set an alarm for six", "2026-05-07T06:00"),
        ("Set an alarm for noon.", "Set an alarm for noon", "2026-05-07T12:00"),
        ("Set an alarm for 6 tomorrow.", "Set an alarm for 6 tomorrow", "2026-05-07T06:00"),
        ("Set an alarm for 6 tonight.", "Set an alarm for 6 tonight", "2026-05-06T18:00"),
        ("Wake me up at 7.", "Wake me up at 7", "2026-05-07T07:00"),
        ("Wake me at 7.", "Wake me at 7", "2026-05-07T07:00"),
        ("On Friday, wake me at 6.", "wake me at 6", "2026-05-08T06:00"),
        ("Note to self: buy milk on Friday.", "buy milk on Friday", "2026-05-08T23:59"),
        ("Note to self: I need to call Ana.", "call Ana", ""),
        (
            "Follow up with me next week about it.",
            "Follow up with me next week about it",
            "2026-05-17T23:59",
        ),
        ("Check in with me on Sunday.", "Check in with me on Sunday", "2026-05-10T23:59"),
    ],
)
def test_to_be_woken_or_asked_again_is_a_request_too(text: str, what: str, when: str) -> None:
    assert found(text) == [(what, when)]


@pytest.mark.parametrize(
    ("text", "what", "when"),
    [
        ("remind me tomorrow bins", "bins", "2026-05-07T23:59"),
        ("reminder 5pm dentist", "dentist", "2026-05-06T17:00"),
        ("yo remind me in 20 the oven's on", "the oven's on", "2026-05-06T12:20"),
        ("can u ping me re the invoice friday", "the invoice friday", "2026-05-08T23:59"),
        ("need a nudge at 3.15 to leave", "leave", "2026-05-06T15:15"),
        (
            "Could I trouble you for a reminder about the keys on Friday?",
            "the keys on Friday",
            "2026-05-08T23:59",
        ),
        ("One more thing: a reminder to lock up at 8pm.", "lock up at 8pm", "2026-05-06T20:00"),
        ("Remind me of the fee a few days before the 28th.", "the fee a few days before the 28th", ""),
        ("when we talk next week remind me of the loan", "the loan", "2026-05-17T23:59"),
        ("remember that i need to call the bank tomorrow", "call the bank tomorrow", "2026-05-07T23:59"),
        (
            "remind me to ring gran in the morning shes in hospital",
            "ring gran in the morning",
            "2026-05-07T12:00",
        ),
        ("remind me to pay cos i always forget, ta x", "pay", ""),
        ("set a timer for 10 min for the pasta", "set a timer for 10 min for the pasta", "2026-05-06T12:10"),
        ("alarm 6am tmrw", "alarm 6am tmrw", "2026-05-07T06:00"),
    ],
)
def test_people_in_a_hurry_ask_in_fewer_words(text: str, what: str, when: str) -> None:
    assert found(text) == [(what, when)]


@pytest.mark.parametrize(
    ("text", "what", "when"),
    [
        ("Pick up the kids at 3, remind me.", "Pick up the kids at 3", "2026-05-06T15:00"),
        ("I have to send it by Friday. Can you remind me?", "send it by Friday", "2026-05-08T23:59"),
        (
            "The dentist is on Friday at 9. Remind me of it tomorrow.",
            "The dentist is on Friday at 9",
            "2026-05-07T23:59",
        ),
        (
            "I fly on Saturday at 6am. Remind me the night before.",
            "I fly on Saturday at 6am",
            "2026-05-08T23:59",
        ),
        ("I fly on Saturday at 6am. Remind me the night before to pack.", "pack", "2026-05-08T23:59"),
        ("Lunch is at 1 tomorrow. Remind me half an hour earlier to leave.", "leave", "2026-05-07T12:30"),
        (
            "Her birthday is June 3rd. Remind me the week before.",
            "Her birthday is June 3rd",
            "2026-05-27T23:59",
        ),
    ],
)
def test_who_says_only_remind_me_means_what_they_said_before(text: str, what: str, when: str) -> None:
    assert found(text) == [(what, when)]


@pytest.mark.parametrize(
    ("text", "errands"),
    [
        (
            "Remind me to call the vet tomorrow and book the hotel on Friday.",
            [("call the vet tomorrow", "2026-05-07T23:59"), ("book the hotel on Friday", "2026-05-08T23:59")],
        ),
        (
            "Remind me to call the vet tomorrow, and on Friday to book the hotel.",
            [("call the vet tomorrow", "2026-05-07T23:59"), ("book the hotel", "2026-05-08T23:59")],
        ),
        (
            "two reminders: call mum at 5, dentist at 6",
            [("call mum at 5", "2026-05-06T17:00"), ("dentist at 6", "2026-05-06T18:00")],
        ),
        ("Remind me to call Mum and Dad on Friday.", [("call Mum and Dad on Friday", "2026-05-08T23:59")]),
    ],
)
def test_each_errand_has_its_own_time(text: str, errands: list[tuple[str, str]]) -> None:
    assert found(text) == errands


@pytest.mark.parametrize(
    "text",
    [
        "What time is the train? Remind me.",
        "I love you. Remind me tomorrow.",
        "If it rains on Friday, remind me.",
        "That reminds me, the rent is due tomorrow.",
        "No need to remind me, it's on Friday.",
        "I remember that I need to pay on Friday.",
        "What reminders do I have: any for Friday?",
        "I need a nudge to get going.",
        "Remind me tomorrow what we talked about.",
    ],
)
def test_who_asks_or_tells_wants_no_reminder(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "I set an alarm for 6:30 tomorrow.",
        "Don't wake me at 7.",
        "Wake me up if it rains at 5.",
        "Wake me up when the film starts at 9.",
        "Set an alarm for 6 people.",
        "From tomorrow on, wake me with the news.",
        "Anna will follow up with me on Friday.",
        "Note to self: I am too old for this.",
        "Remind me what tomorrow is about.",
        "Remind me of what she said.",
    ],
)
def test_what_only_looks_like_a_request_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "what", "when"),
    [
        ("The plan for tomorrow: I'll write chapter two.", "write chapter two", "2026-05-07T23:59"),
        ("I will, by Tuesday, have a draft.", "have a draft", "2026-05-12T23:59"),
        ("As promised: I'll send it on Friday.", "send it on Friday", "2026-05-08T23:59"),
        ("My answer: I'll send it on Friday.", "send it on Friday", "2026-05-08T23:59"),
        ("I just called: I'll pick up the cake tomorrow.", "pick up the cake tomorrow", "2026-05-07T23:59"),
        (
            "The doctor called: I'll get the results on Friday.",
            "get the results on Friday",
            "2026-05-08T23:59",
        ),
        ("I'll pay on Friday - no, Saturday.", "pay on Friday - no, Saturday", "2026-05-09T23:59"),
        ("I'll pay on Friday – no problem.", "pay on Friday", "2026-05-08T23:59"),
        ("Will do that by Friday.", "do that by Friday", "2026-05-08T23:59"),
        ("Noted! gonna check it again at 6", "check it again at 6", "2026-05-06T18:00"),
        ("Expect part two from me on Friday.", "part two from me on Friday", "2026-05-08T23:59"),
    ],
)
def test_a_promise_may_be_told_when_before_it_or_within_it(text: str, what: str, when: str) -> None:
    assert found(text, reminders_only=False) == [(what, when)]


@pytest.mark.parametrize(
    "text",
    [
        "In the story, Marta whispers: I'll return before dawn.",
        "He replied: I'll send it on Friday.",
        "Will do, the draft lands in your inbox by Friday.",
        "I will, in general, agree.",
        "We'll see whether it works on Friday.",
        "You will hear back from the bank by Friday.",
    ],
)
def test_what_another_says_or_what_only_agrees_is_no_promise(text: str) -> None:
    assert found(text, reminders_only=False) == []


@pytest.mark.parametrize(
    "piece",
    [
        "remind me at the end of the ", "remind me for tomorrow for ", "set an alarm for 6 ", "note to self: ",
        "I will, by a, ", "wake me at 7 of ", "check in with me ", "the plan for a: I'll ", "whispers: I'll ",
        "will do, ", "remind me to of for ",
    ],
)  # fmt: skip
def test_hostile_words_take_no_longer_than_others(piece: str) -> None:
    text = (piece * (30_000 // len(piece) + 1))[:30_000]

    for reminders_only in (False, True):
        began = time.process_time()
        promises(text, NOW, reminders_only=reminders_only)
        assert time.process_time() - began < 0.5
