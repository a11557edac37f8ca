"""Of what a model finds only that is kept which the message bears out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.extraction import by_model
from services.orchestrator.extraction.found import EXPLICIT, Found, by_rules, combined
from services.orchestrator.extraction.language import is_english
from services.orchestrator.projections.identity import ADOPTION_CONFIDENCE
from tests.support.recorded_model import fact, name

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
"""A Wednesday."""
SAID = (
    "I'm Ana and I moved to Porto in May. I don't eat meat. Does Ben live in Rome? From now on keep it short. "
    "Remind me to call Eva by Friday. I shall call you Nova."
)


def found(text: str = SAID, *, is_answer: bool = False, **answer: Any) -> Found:
    shape = {"names": [], "promises": [], "instructions": [], "facts": []} | answer
    return by_model.found(json.dumps(shape), text, NOW, is_answer=is_answer, model="m")


MOVED = fact(
    "event", "user", "Porto", "The user moved to Porto in May.", "I moved to Porto in May", "in May", 0.6
)


def test_what_the_message_says_is_kept() -> None:
    result = found(
        names=[name("assistant", "Nova", "I shall call you Nova"), name("user", "Ana", "I'm Ana")],
        promises=[{"what": "call Eva by Friday", "due": "by Friday"}],
        instructions=["keep it short"],
        facts=[MOVED],
    )

    assert (result.mind_name, result.user_name) == ("Nova", "Ana")
    assert result.mind_name_confidence >= 0.9
    assert [(one.text, one.due and one.due.date().isoformat()) for one in result.promises] == [
        ("call Eva by Friday", "2026-05-08")
    ]
    assert result.instructions == ("keep it short",)
    assert [(one.text, one.when, one.importance, one.model) for one in result.facts] == [
        ("The user moved to Porto in May.", "in May", 0.6, "m")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quote": "I moved to Lisbon in May"},
        {"object": "Lisbon"},
        {"sentence": "The user moved to Lisbon in May."},
        {"sentence": "The user moved to Porto in May with a dog."},
        {"sentence": "The user did not move to Porto."},
        {"sentence": ""},
        {"sentence": "I moved to Porto in May."},
        {"object": "Port"},
        {"subject": "Clara"},
        {"object": "Rome", "quote": "Does Ben live in Rome", "sentence": "The user moved to Rome."},
        {"type": "rumour"},
        {"quote": ""},
        {"object": ""},
    ],
)
def test_a_fact_that_the_message_does_not_hold_is_dropped(wrong: dict[str, str]) -> None:
    assert found(facts=[MOVED]).facts
    assert found(facts=[{**MOVED, **wrong}]).facts == ()


def test_what_is_denied_stays_denied() -> None:
    wrong = fact("preference", "user", "meat", "The user likes meat.", "I don't eat meat")
    right = fact("preference", "user", "meat", "The user does not eat meat.", "I don't eat meat")

    assert [one.text for one in found(facts=[wrong, right]).facts] == ["The user does not eat meat."]


@pytest.mark.parametrize(
    ("given_name", "text", "confidence"),
    [
        (name("assistant", "Nova", "I shall call you Nova"), SAID, 0.95),
        (name("assistant", "Nova", "Nova would suit", 0.9), "Nova would suit, I think.", 0.85),
        (name("assistant", "Nova", "I shall call you Nova", 0.7), SAID, 0.7),
        (name("assistant", "Nova", "I shall call you Nova", 0.2), SAID, 0.0),
        (name("assistant", "Vega", "I shall call you Vega"), SAID, 0.0),
        (name("assistant", "Rome", "Does Ben live in Rome"), SAID, 0.0),
        (name("assistant", "short", "From now on keep it short"), SAID, 0.0),
        (name("assistant", "Nova", "your name is not Nova"), "No, your name is not Nova.", 0.0),
    ],
)
def test_a_name_counts_as_much_as_its_words_are_explicit(
    given_name: dict[str, Any], text: str, confidence: float
) -> None:
    assert found(text, names=[given_name]).mind_name_confidence == confidence


@pytest.mark.parametrize(
    "given_name",
    [
        name("user", "Eva", "I'm Eva"),
        name("user", "Eva", "call Eva by Friday"),
        name("user", "Ana", "I'm Ana", 0.6),
    ],
)
def test_nobody_is_called_what_they_did_not_say(given_name: dict[str, Any]) -> None:
    assert not found(names=[given_name]).user_name


def test_promises_and_instructions_must_stand_in_the_message() -> None:
    result = found(
        promises=[{"what": "call Otto", "due": "by Friday"}, {"what": "call", "due": ""}],
        instructions=["always rhyme", "short"],
    )

    assert (result.promises, result.instructions) == ((), ())


def test_a_due_time_that_the_message_does_not_name_does_not_count() -> None:
    (promise,) = found(promises=[{"what": "call Eva", "due": "by Monday"}]).promises

    assert promise.due is None


def test_an_answer_holds_promises_only() -> None:
    result = by_model.found(
        json.dumps({"promises": [{"what": "look it up tomorrow", "due": "tomorrow"}]}),
        "I'll look it up tomorrow. I live in Porto.",
        NOW,
        is_answer=True,
        model="m",
    )

    assert [one.text for one in result.promises] == ["look it up tomorrow"]
    assert not result.facts


@pytest.mark.parametrize("answer", ["", "[]", "{}", '{"promises": 3}', '{"promises": [{}], "names": []}'])
def test_an_answer_of_another_shape_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match=r"shape|Expecting"):
        by_model.found(answer, SAID, NOW, is_answer=False, model="m")


@pytest.mark.parametrize(("is_answer", "is_english"), [(True, False), (False, True), (False, False)])
def test_the_schema_is_one_and_what_is_recorded_keeps_to_it(is_answer: bool, is_english: bool) -> None:
    _, schema = by_model.asked(SAID, is_answer=is_answer, is_english=is_english)
    jsonschema.Draft202012Validator.check_schema(schema)
    answer = {"names": [name("user", "Ana", "I'm Ana")], "promises": [], "instructions": [], "facts": [MOVED]}

    jsonschema.validate({key: answer[key] for key in schema["required"]}, schema)


WORDS = st.text(st.sampled_from("IMlikeAnaPorto .,?'’\"\n"), max_size=60)


@given(WORDS, st.fixed_dictionaries(dict.fromkeys(("subject", "object", "sentence", "quote", "when"), WORDS)))
def test_no_fact_says_more_than_its_message(text: str, answer: dict[str, str]) -> None:
    for one in found(text, facts=[{"type": "fact", "importance": 2.0, **answer}]).facts:
        assert one.importance <= 1.0
        assert " ".join(_letters(one.object)) in " ".join(_letters(text))


def _letters(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


@pytest.mark.parametrize("is_answer", [True, False])
def test_the_examples_that_a_model_is_shown_are_borne_out(is_answer: bool) -> None:
    messages, schema = by_model.asked(SAID, is_answer=is_answer, is_english=False)
    shown = list(zip(messages[1:-1:2], messages[2:-1:2], strict=True))

    assert [one.role for one in messages] == ["system", *["user", "assistant"] * len(shown), "user"]
    for example, answer in shown:
        read = json.loads(answer.text)
        jsonschema.validate(read, schema)
        kept = by_model.found(answer.text, example.text, NOW, is_answer=is_answer, model="m")
        assert len(kept.promises) == len(read["promises"])
        assert is_answer or len(kept.facts) == len(read["facts"])
        assert is_answer or list(kept.instructions) == read["instructions"]
        assert is_answer or bool(kept.user_name) == bool(read["names"])


RULES = by_rules(SAID, NOW, is_answer=False)
MADE_UP = found(
    names=[name("user", "Ben", "I'm Ana and Ben"), name("assistant", "Eva", "Remind me to call Eva")],
    promises=[{"what": "keep it short", "due": ""}, {"what": "call Eva by Friday", "due": ""}],
    instructions=["I don't eat meat"],
    facts=[MOVED, fact("preference", "user", "meat", "The user does not eat meat.", "I don't eat meat")],
)


def test_in_english_a_model_adds_facts_and_changes_nothing_that_rules_found() -> None:
    both = combined(RULES, MADE_UP, is_english=True)

    assert replace(both, facts=()) == replace(RULES, facts=())
    assert both.facts[: len(RULES.facts)] == RULES.facts
    assert len({(one.subject, one.object) for one in both.facts}) == len(both.facts)


def test_in_english_a_name_that_only_a_model_sees_is_proposed() -> None:
    sure = Found(mind_name="Nova", mind_name_confidence=EXPLICIT, user_name="Ana")
    both = combined(Found(), sure, is_english=True)

    assert (both.mind_name, both.user_name) == ("Nova", "")
    assert 0 < both.mind_name_confidence < ADOPTION_CONFIDENCE
    assert combined(Found(), sure, is_english=False) == sure


def test_where_rules_cannot_read_a_model_stands_beside_them() -> None:
    both = combined(RULES, MADE_UP, is_english=False)

    assert [one.text for one in both.promises] == ["call Eva by Friday", "keep it short"]
    assert both.promises[0].due is not None
    assert set(both.instructions) == {*RULES.instructions, "I don't eat meat"}
    assert (both.mind_name, both.user_name) == (RULES.mind_name, RULES.user_name)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("", True),
        ("Nova", True),
        ("Ok, danke", True),
        (SAID, True),
        ("remind me to ring Müller at noon", True),
        ("My sister Zsófia moved to Kraków.", True),
        ("Erinnere mich daran, Eva am Freitag anzurufen.", False),
        ("Je m'appelle Ana et j'habite à Lyon.", False),
        ("Recuérdame llamar a Eva el viernes.", False),
        ("Lembra-me de ligar à Eva na sexta.", False),
        ("明日エヴァに電話するようにリマインドして", False),
    ],
)
def test_what_rules_cannot_read_is_told_from_what_is_short_or_has_foreign_names(
    text: str, english: bool
) -> None:
    assert is_english(text) == english
