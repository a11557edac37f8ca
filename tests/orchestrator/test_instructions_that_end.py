"""Of instructions on the same matter the newest holds, and what a person takes back holds no more."""

from __future__ import annotations

import pytest

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.lifting import is_lifted, lifts
from services.orchestrator.extraction.matters import outdoes
from services.orchestrator.projections.directives import Directive
from services.orchestrator.workers.directives import lasting, retired
from tests.orchestrator.talking import converse, events, followed
from tests.support.serving import Served


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("never answer in German", "always answer in German"),
        ("answer in English", "never answer in German"),
        ("answer in French", "answer in English"),
        ("stop answering in French", "answer in French"),
        ("all your replies in Spanish", "Answer in French"),
        ("call me Doc", "call me Captain"),
        ("stop calling me Captain", "always call me Captain"),
        ("give me long, detailed answers", "be brief"),
        ("answer in two sentences", "answer in one sentence"),
        ("keep your answers short", "answer in detail"),
        ("no more emojis", "end each answer with an emoji"),
        ("use emojis", "no smileys"),
        ("always use imperial units", "in your answers use metric units"),
        ("use Fahrenheit", "temperatures in Celsius"),
        ("stop using bullet points", "use bullet points"),
        ("never quote Latin proverbs", "always quote Latin proverbs"),
    ],
)
def test_the_newer_of_two_on_the_same_matter_leaves_nothing_of_the_older(newer: str, older: str) -> None:
    assert outdoes(newer, older)


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("stop answering in French", "answer in English"),
        ("never answer in French", "never answer in German"),
        ("always call me Doc", "don't ever call me sir"),
        ("answer in one sentence", "be brief"),
        ("never use emojis in code", "always use emojis"),
        ("answer in German whenever I write German", "answer in English"),
        ("translate every word to German", "answer in English"),
        ("use plain English", "answer in German"),
        ("use Fahrenheit", "use metric units"),
        ("never flatter me", "always greet me"),
        ("answer in verse", "answer in German"),
        ("call me at five", "call me Doc"),
        ("don't use so many emojis", "end each answer with an emoji"),
        ("never correct my German", "always answer in German"),
    ],
)
def test_on_different_matters_both_hold(newer: str, older: str) -> None:
    assert not outdoes(newer, older)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Actually, answer in English again", "always answer in German"),
        ("ok, you can answer in English again, thanks", "never answer in English"),
        ("you can use emojis again", "stop using emojis"),
        ("Jokes are fine again.", "no jokes"),
        ("Forget what I said about puns", "no more puns"),
        ("never mind the rule about emojis", "never use emojis"),
        ("Please forget the emoji rule.", "no emojis"),
        ("The rule about emojis no longer applies.", "no emojis"),
        ("You no longer need to use metric units.", "use metric units"),
        ("you don't have to call me Captain any more", "call me Captain"),
        ("You can stop using emojis now.", "use emojis"),
        ("forget what I told you about the language", "answer in German"),
    ],
)
def test_what_is_taken_back_is_told_by_its_words(text: str, held: str) -> None:
    assert any(is_lifted(lift, held) for lift in lifts(text))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Can you use emojis again?", "no emojis"),
        ("Ben said you can use emojis again.", "no emojis"),
        ("You can use emojis again when I'm home.", "no emojis"),
        ("you can say that again", "never say that"),
        ("Say it in English again.", "answer in German"),
        ("I forget what I said about puns.", "no puns"),
        ("Forget what I said about puns.", "no emojis"),
        ("You no longer need to water the plants.", "use metric units"),
    ],
)
def test_what_is_asked_told_supposed_or_of_something_else_takes_nothing_back(text: str, held: str) -> None:
    assert not any(is_lifted(lift, held) for lift in lifts(text))


def test_of_one_message_and_of_what_came_later_the_last_holds() -> None:
    german, french = "answer in German", "answer in French"

    assert lasting([german, "no puns", french], []) == ["no puns", french]
    assert lasting([german], [french]) == []
    held = [Directive("d-1", german, 1, 2), Directive("d-2", "no puns", 1, 3)]
    assert retired(held, [french], []) == held[:1]


async def holding(served: Served) -> list[str]:
    await followed(served)
    held: dict[str, str] = {}
    for event in await events(served, kinds=["directive_adopted", "directive_retired"]):
        body: mind.DirectiveAdopted | mind.DirectiveRetired = getattr(event.body, event.kind)
        if isinstance(body, mind.DirectiveAdopted):
            held[body.directive_id] = body.text
        else:
            del held[body.directive_id]
    return list(held.values())


async def test_the_newest_instruction_retires_the_older_ones_and_names_its_message(served: Served) -> None:
    for text in ("always answer in German", "no more emojis", "never answer in German"):
        await converse(served, text)
    assert await holding(served) == ["no more emojis", "never answer in German"]
    turn = await converse(served, "From now on, answer in French.")

    assert await holding(served) == ["no more emojis", "answer in French"]
    ended = await events(served, kinds=["directive_retired"])
    assert [one.actor for one in ended] == ["directives"] * 2
    assert turn.started is not None
    assert ended[-1].causation_seq == turn.started.user_seq


async def test_what_is_taken_back_is_retired_and_that_which_was_said_last_pointed_at(served: Served) -> None:
    for text in ("no more emojis", "From now on, answer in French.", "How are you?", "Scratch that."):
        await converse(served, text)
    assert await holding(served) == ["no more emojis", "answer in French"]
    await converse(served, "you can use emojis again")
    assert await holding(served) == ["answer in French"]

    await converse(served, "always rhyme in your answers")
    await converse(served, "Actually, scratch that, answer in English again.")
    assert await holding(served) == []
