"""What a query names: times, against its own clock; and what a fact claims."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.memory import temporal
from services.memory.analysis import IS_QUESTION, TELLS_TIME, asks_when, form, query_words, same_words
from services.memory.claims import MAX_SENTENCE, claims, contradicts
from services.memory.temporal import near, nearness, spans

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
"""A Saturday."""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("What did she paint on 7 May 2023?", "2023-05-07/2023-05-08"),
        ("What did she paint on May 7th, 2023?", "2023-05-07/2023-05-08"),
        ("the 7th of May", "2026-05-07/2026-05-08"),
        ("on 25 December", "2025-12-25/2025-12-26"),
        ("on 2024-02-29", "2024-02-29/2024-03-01"),
        ("between 0001-01-01 and 9999-12-31", "0001-01-01/0001-01-02"),
        ("in July 2023", "2023-07-01/2023-08-01"),
        ("in May", "2026-05-01/2026-06-01"),
        ("in December", "2025-12-01/2026-01-01"),
        ("last May", "2026-05-01/2026-06-01"),
        ("last November", "2025-11-01/2025-12-01"),
        ("during summer 2022", "2022-06-01/2022-09-01"),
        ("last summer", "2026-06-01/2026-09-01"),
        ("in 2021", "2021-01-01/2022-01-01"),
        ("yesterday", "2026-11-20/2026-11-21"),
        ("two days ago", "2026-11-19/2026-11-20"),
        ("3 weeks ago", "2026-10-26/2026-11-02"),
        ("a month ago", "2026-10-01/2026-11-01"),
        ("last week", "2026-11-09/2026-11-16"),
        ("last weekend", "2026-11-14/2026-11-16"),
        ("this year", "2026-01-01/2027-01-01"),
        ("last Tuesday", "2026-11-17/2026-11-18"),
        ("last Saturday", "2026-11-14/2026-11-15"),
        ("the week before 3 August 2023", "2023-07-27/2023-08-03"),
        ("two weeks after 3 August 2023", "2023-08-04/2023-08-18"),
        ("after 2020", "2021-01-01/9999-12-31"),
        ("before May 2020", "0001-01-01/2020-05-01"),
        ("since 2020", "2020-01-01/9999-12-31"),
    ],
)
def test_times_are_resolved_against_the_clock_of_the_query(query: str, expected: str) -> None:
    assert list(temporal.describe(spans(query, NOW))) == [expected]


@pytest.mark.parametrize(
    "query",
    [
        "may I come in?",
        "she marched on",
        "what is 4 plus 5",
        "31 February 2023",
        "item 12345",
        "a second ago",
    ],
)
def test_what_is_no_time_is_none(query: str) -> None:
    assert spans(query, NOW) == []


@pytest.mark.parametrize(
    ("query", "zone", "start", "end"),
    [
        # In Auckland it is half past four on Sunday morning.
        ("yesterday", "Pacific/Auckland", datetime(2026, 11, 20, 11), datetime(2026, 11, 21, 11)),
        ("last Saturday", "Pacific/Auckland", datetime(2026, 11, 20, 11), datetime(2026, 11, 21, 11)),
        ("today", "America/New_York", datetime(2026, 11, 21, 5), datetime(2026, 11, 22, 5)),
        # The clocks were set back on this day, which has 25 hours.
        ("on 2026-11-01", "America/New_York", datetime(2026, 11, 1, 4), datetime(2026, 11, 2, 5)),
        ("in July 2023", "Asia/Kolkata", datetime(2023, 6, 30, 18, 30), datetime(2023, 7, 31, 18, 30)),
        ("in 2021", "Asia/Kolkata", datetime(2020, 12, 31, 18, 30), datetime(2021, 12, 31, 18, 30)),
    ],
)
def test_days_begin_where_the_clock_of_the_query_hangs(
    query: str, zone: str, start: datetime, end: datetime
) -> None:
    (span,) = spans(query, NOW.astimezone(ZoneInfo(zone)))
    assert (span.start.astimezone(UTC), span.end.astimezone(UTC)) == (
        start.replace(tzinfo=UTC),
        end.replace(tzinfo=UTC),
    )


@given(
    st.text(max_size=80) | st.sampled_from(["since 0001-01-01", "until 9999-12-30", "before today"]),
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.timezones()),
)
def test_no_query_is_too_odd(query: str, now: datetime) -> None:
    wanted = spans(query, now)
    for span in wanted:
        assert span.start <= span.end
    nearness(np.array([0, 1]), wanted)


@given(st.integers(0, 20_000_000), st.sampled_from(["day", "week", "month", "year"]))
def test_no_distance_is_too_far(number: int, unit: str) -> None:
    spans(f"{number} {unit}s ago", NOW)
    spans(f"{number % 1000} {unit}s ago", NOW)


def test_what_is_told_soon_after_counts_the_less_the_later() -> None:
    (july,) = spans("in July 2023", NOW)
    days = [datetime(2023, 6, 30), datetime(2023, 7, 15), datetime(2023, 8, 5), datetime(2023, 9, 1)]
    occurred = np.array([int(day.replace(tzinfo=UTC).timestamp()) * temporal.NS for day in days] + [0])

    before, inside, soon, late, unknown = nearness(occurred, [july])

    assert (before, inside, late, unknown) == (0, 1, 0, 0)
    assert 0.5 < soon < 1


@given(
    st.lists(st.integers(-60 * 365, 60 * 365), max_size=30),
    st.sampled_from(
        ["in July 2023", "before 1970", "after 3 May 1969", "in 1950 and last week", "yesterday"]
    ),
)
def test_what_is_near_in_time_is_what_has_a_nearness(days: list[int], query: str) -> None:
    occurred = np.array(days, np.int64) * 86_400 * temporal.NS
    wanted = spans(query, NOW)
    assert wanted
    assert near(occurred, wanted).tolist() == (nearness(occurred, wanted) > 0).tolist()


def test_forms_are_told_apart() -> None:
    assert form("Where were you? [shares a photo of a dog]") == IS_QUESTION
    assert form("I went there last week") == TELLS_TIME
    assert asks_when("When did you go?")
    assert not asks_when("Where did you go when it rained?")
    assert query_words("What did Ana's sister paint?") == ["ana", "sister", "paint"]
    assert same_words("It's ME, again!") == same_words("it s me again")


@pytest.mark.parametrize(
    ("text", "of", "value"),
    [
        ("Ana lives in Porto since 2021.", "ana\0lives", "porto"),
        ("My sister Ana has moved to Porto", "my sister ana\0lives", "porto"),
        ("Ben works as a baker", "ben\0occupation", "baker"),
        ("I am 34 years old", "i\0age", "34"),
        ("Ben doesn't like olives", "ben\0likes\0olives", "no"),
        ("Ben no longer likes olives", "ben\0likes\0olives", "no"),
        ("Ben dislikes olives", "ben\0likes\0olives", "no"),
    ],
)
def test_claims_are_read(text: str, of: str, value: str) -> None:
    found = claims(text)[0]
    assert (found.of, found.value, found.is_over) == (of, value, False)


@pytest.mark.parametrize(
    "text",
    [
        "Ana no longer lives in Porto",
        "If Ana lives in Porto we can visit",
        "The room is 20 m wide",
        "Ana might move to Porto",
        "Ana lives in Porto?",
        "Ana lives in Porto？",
        "the weather is fine",
        "",
    ],
)
def test_what_is_unclear_rules_nothing_out(text: str) -> None:
    so = claims("Ana lives in Lyon")

    assert not any(contradicts(new, old) for new in claims(text) for old in so)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Ana no longer lives in Porto", "Ana lives in Porto"),
        ("Ana left Porto in May.", "Ana lives in Porto"),
        ("The user quit their job at Siemens last week.", "The user works at Siemens in Munich."),
        ("The user left Tom in June.", "Tom is the user's partner."),
        ("Ana was fired on Monday.", "Ana works for Volvo."),
        ("The user has given up tennis.", "The user plays tennis."),
        ("The user quit their job last week.", "The user works as a nurse at Mercy Hospital."),
        ("The user is retired.", "The user works for Volvo."),
        ("Ana broke up with Tom.", "Tom is Ana's boyfriend."),
        ("Tom and the user split up in May.", "The user is dating Tom."),
        ("The user got divorced.", "The user is married to Ben."),
        ("Mia is the user's ex.", "Mia is the user's girlfriend."),
        ("The user has sold their car.", "The user has a red car."),
        ("The user sold the Volvo on Sunday.", "The user drives a Volvo."),
        ("The user no longer plays the piano.", "The user plays the piano."),
        ("The user stopped smoking.", "The user smokes."),
        ("The user has stopped liking gin.", "The user likes gin."),
        ("The user stopped living in Porto.", "The user lives in Porto."),
        ("The user stopped riding a bike.", "The user rides a bike."),
        ("The user no longer plays chess twice a week.", "The user plays chess twice a week."),
        ("The user is no longer a teacher.", "The user is a teacher."),
        ("The user left Siemens to found a company.", "The user works at Siemens."),
        ("The user is unemployed.", "The user works at Siemens."),
        ("The user is jobless.", "The user works at Siemens."),
        ("Tom and the user broke up.", "The user is married to Tom."),
        ("Tom left the user.", "Tom is the user's boyfriend."),
        ("The user divorced Ben last year.", "The user is married to Ben."),
        ("The user's husband died in May.", "The user is married."),
        ("The user's dog died last week.", "The user has a dog."),
        ("The user does not play chess.", "The user plays chess every Sunday."),
        ("The user does not have a car.", "The user has a red car."),
        ("The user is no longer with Siemens.", "The user works at Siemens."),
        ("The user had their last day at Siemens on Friday.", "The user works at Siemens."),
        ("The user's contract with Airbus has run out.", "The user works for Airbus as a welder."),
        ("The user's contract was not renewed.", "The user works for Airbus."),
        ("The user left the company.", "The user works for Airbus."),
        ("The user stopped smoking.", "The user smokes a pack a day."),
        ("The user quit smoking three weeks ago.", "The user is a heavy smoker."),
        ("The user is a non-smoker.", "The user smokes."),
        ("The user stopped running.", "The user is a keen runner."),
        ("The user stopped teaching.", "The user is a maths teacher."),
        ("The user gave up coffee.", "The user likes coffee."),
        ("The user quit coffee for good.", "The user drinks coffee every morning."),
        ("The user cancelled their membership at FitX.", "The user is a member of FitX."),
        ("The user's Netflix subscription expired.", "The user subscribes to Netflix."),
        ("The user left the choir.", "The user sings in a church choir."),
        ("The user moved away from Leeds.", "The user lives in Leeds."),
        ("The user moved out of Ana's place.", "The user lives with Ana."),
        ("Ben is the user's new boss.", "Ana is the user's boss."),
        ("Ben is the user's new boss.", "The user's boss is Ana."),
    ],
)
def test_what_is_over_is_read(text: str, ends: str) -> None:
    assert any(contradicts(new, old) for new in claims(text) for old in claims(ends))
    assert not any(contradicts(new, old) for new in claims(ends) for old in claims(ends))


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("The user no longer works at Bosch.", "The user works at Siemens."),
        ("The user left Porto airport in May.", "The user lives in Porto."),
        ("Ana quit her job.", "The user works at Siemens."),
        ("The user broke up with Tom.", "Ben is the user's boyfriend."),
        ("The user is divorced.", "Tom is the user's boyfriend."),
        ("Tom is the user's boyfriend.", "Ben is the user's boyfriend."),
        ("The user sold a car.", "The user has a car."),
        ("The user has a boat.", "The user has a car."),
        ("The user no longer plays the violin.", "The user plays the piano."),
        ("The user no longer works on Fridays.", "The user works at Siemens."),
        ("The user does not play chess on Mondays.", "The user plays chess every Sunday."),
        ("Ben's dog died last week.", "The user has a dog."),
        ("Tom left the user a note.", "Tom is the user's boyfriend."),
        ("The user is no longer with Vodafone.", "The user works at Siemens."),
        ("The user's contract with Vodafone ended.", "The user works at Siemens."),
        ("The user's contract was renewed.", "The user works at Siemens."),
        ("The user stopped smoking for a week.", "The user smokes."),
        ("The user quit smoking once.", "The user smokes."),
        ("The user gave up coffee for Lent.", "The user likes coffee."),
        ("The user gave up coffee.", "The user likes tea."),
        ("The user stopped writing to Ana.", "The user is a writer."),
        ("The user cancelled their membership at McFit.", "The user is a member of FitX."),
        ("The user left the rowing club.", "The user is a member of the chess club."),
        ("The user moved out of Leeds.", "The user lives in Porto."),
        ("Ben is the user's boss.", "Ana is the user's boss."),
        ("Ben is the user's new dentist.", "Ana is the user's boss."),
        ("Ben is Tom's new boss.", "Ana is the user's boss."),
        ("The user has sold their old car.", "The user has a red car."),
    ],
)
def test_what_is_over_ends_nothing_else(text: str, stays: str) -> None:
    assert not any(contradicts(new, old) for new in claims(text) for old in claims(stays))


def test_what_is_longer_than_a_statement_claims_nothing() -> None:
    assert claims("Ana works at " + "a" * MAX_SENTENCE) == ()


def test_of_a_query_that_names_very_many_times_so_many_are_read() -> None:
    assert len(spans("and in May 2020 " * 2_000, NOW)) == temporal.MOST_READ


@given(st.text("a? []\n", max_size=12))
def test_a_note_in_brackets_at_the_end_does_not_hide_that_a_message_asks(text: str) -> None:
    said = re.sub(r"\s*\[[^\]]*\]\s*$", "", text)
    assert bool(form(text) & IS_QUESTION) == said.endswith("?")


@pytest.mark.parametrize("text", ["\n" * 250_000, "[" * 250_000, "] " * 125_000, "[#1 \n" * 50_000])
def test_what_asks_is_seen_in_a_long_message_of_anything(text: str) -> None:
    assert not form(text) & IS_QUESTION
    assert form(f"{text}why?") & IS_QUESTION
