"""What a person says that ends what they said before, held to labelled pairs; and that no text makes it slow."""

from __future__ import annotations

import pytest

from services.memory.claims import claims
from services.orchestrator.extraction.changes import over, since, wed
from services.orchestrator.extraction.facts import facts
from services.orchestrator.extraction.running_out import last_day, ran_out
from tests.support.endings import ends, rows, score


@pytest.mark.parametrize("held_out", [False, True], ids=["development", "held_out"])
def test_what_is_over_ends_what_was_said_of_it(held_out: bool) -> None:
    found = score(rows(held_out=held_out))

    assert found.precision >= 0.98
    assert found.recall >= 0.9


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I work at Bosch.", "I joined Siemens last week."),
        ("I own a moped.", "somebody nicked my moped last night"),
        ("I have a tent.", "My tent was stolen."),
        ("I study law in Ghent.", "I dropped out of law in January."),
        ("I play the cello.", "I gave up the cello."),
        ("I smoke.", "packed in smoking 8 weeks ago"),
        ("I live with my brother.", "My brother moved out on Sunday."),
        ("I have a cat called Tofu.", "My cat Tofu died on Tuesday."),
        ("I'm unemployed.", "I started at Ikea on Monday."),
        ("I go to the gym.", "dont go to the gym anymore, shoulders wrecked"),
        ("My wife works at Aldi.", "my wife's been let go by aldi"),
        ("I'm 29.", "i turned 30 at the weekend and my back hurts"),
        ("I work as a clerk.", "I've been promoted to team lead."),
        ("I live in Wellington.", "I just moved to Auckland."),
        ("I'm 39.", "I turned 40 yesterday."),
        ("I'm single.", "I got married to Ben in May."),
        ("My address is 5 Park Lane.", "My new address is 12 Elm Street, Leeds."),
        ("My phone number is 0151 2345678.", "My new number is 0171 2345678."),
        ("My boss is Ana.", "Ben is my boss now."),
        ("Tom is my boyfriend.", "My new boyfriend is Ben."),
        ("I work at Kolb.", "I moved from Kolb to Dorn."),
        ("I work at kolb.", "i moved from kolb to dorn"),
        ("I like coffee.", "I used to like coffee."),
        ("I work at Kolb.", "I changed jobs from Kolb to Dorn."),
        ("I work at Siemens.", "I left Siemens for Berlin."),
        ("I work at Siemens.", "I left Siemens for a start-up."),
        ("I work at Siemens.", "Siemens laid me off in March."),
        ("I live in Leeds.", "I moved from Leeds to York."),
        ("Tom is my boyfriend.", "I left Tom for Ben."),
        ("Ana is my boss.", "I have a new boss."),
        ("Ana is my new boss.", "Ana is no longer my boss."),
    ],
)
def test_what_begins_ends_what_it_takes_the_place_of(before: str, text: str) -> None:
    assert ends(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I work at Lidl.", "lidl is history, handed back my badge"),
        ("I work at Lidl.", "I jumped ship to Bosch last month."),
        ("I work at Lidl.", "told lidl to shove it"),
        ("I work at Lidl.", "I used to work at Lidl."),
        ("I live in Leeds.", "York is home now."),
        ("Tom is my boyfriend.", "tom n me r done"),
        ("Tom is my boyfriend.", "I broke it off with Tom."),
        ("I'm engaged to Ana.", "We called off the wedding."),
        ("I'm married to Ana.", "The divorce from Ana came through."),
        ("I'm single.", "me and leo r official now"),
        ("I'm pregnant.", "our little one arrived on friday"),
        ("I live with my grandmother.", "We lost Grandma in May."),
        ("I love opera.", "Opera doesn't do it for me any more."),
        ("I'm allergic to nuts.", "i can have nuts again"),
        ("I'm allergic to nuts.", "turns out i'm not allergic to nuts"),
        ("My landlord is Mr Cole.", "so now our landlord is some company in kent"),
        ("My manager is Fiona.", "Dara manages our team from now on."),
        ("I have a lodger called Piotr.", "Piotr moved out at the weekend."),
        ("I go to the gym.", "cancelled the gym"),
        ("I'm a student at Elm University.", "graduated!!!"),
        ("I smoke.", "havent had a cigarette in 2 months"),
        ("I'm vegan.", "went back to eating meat"),
        ("I'm learning Dutch.", "havent touched dutch in ages"),
        ("I'm on antidepressants.", "came off antidepressants in may"),
        ("I have a dog called Rex.", "We had to put Rex down."),
    ],
)
def test_what_people_say_otherwise_ends_it_too(before: str, text: str) -> None:
    assert ends(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I work at Lidl.", "walked out of lidl with three bags"),
        ("I work at Lidl.", "I'm at Aldi now, do we need milk?"),
        ("I work at Lidl.", "my sister got the boot from lidl"),
        ("I live in Leeds.", "York is home to many museums."),
        ("Tom is my boyfriend.", "tom and i are done shopping"),
        ("Tom is my boyfriend.", "I finished the race with Tom."),
        ("I'm engaged to Ana.", "our engagement is off the charts"),
        ("I'm engaged to Ana.", "Bea and Jon have called off the wedding."),
        ("I'm single.", "I'm seeing someone about the boiler."),
        ("I'm single.", "I'm seeing a dentist tomorrow."),
        ("I'm pregnant.", "Our son arrived from Berlin on Sunday."),
        ("I live with my grandmother.", "i lost my grandmother's ring"),
        ("I love opera.", "This opera doesn't do it for me."),
        ("I'm allergic to nuts.", "can i have nuts again?"),
        ("My manager is Fiona.", "Dara manages our website now."),
        ("I have a lodger called Piotr.", "Piotr moved out of the kitchen."),
        ("I go to the gym.", "cancelled the gym session for today"),
        ("I smoke.", "havent had a cigarette in two hours"),
        ("I'm vegan.", "my dad eats meat now"),
        ("I play in a band.", "the band split up into two rooms"),
        ("I'm looking for a flat.", "I found a flat tyre."),
    ],
)
def test_what_only_sounds_like_an_end_ends_nothing(before: str, text: str) -> None:
    assert not ends(before, text)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("I live in Leeds.", "I moved from Siemens to Bosch last week."),
        ("I live in Leeds.", "I moved from Kolb to Dorn."),
        ("I live in Leeds.", "I moved from Kolb to Dorn last month."),
        ("I live in Leeds.", "I moved to the sales team last week."),
        ("I like coffee.", "I used to like tea."),
        ("I live in Leeds.", "I changed jobs from Kolb to Dorn last week."),
        ("I work at Aldi.", "I left Siemens for Berlin."),
        ("I work at Kolb.", "I moved from Leeds to York."),
        ("I live in Leeds.", "I moved to York last week？"),
        ("I live in Leeds.", "I moved to York once, as a kid."),
        ("I work at Bosch.", "I left Bosch for a coffee."),
        ("I work at Bosch.", "Bosch let me go home early."),
        ("I work at Bosch.", "I no longer work at Bosch؟"),
        ("Ben is my new boss.", "I have a new boss."),
        ("Ana is my boss.", "My sister has a new boss."),
        ("Ana is my boss.", "Ben is no longer my boss."),
    ],
)
def test_what_is_known_says_whether_jobs_or_homes_were_changed(before: str, text: str) -> None:
    assert not ends(before, text)


