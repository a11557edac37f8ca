"""Statements about somebody's health or money: rules over words, for people only.

A word of the field (an illness, a medicine, a debt) is looked up first; only around one are the rules tried, so that a
text without any costs no more than its words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from services.orchestrator.extraction import pieces
from services.orchestrator.guard import lexicon, means, near_persons, statement_patterns
from services.orchestrator.guard.persons import FICTION, POSSESSIVE, SUBJECT
from services.orchestrator.guard.spans import Span, plain

_SENTENCE = re.compile(r"[^.!?\n]{1,600}(?:[.!?](?=\S)[^.!?\n]{1,600}){0,20}[.!?]*")
_WORD = re.compile(r"\d+|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_OWNED = ("my", "our", "his", "her", "their", "'s")
"""One of them is in whatever says that something is somebody's."""
_GOES_ON = frozenset(" '\u2019mvMV")
MOST_TRIED = 4_000
"""Persons in one text about whom the rules are tried: a message of 256 KiB has about as many."""
_HEALTH_WORDS = frozenset(lexicon.triggers_of_health())
_HEALTH_FORM = re.compile(
    rf"(?:{lexicon.CONDITION_FORMS}|{lexicon.MEDICINE_STEMS}|{lexicon.PROCEDURE_FORMS})", re.IGNORECASE
)
_SUBJECT = re.compile(SUBJECT, re.IGNORECASE)
_POSSESSIVE = re.compile(POSSESSIVE, re.IGNORECASE)
_FEWEST_DIGITS = 3
"""Of a number that may be an amount without its unit."""
_FINANCIAL_WORDS = frozenset(lexicon.triggers_of_money())


def statements(text: str) -> Iterator[Span]:
    """What is said about the body or mind of a person (illness, treatment, medicine, injury, pregnancy, disability) and
    about a person's income, savings, debts or trouble with money.
    """
    tried: Counter[str] = Counter()
    for sentence in pieces.finditer(_SENTENCE, text):
        words = set(map(str.lower, _WORD.findall(sentence[0])))
        for field in _FIELDS:
            told = _told(field.name, sentence[0], field.rules(), tried) if field.concerns(words) else []
            if not told and field.may_be_near(words) and not pieces.search(FICTION, sentence[0]):
                told = _joined(field.near(sentence[0]))
            for first, last in told:
                yield Span(field.name, sentence.start() + first, sentence.start() + last)


def _concerns_health(words: Set[str]) -> bool:
    return not _HEALTH_WORDS.isdisjoint(words) or any(
        len(word) > 5 and _HEALTH_FORM.fullmatch(word) for word in words
    )


def _concerns_money(words: Set[str]) -> bool:
    return not _FINANCIAL_WORDS.isdisjoint(words) or any(map(str.isdigit, words))


def _tell_of_means(words: Set[str]) -> bool:
    return not means.WORDS_OF_MONEY.isdisjoint(words) or (
        not means.WORDS_BESIDE_AMOUNTS.isdisjoint(words) and _tell_an_amount(words)
    )


def _tell_an_amount(words: Set[str]) -> bool:
    numbers = [word for word in words if word.isdigit()]
    is_large = any(len(number) >= _FEWEST_DIGITS for number in numbers)
    return is_large or (bool(numbers) and not means.UNITS.isdisjoint(words))


@dataclass(frozen=True, slots=True)
class _Field:
    """A class of statements."""

    name: str
    concerns: Callable[[Set[str]], bool]
    """Whether the words of a sentence, in small letters, may make one."""
    rules: Callable[[], statement_patterns.Rules]
    near: Callable[[str], Iterable[tuple[int, int]]]
    """What is tried where the rules find none."""
    may_be_near: Callable[[Set[str]], bool]
    """Whether the words of a sentence make that worth its time."""


_FIELDS = (
    _Field(
        "health", _concerns_health, statement_patterns.of_health, near_persons.of_health, _concerns_health
    ),
    _Field("financial", _concerns_money, statement_patterns.of_money, means.of_money, _tell_of_means),
)


def _told(
    name: str, said: str, rules: statement_patterns.Rules, tried: Counter[str]
) -> list[tuple[int, int]]:
    low = plain(said)
    begun = [(match, rules.of_subject) for match in _followed(_SUBJECT, said)]
    if any(one in low for one in _OWNED):
        begun += [(match, rules.of_possessive) for match in _followed(_POSSESSIVE, said)]
    anywhere = [rule for rule, needs in rules.anywhere if any(need in low for need in needs)]
    if not (begun or anywhere) or pieces.search(FICTION, said):
        return []
    tried[name] += len(begun)
    # Beyond any message that a person writes the effort ends, and what may be a statement counts as one.
    return (
        [(0, len(said))] if tried[name] > MOST_TRIED else _joined(_matches(said, begun, anywhere, rules.more))
    )


def _followed(pattern: re.Pattern[str], said: str) -> Iterator[re.Match[str]]:
    """Persons after whom something may be said of them: a rule begins with a space, or with what is left of "I'm"."""
    return (
        match for match in pieces.finditer(pattern, said) if said[match.end() : match.end() + 1] in _GOES_ON
    )


def _matches(
    said: str,
    begun: Sequence[tuple[re.Match[str], Sequence[re.Pattern[str]]]],
    anywhere: Sequence[re.Pattern[str]],
    more: re.Pattern[str],
) -> Iterator[tuple[int, int]]:
    matches = [(match.start(), rule.match(said, match.end())) for match, those in begun for rule in those]
    matches += [(match.start(), match) for rule in anywhere for match in pieces.finditer(rule, said)]
    for first, match in matches:
        if match:
            goes_on = more.match(said, match.end())
            yield first, goes_on.end() if goes_on else match.end()


def _joined(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that overlap as one: a shorter statement must not leave bare what a longer one holds."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
