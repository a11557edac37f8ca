"""When something is due, by the words that say so. Said on Wednesday, 6 May 2026, at noon, in UTC, unless said else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.orchestrator.extraction.due import due, times, without_time
from tests.support.extraction import NOW

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")


def told(text: str, now: datetime = NOW) -> str:
    """The time that is found, in UTC and to the minute; empty where none is."""
    when = due(text, now)
    return when.astimezone(UTC).isoformat()[:16] if when else ""


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("first Friday of June", "2026-06-05T23:59"),
        ("pay on the first Friday of June at 3pm", "2026-06-05T15:00"),
        ("second Tuesday in June", "2026-06-09T23:59"),
        ("third Thursday of next month", "2026-06-18T23:59"),
        ("first Monday of July", "2026-07-06T23:59"),
        ("on the first Monday of the month", "2026-06-01T23:59"),
        ("the last Friday of the month", "2026-05-29T23:59"),
        ("last Friday of June", "2026-06-26T23:59"),
        ("the second Tuesday of January 2027", "2027-01-12T23:59"),
        ("on the fifth Friday of June 2026", ""),
        ("on the first Friday", ""),
        ("by the first week of June", ""),
        ("on the first Friday of every month", ""),
        ("every first Friday of June", ""),
        ("last Friday in the office", ""),
    ],
)
def test_a_weekday_is_counted_in_its_month(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("in a month and a half", "2026-06-21T23:59"),
        ("in a year and a half", "2027-11-06T23:59"),
        ("in 1.5 years", "2027-11-06T23:59"),
        ("in two and a half weeks", "2026-05-24T23:59"),
        ("in 2.5 days", "2026-05-09T23:59"),
        ("in an hour and a half", "2026-05-06T13:30"),
        ("in 3 days and 2 hours", "2026-05-09T14:00"),
        ("in three quarters of an hour", "2026-05-06T12:45"),
    ],
)
def test_a_part_of_a_day_counts_as_one_and_a_part_of_more_in_days(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("defrost the salmon sat am", "2026-05-09T12:00"),
        ("thurs teatime", "2026-05-07T17:00"),
        ("this arvo", "2026-05-06T18:00"),
        ("tomorrow eve", "2026-05-07T22:00"),
        ("2nite at 8", "2026-05-06T20:00"),
        ("in 2h", "2026-05-06T14:00"),
        ("in 30min", "2026-05-06T12:30"),
        ("in 2wks", "2026-05-20T23:59"),
        ("in 40", "2026-05-06T12:40"),
        ("on the wknd", "2026-05-10T23:59"),
        ("day after tmrw", "2026-05-08T23:59"),
        ("at like 6", "2026-05-06T18:00"),
        ("at 17:30 on 5.12.", "2026-12-05T17:30"),
        ("on 5.12. at 17:30", "2026-12-05T17:30"),
        ("on 5.12", "2026-12-05T23:59"),
        ("by eom", "2026-05-31T23:59"),
        ("by year end", "2026-12-31T23:59"),
        ("in 1h30", "2026-05-06T13:30"),
        ("in 90 seconds", "2026-05-06T12:01"),
        ("at 1930", "2026-05-06T19:30"),
        ("an hour before the 3pm meeting tomorrow", "2026-05-07T14:00"),
        ("when its 5", "2026-05-06T17:00"),
        ("i am late", ""),
        ("add in 10 eggs", ""),
        ("the 24h pharmacy", ""),
    ],
)
def test_times_are_written_short(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("in the last week of June", "2026-06-30T23:59"),
        ("in the first week of June", "2026-06-07T23:59"),
        ("before his op on the 14th", "2026-05-13T23:59"),
        ("before the meeting on Tuesday at 3", "2026-05-12T15:00"),
        ("about the storm we had on Boxing Day", ""),
        ("the mail you got at 9 this morning", ""),
        ("the flat on Fourth of July Avenue", ""),
    ],
)
def test_what_was_on_a_day_names_no_time_and_what_is_before_it_ends_before(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("two days before Christmas", "2026-12-23T23:59"),
        ("the day before Christmas", "2026-12-24T23:59"),
        ("a week before 20 June", "2026-06-13T23:59"),
        ("2 weeks before 1 June", "2026-05-18T23:59"),
        ("3 days before the 20th", "2026-05-17T23:59"),
        ("the day before my flight on 12 June", "2026-06-11T23:59"),
        ("the evening before my flight on 12 June", "2026-06-11T22:00"),
        ("the day after Friday", "2026-05-09T23:59"),
        ("two days after Christmas", "2026-12-27T23:59"),
        ("a week on Friday", "2026-05-15T23:59"),
        ("a fortnight on Friday", "2026-05-22T23:59"),
        ("fortnight from Monday", "2026-05-25T23:59"),
        ("two weeks from Monday", "2026-05-25T23:59"),
        ("an hour before 3pm tomorrow", "2026-05-07T14:00"),
        ("half an hour before 3pm", "2026-05-06T14:30"),
        ("an hour before the meeting on Friday at 3pm", "2026-05-08T14:00"),
        ("10 minutes before the meeting tomorrow at 3pm", "2026-05-07T14:50"),
        ("an hour before the meeting on Friday", ""),
        ("a few days before Christmas", ""),
        ("every two weeks on Monday", ""),
        ("after Friday at five", ""),
    ],
)
def test_a_time_before_or_after_another_is_counted_from_it(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("tomorrow night at 2", "2026-05-08T02:00"),
        ("tonight at 1am", "2026-05-07T01:00"),
        ("tonight at 12", "2026-05-07T00:00"),
        ("tonight at 8", "2026-05-06T20:00"),
        ("the match at 8", "2026-05-06T20:00"),
        ("the match on Saturday at 8 in the morning", "2026-05-09T08:00"),
        ("the film on Friday at 8 - no, 9", "2026-05-08T21:00"),
        ("watch the film and call Ana at 8", "2026-05-07T08:00"),
        ("read the match report at 8", "2026-05-07T08:00"),
        ("before the beginning of June", "2026-05-31T23:59"),
        ("on Friday night at 1am", "2026-05-09T01:00"),
        ("on Friday at 1 in the night", "2026-05-08T01:00"),
    ],
)
def test_a_night_goes_on_after_midnight(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("said_at", "text", "when"),
    [
        ("2026-05-06T12:00", "every Friday at 5pm", "2026-05-08T17:00"),
        ("2026-05-08T12:00", "at 5pm every Friday", "2026-05-08T17:00"),
        ("2026-05-08T18:00", "every Friday at 5pm", "2026-05-15T17:00"),
        ("2026-05-08T18:00", "call Ana each Friday at 17:00", "2026-05-15T17:00"),
        ("2026-05-08T18:00", "every Sunday at noon", "2026-05-10T12:00"),
        ("2026-05-08T18:00", "every Friday", ""),
        ("2026-05-08T18:00", "every Friday evening", ""),
        ("2026-05-08T18:00", "every day at 5pm", "2026-05-09T17:00"),
    ],
)
def test_of_a_weekday_that_is_repeated_at_some_hour_the_next_one_counts(
    said_at: str, text: str, when: str
) -> None:
    assert told(text, datetime.fromisoformat(said_at).replace(tzinfo=UTC)) == when


def test_who_says_tonight_after_midnight_means_the_night_that_it_is() -> None:
    assert told("tonight at 2am", datetime(2026, 5, 7, 0, 30, tzinfo=UTC)) == "2026-05-07T02:00"
    assert told("tonight at 2am", datetime(2026, 5, 7, 3, 0, tzinfo=UTC)) == "2026-05-08T02:00"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("next May", "2027-05-31T23:59"),
        ("in May", "2026-05-31T23:59"),
        ("next June", "2026-06-30T23:59"),
        ("on the evening of 20 May", "2026-05-20T22:00"),
        ("at 0830 tomorrow", "2026-05-07T08:30"),
        ("at 1430 tomorrow", "2026-05-07T14:30"),
        ("at 0900 hours", "2026-05-07T09:00"),
        ("by 2030", ""),
        ("sell it at 1984", ""),
        ("by 2026-05-20T14:30", "2026-05-20T14:30"),
        ("by 2026-05-20T14:30:00Z", "2026-05-20T14:30"),
        ("by 2026-05-20T14:30:00.000-05:00", "2026-05-20T19:30"),
        ("by 2026-05-20T14:30:00.1-05:00", "2026-05-20T19:30"),
        ("2026-06-01T14:00:00.123456-05:00", "2026-06-01T19:00"),
        ("pay by 15/05", "2026-05-15T23:59"),
        ("pay by 05/15/2026 at 3pm", "2026-05-15T15:00"),
        ("by 2026/05/20", "2026-05-20T23:59"),
        ("on 20.05. at 10:00", "2026-05-20T10:00"),
        ("by 05/06/2026", ""),
        ("work 24/7 on it", ""),
        ("read pages 13/5", ""),
        ("upgrade to 13.5.", ""),
        ("see example.com/2026/05/20/post", ""),
        ("fri 3pm", "2026-05-08T15:00"),
        ("tue at 2", "2026-05-12T14:00"),
        ("mon 8:30", "2026-05-11T08:30"),
        ("we sat at 8 tables", "2026-05-07T08:00"),
    ],
)
def test_days_and_hours_are_read_as_they_are_written(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("not on Friday but on Saturday", "2026-05-09T23:59"),
        ("not on Friday at 5 but on Saturday at 6", "2026-05-09T18:00"),
        ("not before Friday", ""),
        ("why not on Friday", "2026-05-08T23:59"),
        ("not until Friday", "2026-05-08T23:59"),
        ("Monday, no, Tuesday", "2026-05-12T23:59"),
        ("I'll call you on Monday at 5pm, no, on Tuesday", "2026-05-12T17:00"),
        ("on Monday at 5pm, sorry, at 6pm", "2026-05-11T18:00"),
        ("on Friday, actually, make that Sunday", "2026-05-10T23:59"),
        ("by Friday, no problem", "2026-05-08T23:59"),
        ("I'll finish it by Friday, sorry, Monday is a holiday.", "2026-05-08T23:59"),
        ("by Friday, sorry, Monday I can't", "2026-05-08T23:59"),
        ("on Friday - no, Saturday", "2026-05-09T23:59"),
        ("Friday – sorry, Saturday", "2026-05-09T23:59"),
        ("on Friday at 5 - no, 6", "2026-05-08T18:00"),
        ("tomorrow at 10pm, no, 11", "2026-05-07T23:00"),
        ("at 5 - no, 6", "2026-05-06T18:00"),
        ("bring five, no, six on Friday", "2026-05-08T23:59"),
    ],
)
def test_what_is_taken_back_is_no_time(text: str, when: str) -> None:
    assert told(text) == when


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("tomorrow at 9am PST", "2026-05-07T17:00"),
        ("tomorrow at 9am Pacific time", "2026-05-07T16:00"),
        ("at 15:00 UTC", "2026-05-06T15:00"),
        ("at 8am UTC", "2026-05-07T08:00"),
        ("call at 3pm EST on Friday", "2026-05-08T20:00"),
        ("5pm Eastern tomorrow", "2026-05-07T21:00"),
        ("at 9 Eastern on Friday", "2026-05-08T13:00"),
        ("at 5pm (CEST) tomorrow", "2026-05-07T15:00"),
        ("tomorrow at 9 UTC+2", "2026-05-07T07:00"),
        ("tomorrow at 09:00+02:00", "2026-05-07T07:00"),
        ("tomorrow at 09:00 GMT-3:30", "2026-05-07T12:30"),
        ("tomorrow at 09:00-10:30", "2026-05-07T07:00"),
        ("at 3pm IST on Friday", "2026-05-08T13:00"),
        ("at 3pm my time on Friday", "2026-05-08T13:00"),
        ("tomorrow at 5pm West Gate", "2026-05-07T15:00"),
        ("tomorrow at 5pm Central Station", "2026-05-07T15:00"),
    ],
)
def test_an_hour_is_in_the_time_zone_that_is_named_or_the_minds(text: str, when: str) -> None:
    berlin = NOW.astimezone(BERLIN)

    found = due(text, berlin)

    assert told(text, berlin) == when
    assert found is not None
    assert found.tzinfo is BERLIN


def test_an_hour_that_a_clock_shows_twice_is_the_next_one() -> None:
    again = datetime(2026, 11, 1, 1, 15, fold=1, tzinfo=NEW_YORK)
    first = datetime(2026, 11, 1, 1, 15, tzinfo=NEW_YORK)

    assert told("at 1:30am", again) == told("today at 1:30am", again) == "2026-11-01T06:30"
    assert told("at 1:30am", first) == "2026-11-01T05:30"
    assert told("at 1:10am", again) == "2026-11-02T06:10"


@pytest.mark.parametrize("text", ["in an hour", "tomorrow", "at 1am", "next week", "in 3 days at 5pm UTC"])
@pytest.mark.parametrize("zone", [UTC, NEW_YORK, BERLIN])
def test_nothing_is_due_after_the_last_year(text: str, zone: ZoneInfo) -> None:
    assert due(text, datetime(9999, 12, 31, 23, 30, tzinfo=zone)) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("pay on the first Friday of June", "pay "),
        ("book a week before 20 June", "book "),
        ("call at 3pm EST on Friday", "call "),
    ],
)
def test_all_words_that_say_when_are_left_out(text: str, rest: str) -> None:
    assert without_time(text) == rest
    assert times(text) == [(len(rest), len(text))]


@pytest.mark.parametrize(
    "piece",
    [
        "a week before ", "the day before my ", "not ", "no, ", "Monday, no, ", "first Friday of ", "at 0830", "UTC+",
        "+02:", "2026-05-20T", "14:30:", "Eastern ", "at 5 - no, 6 ", " - no, ", "no - ", "9 PST ",
        "a couple of weeks from ",
        "five minutes before the a ", "(EST ", "every two weeks on ", "sorry ",
        "in a year and a half and ", "quarter of an hour before ",
    ],
)  # fmt: skip
def test_hostile_words_take_no_longer_than_others(piece: str) -> None:
    text = (piece * (30_000 // len(piece) + 1))[:30_000]

    began = time.process_time()
    due(text, NOW)
    without_time(text)

    assert time.process_time() - began < 0.5