@pytest.mark.parametrize(
    ("said", "remembered"),
    [
        (
            "I moved from Siemens to Bosch.",
            ["The user moved from Siemens to Bosch.", "The user works at Bosch."],
        ),
        (
            "I left Kolb & Sons for Bosch.",
            ["The user left Kolb & Sons for Bosch.", "The user works at Bosch."],
        ),
        ("I left Berlin for Paris.", ["The user left Berlin for Paris."]),
        ("I left Siemens for Christmas.", ["The user left Siemens for Christmas."]),
        ("I left Siemens for Berlin.", ["The user left Siemens for Berlin."]),
        ("Siemens let me go last week.", ["The user was let go by Siemens last week."]),
        ("They let me go.", []),
        ("They let me go home early on Friday.", []),
        ("I moved from Kolb to Dorn.", ["The user moved from Kolb to Dorn."]),
        ("I moved from Kolb to Dorn last month.", ["The user moved from Kolb to Dorn last month."]),
        ("I moved to the next question.", []),
        ("I changed jobs from Kolb to Dorn.", ["The user works at Dorn."]),
        (
            "I moved from Kolb to Dorn last month as a designer.",
            [
                "The user moved from Kolb to Dorn last month as a designer.",
                "The user works at Dorn.",
                "The user works as a designer.",
            ],
        ),
        (
            "moved to leeds last month, finally",
            ["The user moved to Leeds last month.", "The user lives in Leeds."],
        ),
        ("we moved to part-time", []),
        ("Moved to Postgres last week, much faster now.", []),
        ("Retired teachers pay less.", []),
        (
            "I moved from my parents' house to Didsbury last week.",
            [
                "The user moved from their parents' house to Didsbury last week.",
                "The user lives in Didsbury.",
            ],
        ),
        ("My sister is well. Moved to Leeds last week.", []),
        ("sold my bike on saturday", ["The user sold their bike on Saturday."]),
        ("My brother tom works at ibm.", ["Tom is the user's brother.", "Tom works at IBM."]),
        ("not vegan anymore", ["The user is no longer vegan."]),
        (
            "I moved jobs from Kolb to Dorn last week.",
            ["The user moved jobs from Kolb to Dorn last week.", "The user works at Dorn."],
        ),
        (
            "I moved from Siemens to Bosch as a welder.",
            [
                "The user moved from Siemens to Bosch as a welder.",
                "The user works at Bosch.",
                "The user works as a welder.",
            ],
        ),
        ("I moved from Leeds to York as a student.", ["The user moved from Leeds to York as a student."]),
        (
            "I just moved from Leeds to York.",
            ["The user just moved from Leeds to York.", "The user lives in York."],
        ),
        (
            "I switched from Vodafone to Three last week.",
            ["The user switched from Vodafone to Three last week."],
        ),
        ("I no longer work at Siemens.", ["The user no longer works at Siemens."]),
        ("My sister doesn't live in Oslo any more.", ["The user's sister no longer lives in Oslo."]),
        ("I'm not a teacher any longer.", ["The user is no longer a teacher."]),
        ("I can't stand olives anymore.", ["The user can not stand olives."]),
        ("Lea and I broke up last week.", ["Lea and the user broke up last week."]),
        (
            "I joined Siemens last week as a welder.",
            ["The user joined Siemens last week as a welder.", "The user works at Siemens."],
        ),
        (
            "I started at Airbus as a welder.",
            [
                "The user started at Airbus as a welder.",
                "The user works at Airbus.",
                "The user works as a welder.",
            ],
        ),
        ("I married Nora last May.", ["The user married Nora last May.", "The user is married to Nora."]),
        ("My new number is 0151 2345678.", ["The user's new number is 0151 2345678."]),
        ("My new number is [phone].", []),
        ("My address is [address].", []),
        ("My phone died.", []),
        ("I don't work there any more.", []),
        ("I don't drink coffee any more.", ["The user no longer drinks coffee."]),
        ("Tom and I aren't together any more.", ["Tom and the user are no longer together."]),
        ("Ana isn't my boss any more.", ["Ana is no longer the user's boss."]),
        ("Tom left me last week.", ["Tom left the user."]),
        ("Tom left me a note.", []),
        ("I hate coffee now.", ["The user hates coffee."]),
        ("I joined Ana for dinner yesterday.", ["The user joined Ana for dinner yesterday."]),
        ("I joined Instagram last week.", ["The user joined Instagram last week."]),
        ("I turned 20 pages.", []),
        ("I married Ben's sister.", []),
        ("I'm no longer with Siemens.", ["The user is no longer with Siemens."]),
        ("im no longer with siemens", ["The user is no longer with Siemens."]),
        ("I'm no longer with you on this.", []),
        ("I haven't worked at Bosch since May.", ["The user no longer works at Bosch since May."]),
        ("Friday was my last day at Lidl.", ["The user had their last day at Lidl on Friday."]),
        ("Today was my brother's last day at Ikea.", ["The user's brother had their last day at Ikea."]),
        ("Friday is my last day at Lidl.", []),
        ("My contract with Airbus ran out.", ["The user's contract with Airbus ran out."]),
        ("My phone contract ran out.", []),
        ("Our contract with Ana was renewed.", []),
        ("I cancelled my FitX membership.", ["The user cancelled their FitX membership."]),
        ("I left Mercy Hospital after nine years.", ["The user left Mercy Hospital after nine years."]),
        ("I left Siemens, on my way home.", []),
        ("I don't smoke anymore.", ["The user no longer smokes."]),
        ("I quit coffee.", ["The user quit coffee."]),
        (
            "I moved in with my sister last week.",
            ["The user moved in with their sister last week.", "The user lives with their sister."],
        ),
        ("I started smoking again.", ["The user smokes."]),
        ("I started running when I saw the bus.", []),
        ("My boss is Ana.", ["Ana is the user's boss."]),
        ("Ben is my boss now.", ["Ben is the user's new boss."]),
        ("I have a new boss, Ben.", ["Ben is the user's new boss."]),
        ("Ben replaced Ana as my boss.", ["Ben is the user's new boss."]),
        ("My new friend is Ben.", ["Ben is the user's friend."]),
        ("What if I left Siemens", []),
        ("Everybody thinks I left Siemens.", []),
        ("I was about to quit smoking.", []),
    ],
)
def test_a_change_is_told_in_sentences_that_stand_by_themselves(said: str, remembered: list[str]) -> None:
    assert [fact.text for fact in facts(said)] == remembered


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    [
        "no longer ", "do not a any more ", "am not a ", "got married to A ", "joined A as a b ", "promoted to a ",
        "moved from a ", "turned ten ", "became a b ", "A and I broke up ", "quit my job at ", "A's ", "sold the ",
        "is A's ", "stopped aing ", "last a ago ", "left A in May ", "now still ", "I joined A and B of C, ",
        "my contract with a ", "membership at a of ", "Today was my last day at ", "A's last day at a was ",
        "left A A ", "left the a ", "gave up a for a ", "moved out of A's ", "is a non-a a ",
        "have not been with a since ", "A's boss is ", "replaced B as my ", "left A for a job at ",
        "A and I are done ", "as a a ", "my a, a b, ", "A took over from B ",
        "a is over for ", "the user's a b came off ", "i a, b, c, ", "and my b says c ", "swapped A for B ", "now ",
        "any more, ",
        "is a a er ", "moved from a to ", "left A for B ", "has a new boss ", "started playing again ",
        "moved, we're in A ", "used to a but i quit ", "sold the a and got a ", "A and B broke up ", "a's car is a ",
        "drinks two a a day ", "my other son ", "does not a in ", "teaches a at a ", "in a flat in A ",
    ],
)  # fmt: skip
def test_hostile_text_takes_no_longer_than_other_text(piece: str) -> None:
    """The time limit fails it: what takes time in proportion to the text is done in a moment."""
    text = piece * (32 * 1024 // len(piece))
    line = f"I {piece * (380 // len(piece))}. "

    for rule in (over, since, wed, ran_out, last_day, claims, facts):
        rule(text)
        rule(text.replace(" ", ", I "))
    facts(line * 10)
    for start in range(len(piece)):
        claims(text[start : start + 400])
