"""Transcripts: both forms, told apart by their content; what is wrong is named by line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pmm_client.transcripts import parse


def lines(*objects: object) -> bytes:
    return "\n".join(json.dumps(one) for one in objects).encode()


def test_a_line_is_a_message() -> None:
    line = {
        "speaker": "Ana",
        "text": "Olá",
        "occurred_at": "2026-05-03T12:00:00+02:00",
        "session": 3,
        "external_id": "x",
    }

    (message,) = parse(lines(line)).messages

    assert (message.speaker, message.text, message.session, message.external_id) == ("Ana", "Olá", "3", "x")
    assert message.occurred_at == datetime(2026, 5, 3, 10, tzinfo=UTC)


def test_only_text_must_be_there_and_a_time_without_zone_is_utc() -> None:
    bare, timed = parse(lines({"text": "a"}, {"text": "b", "occurred_at": "2026-05-03 10:00"})).messages

    assert (bare.speaker, bare.occurred_at, bare.session) == ("", None, "")
    assert timed.occurred_at == datetime(2026, 5, 3, 10, tzinfo=UTC)


def test_every_bad_line_is_named_with_its_number() -> None:
    bad = [
        b'{"text": "fine"}',
        b"",
        b"not json",
        b"[1]",
        b'{"speaker": "Ana"}',
        b'{"text": "  "}',
        b'{"text": "a", "occurred_at": "yesterday"}',
        b'{"text": "a", "session": "a b"}',
        b'{"text": "a", "session": true}',
        b'{"text": "a", "speaker": 7}',
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        json.dumps({"text": "x" * 300_000}).encode(),
    ]

    found = parse(b"\n".join(bad))

    assert [problem.place for problem in found.problems] == [f"line {n}" for n in range(3, 14)]
    assert len(found.messages) == 1
    assert all("x" * 50 not in str(problem) for problem in found.problems)


def test_half_a_character_is_named_by_line_and_field() -> None:
    half = lines(
        {"text": "\ud800"},
        {"text": "Hello.", "speaker": "\ud800"},
        {"text": "Hello.", "external_id": "\udfff"},
    )

    problems = parse(half).problems

    assert [str(problem).split(" holds")[0] for problem in problems] == [
        'line 1: "text"',
        'line 2: "speaker"',
        'line 3: "external_id"',
    ]


def test_a_misspelt_field_is_not_passed_over_in_silence() -> None:
    assert parse(lines({"text": "a", "occured_at": "2026-05-03"})).unknown_fields == {"occured_at"}


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    found = parse(b'\xef\xbb\xbf{"text": "a"}\r\n{"text": "b"}\r\n')

    assert [message.text for message in found.messages] == ["a", "b"]
    assert found.problems == []


CONVERSATION = {
    "speaker_a": "Ana",
    "session_10_date_time": "1:56 pm on 8 May, 2023",
    "session_10": [{"speaker": "Ben", "dia_id": "D10:1", "text": "last"}],
    "session_2_date_time": "12:09 am on 13 September, 2022",
    "session_2": [
        {"speaker": "Ana", "dia_id": "D2:1", "text": " first ", "blip_caption": "a photo of a cat"},
        {"speaker": "Ben", "dia_id": "D2:2", "text": "second"},
    ],
    "qa": [],
}


def test_a_locomo_conversation_is_read_in_the_order_of_its_sessions() -> None:
    messages = parse(json.dumps(CONVERSATION, indent=1).encode()).messages

    assert [message.external_id for message in messages] == ["D2:1", "D2:2", "D10:1"]
    assert messages[0].text == "first [shares a photo of a cat]"
    assert messages[0].occurred_at == datetime(2022, 9, 13, 0, 9, tzinfo=UTC)
    assert (messages[2].speaker, messages[2].session) == ("Ben", "session_10")


def test_the_later_form_of_locomo_is_the_same_conversation() -> None:
    nested = json.dumps([{"sample_id": "conv-1", "conversation": CONVERSATION}]).encode()

    assert parse(nested).messages == parse(json.dumps(CONVERSATION).encode()).messages


def test_a_session_without_its_time_is_a_problem() -> None:
    broken = {**CONVERSATION, "session_2_date_time": "long ago"}

    assert [problem.place for problem in parse(json.dumps(broken).encode()).problems] == [
        "session_2_date_time"
    ]


def test_one_line_that_is_a_whole_file_is_still_a_line() -> None:
    assert [message.text for message in parse(b'{"text": "alone"}').messages] == ["alone"]
