"""Facts by rules: how many are found, and that nothing is found which nobody said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.extraction.begins import begins
from services.orchestrator.extraction.facts import MAX_FACTS, facts
from tests.support.facts import rows, score

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("held_out", "precision", "recall"), [(False, 0.98, 0.96), (True, 0.93, 0.8)], ids=["known", "held-out"]
)
def test_facts_are_found_in_labelled_sentences(held_out: bool, precision: float, recall: float) -> None:
    result = score(rows(held_out=held_out), facts)

    assert result.precision >= precision, result
    assert result.recall >= recall, result


@pytest.mark.parametrize(
    ("said", "remembered"),
    [
        ("I live in Graz and work as a baker.", ["The user lives in Graz.", "The user works as a baker."]),
        ("I fly to Rome on Saturday.", ["The user flies to Rome on Saturday."]),
        ("I usually reply to every mail myself.", ["The user usually replies to every mail themselves."]),
        ("my wife's name is Elena", ["Elena is the user's wife."]),
        ("hubby works nights, any tips", ["The user's hubby works nights."]),
        (
            "my son starts school monday any tips for the first day",
            ["The user's son starts school on Monday."],
        ),
        ("My wife she is teacher in Leeds.", ["The user's wife is a teacher in Leeds."]),
        ("my boyfriend ravi is from goa", ["Ravi is the user's boyfriend.", "Ravi is from goa."]),
        ("my student loan is huge", []),
        ("used to be a chef so keep it short", ["The user used to be a chef."]),
        (
            "My stepdaughter Ines, who is fifteen, is here.",
            ["Ines is the user's stepdaughter.", "Ines is fifteen."],
        ),
        (
            "I have been on the parish council for six years.",
            ["The user has been on the parish council for six years."],
        ),
        ("have a nice day", []),
        ("oh yeah I just LOVE waiting", []),
        (
            "My brother Tom just got engaged.",
            ["Tom is the user's brother.", "Tom just got engaged.", "Tom is engaged."],
        ),
        ("We broke our car in May 2024", ["The user broke their car in May 2024."]),
        ("I'm allergic to penicillin, which dose may I take?", ["The user is allergic to penicillin."]),
        ("I can't stand coriander", ["The user can not stand coriander."]),
        ("I have a dog. He's called Rex.", ["The user has a dog.", "Rex is the user's dog."]),
        (
            "My sister's husband Luis drives a taxi.",
            ["Luis is the user's sister's husband.", "Luis drives a taxi."],
        ),
        ("Please note that my sister lives in Cork.", ["The user's sister lives in Cork."]),
        ("I used to live in Porto.", ["The user used to live in Porto."]),
        ("I already own a car.", ["The user already owns a car."]),
        ("I need reading glasses.", ["The user needs reading glasses."]),
        ("I live in the US.", ["The user lives in the US."]),
        ("I Am Legend is my favourite film.", ["I Am Legend is the user's favourite film."]),
        ("I love My Fair Lady.", ["The user loves My Fair Lady."]),
        ("im vegan and i dont like olives", ["The user is vegan.", "The user does not like olives."]),
        ("As a primary school teacher I get long holidays.", ["The user is a primary school teacher."]),
        ("ive got two cats :)", ["The user has two cats."]),
        ("I live in Rome 😊", ["The user lives in Rome."]),
        ("What I love most is hiking.", ["What the user loves most is hiking."]),
        ("I never liked cheese.", ["The user never liked cheese."]),
        ("I'm off to Crete on Friday.", ["The user is off to Crete on Friday."]),
        ("I'll be in Crete next week.", ["The user will be in Crete next week."]),
        ("I'll be in touch next week.", []),
        ("I could eat sushi every day.", ["The user could eat sushi every day."]),
        ("I could eat a horse.", []),
        ("I haven't eaten meat since 2015.", ["The user has not eaten meat since 2015."]),
        ("I haven't eaten since breakfast.", []),
        ("Our cat's called Miso and she's fifteen.", ["Miso is the user's cat.", "Miso is fifteen."]),
        ("I'm good at tennis.", ["The user is good at tennis."]),
        ("I'm good at the moment.", []),
        ("No, I meant I live in Bern.", ["The user lives in Bern."]),
        ("tbh i hate cilantro lol", ["The user hates cilantro."]),
        ("My cat (Mochi) is diabetic.", ["Mochi is the user's cat.", "Mochi is diabetic."]),
        ("My mum's 60.", ["The user's mum is 60."]),
        ("I turned 30 in March 2020.", ["The user turned 30 in March 2020."]),
        ("I don't have any siblings.", ["The user does not have any siblings."]),
        ("me and my gf live in bristol", ["The user lives in Bristol."]),
        ("been working at aldi since march", ["The user has been working at Aldi since March."]),
        ("my fav food is ramen", ["The user's favourite food is ramen."]),
        ("our boss mark my words", []),
        ("My girlfriend Mia and I broke up on Sunday.", ["Mia and the user broke up on Sunday."]),
        ("The company is fine. Moved to Leeds last week.", []),
        ("i was reading in bath", []),
        ("I used to smoke but I quit two years ago.", ["The user used to smoke."]),
        ("I used to work at Lidl but I quit last year.", ["The user used to work at Lidl."]),
        ("I used to smoke but I like mints.", ["The user used to smoke.", "The user likes mints."]),
        ("joined Xero last week", ["The user joined Xero last week.", "The user works at Xero."]),
        ("turned 40 today", ["The user turned 40 today.", "The user is 40."]),
        ("My wife turned 40 today.", ["The user's wife turned 40 today.", "The user's wife is 40."]),
        ("We sold the Skoda and got a Tesla.", ["The user sold the Skoda.", "The user has a Tesla."]),
        ("My car is a Mini now.", ["The user's car is now a Mini."]),
        ("My other son is 7.", ["The user's other son is 7."]),
        ("I'm into Blur now.", ["The user is into Blur."]),
        ("We moved house, we're in York now.", ["The user lives in York."]),
        ("I love dogs. Not really into cats.", ["The user loves dogs.", "The user is not really into cats."]),
        ("I work at Xero. I'm not kidding.", ["The user works at Xero."]),
    ],
)
def test_a_memory_is_a_sentence_that_stands_by_itself(said: str, remembered: list[str]) -> None:
    assert [fact.text for fact in facts(said)] == remembered


@pytest.mark.parametrize(
    ("said", "remembered"),
    [
        ("im a joiner in dundee, van insurance?", ["The user is a joiner in Dundee."]),
        ("my gf's from ghana, jollof recipe?", ["The user's gf is from Ghana."]),
        ("I live in Hobart, right?", []),
        ("my test fails, any hint?", []),
        ("you think i live in rome, silly?", []),
        ("As a night nurse, I need blackout blinds.", ["The user is a night nurse."]),
        ("As a wheelchair user, can I get into the Uffizi?", ["The user is a wheelchair user."]),
        ("Being deaf, I need subtitles.", ["The user is deaf."]),
        ("As a precaution, I stayed in.", []),
        ("As a user, I want to log in.", []),
        ("Being late, I took a cab.", []),
        ("My dog, a three-legged greyhound, won't sit.", ["The user's dog is a three-legged greyhound."]),
        ("My phone, a charger, and two books are gone.", []),
        ("Ida, my oboe teacher, thinks I should rest.", ["Ida is the user's oboe teacher."]),
        ("Python, my favourite language, thinks in objects.", []),
        (
            "I have a daughter, Nina, who plays the oboe.",
            ["Nina is the user's daughter.", "Nina plays the oboe."],
        ),
        ("Born in Lima, I never learnt to ski.", ["The user was born in Lima."]),
        ("We live in York, and my wife says we should move.", ["The user lives in York."]),
        ("my mum's a cleaner she says vinegar works", ["The user's mum is a cleaner."]),
        ("im lazy she says every day", []),
        ("studying for the bar rn, need a plan", ["The user is studying for the bar."]),
        ("studying for the bar is hell", []),
        ("living in leeds pros and cons", []),
        ("hate boats, hate planes", ["The user hates boats.", "The user hates planes."]),
        ("love poems for my wife", []),
        ("hate it when it rains", []),
        (
            "got made head chef last week!!",
            ["The user got made head chef last week.", "The user works as head chef."],
        ),
        ("got made fun of at work", []),
        ("dad of three, need a car", ["The user is a dad of three."]),
        (
            "got 2 budgies pip and pop",
            ["Pip is one of the user's budgies.", "Pop is one of the user's budgies."],
        ),
        ("got two files csv and json", []),
        (
            "My wife's knee operation is on the 3rd of June.",
            ["The user's wife's knee operation is on the 3rd of June."],
        ),
        ("i get hives from shellfish", ["The user gets hives from shellfish."]),
        ("I get migraines from this font.", []),
        ("I happen to be a notary.", ["The user is a notary."]),
        ("My uncle grows nothing but tulips.", ["The user's uncle grows nothing but tulips."]),
        ("Until last year I sang in a choir.", ["The user sang in a choir until last year."]),
    ],
)
def test_what_is_said_in_passing_or_in_a_hurry_is_remembered(said: str, remembered: list[str]) -> None:
    assert [fact.text for fact in facts(said)] == remembered


@pytest.mark.parametrize(
    "said",
    [
        "Do I live in Graz?",
        "If I lived in Graz I would be a baker.",
        "Write a story: I am a baker and my sister is called Ana.",
        'Translate "I live in Graz, I am a baker" into Dutch.',
        "My sister says I am a baker.",
        "I love it, and I like this one better.",
        "Maybe I am moving to Graz in May.",
        "Once there was a girl named Elsa.",
        "I am on the bus right now.",
        "As a result I quit.",
        "I write a function that returns a list.",
        "I need to be reminded about the dentist on Friday.",
        "The King and I is my favourite musical.",
        "Yeah right, I'm a millionaire.",
        "I live in the past.",
        "I'm allergic to Mondays.",
        "My mum keeps telling me I live in a zoo.",
        "I love peanuts... just kidding, I'd die",
        "I live in Rome. Not really.",
        "I work at Xero. Just kidding!",
    ],
)
def test_what_nobody_said_of_a_life_is_no_memory(said: str) -> None:
    assert facts(said) == []


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Call me Bob.", "Bob"),
        ("I'm Anna and I'm from Graz.", "Anna"),
        ("My friends call me Liz.", "Liz"),
        ("I don't want you to call me Bob, call me Robert.", "Robert"),
        ("Don't call me Bob.", ""),
        ("Never call me Bob again", ""),
        ("Nobody calls me Bob.", ""),
        ("They used to call me Slim.", ""),
        ("I hate it when people call me Betty", ""),
        ("My ex calls me Loser.", ""),
        ("I'm Exhausted.", ""),
        ("I'm Back!", ""),
        ("I'm Hungry.", ""),
        ("I'm Team Jacob.", ""),
    ],
)
def test_the_user_is_called_what_they_say_is_their_name(said: str, name: str) -> None:
    called = [fact.text for fact in facts(said) if " called " in fact.text]

    assert called == ([f"The user is called {name}."] if name else [])


def test_what_health_hangs_on_is_important() -> None:
    (allergy,), (liking,) = facts("Jonas is allergic to bee stings."), facts("I loathe video calls.")

    assert allergy.importance > 0.8 > liking.importance


@pytest.mark.parametrize(
    "said",
    [
        "a" * 262_144,
        "I live " * 37_000,
        "my sister Ana, my sister " * 10_000,
        "I like tea. " * 21_000,
        '"' * 262_144,
        ("I " + "really " * 50 + ". ") * 700,
        (("Ana Maria " * 39) + ". ") * 650,
        ("my big old " * 35 + ". ") * 650,
    ],
    ids=lambda said: said[:12],
)
def test_a_message_of_any_kind_is_read_to_a_few_facts(said: str) -> None:
    assert len(facts(said)) <= MAX_FACTS


@given(st.text(st.sampled_from("IMim yourlv inAntPo.,'\"?\n’-"), max_size=200))
def test_any_text_is_read(said: str) -> None:
    for fact in facts(said):
        assert fact.text
        assert fact.object


@pytest.mark.parametrize(
    ("words", "is_past", "date"),
    [
        ("in May", True, "2026-05-01"),
        ("in May", False, "2027-05-01"),
        ("on Saturday", True, "2026-11-21"),
        ("next Thursday", False, "2026-11-26"),
        ("three weeks ago", True, "2026-11-04"),
        ("on the 14th", True, "2026-11-14"),
        ("on 21 September", False, "2027-09-21"),
        ("since 2008", False, "2008-01-01"),
        ("on Boxing Day", True, "2025-12-26"),
        ("in two weeks", True, "2026-12-09"),
        ("last spring", True, "2026-03-01"),
        ("at the end of November", False, "2026-11-01"),
        ("2026-05-03", True, "2026-05-03"),
    ],
)
def test_a_memory_holds_from_the_day_that_the_words_name(words: str, is_past: bool, date: str) -> None:
    begun = begins(words, NOW, is_past=is_past)

    assert begun is not None
    assert begun.date().isoformat() == date


@pytest.mark.parametrize("words", ["on 31 June", "whenever", "", "on the 99th"])
def test_words_that_name_no_day_begin_nothing(words: str) -> None:
    assert begins(words, NOW, is_past=True) is None
