"""Whether a name stands at a place of a message, and whether the words around leave it a naming. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from services.orchestrator.extraction import dialogue, words
from services.orchestrator.extraction import name_patterns as said
from services.orchestrator.extraction.given_names import GIVEN_NAMES, UNMISTAKABLE
from services.orchestrator.extraction.lexicon import JOBS
from services.orchestrator.extraction.name_spelling import written_out
from services.orchestrator.extraction.not_names import is_adverb, is_description, is_no_name
from services.orchestrator.extraction.places import PLACE

_CAPITAL = r"(?-i:[A-ZÀ-Þ][\w'-]*)"
_BETWEEN = "|".join(sorted(said.PARTICLES - {"y", "e", "do"}))
NAME = rf"(?:(?:mrs?|ms|dr|prof)\.? )?{_CAPITAL}(?: (?:(?-i:{_BETWEEN}) ){{0,2}}{_CAPITAL}){{0,3}}"
FULL = rf"(?P<name>{NAME})(?![\w'-])"
"""A name, all of it, as it is written with capitals."""
ANY = rf"(?P<name>{NAME}|[^\W\d_][\w'-]{{1,19}})(?![\w'-])"
"""The same, or one word in small letters."""


_DESCRIBES = re.compile(r"(?:er|est|ous|ive|[ai]ble|ish|ic|al|ent|ant|some|ty|ness|ion)$")
"""How words in small letters end that are awaited where a name is, and are hardly one: "youre smarter"."""


class Message:
    """A message, and how it treats capitals."""

    def __init__(self, text: str, called: Collection[str]) -> None:
        straight, self.quoted = written_out(words.plain(text[: said.MAX_TEXT]))
        self.text = words.own(dialogue.by_person(straight, called))
        letters = [letter for letter in self.text if letter.isalpha()]
        uppers = sum(letter.isupper() for letter in letters)
        self.is_flat = uppers <= self.text.count("I ") + self.text.count("I'") or uppers == len(letters)
        """Whether all its letters are small, or all large: nothing tells a name from another word."""


def is_given(sentence: str, begin: int) -> bool:
    """Whether a common given name stands there, in small letters."""
    token = said.TOKEN.match(sentence, begin)
    return bool(token) and token.group() in UNMISTAKABLE


def is_one_name(message: Message, name: str, *, is_sure: bool = False) -> bool:
    """Whether words are a name: by their capitals, or known for one; ``is_sure``: where one is awaited anyway."""
    if holds_other_words(name) or is_adverb(name):
        return False
    is_capital = name[0].isupper() and not message.is_flat
    is_sure = is_sure and not _DESCRIBES.search(name)
    return is_capital or is_sure or name.lower() in GIVEN_NAMES


def holds_other_words(name: str) -> bool:
    return any(is_no_name(word) for word in name.split() if word.lower().strip(".") not in said.TITLES)


def is_meant(sentence: str, trigger: re.Match[str], *, is_request: bool = False) -> bool:
    """Whether the words before a naming leave it true: not denied, asked, supposed, or told of somebody else."""
    before = said.BY_THE_WAY.sub("", sentence[: trigger.start()])
    clause = clause_of(before)
    if words.SAID_BY.search(sentence, trigger.end()):
        return False
    if said.TITLE.search(trigger.group()) or said.DENIED.search(clause) or "\x00" in clause:
        return False
    is_signed = trigger.group().lower().startswith(("with my name", "in my name", "under my name"))
    if said.TOLD.search(said.SO.split(before)[-1]) and not is_signed:
        return False
    if is_request:
        return not re.search(r"\b(?:if|imagine|pretend|wish|unless|when)\b", before, re.I)
    return not (said.SUPPOSED.search(before) or said.DOUBTED.search(clause) or said.ASKED.search(clause))


def clause_of(before: str) -> str:
    return before[max((match.end() for match in said.CLAUSE.finditer(before)), default=0) :]


def name_at(
    message: Message,
    sentence: str,
    begin: int,
    *,
    is_exact: bool = False,
    may_be_small: bool = True,
    may_be_form: bool = False,
) -> str:
    """The name that stands at a place of a sentence, or a form of address; empty where none does."""
    form = said.FORM.match(sentence, begin) if may_be_form else None
    if form:
        return form.group()
    begins_small = sentence.lstrip()[:1].islower() and sentence[begin : begin + 1].islower()
    if message.is_flat or begins_small:
        is_sure = not is_exact or is_given(sentence, begin)
        return _flat_name(sentence, begin, is_sure=is_sure) if may_be_small else ""
    tokens: list[str] = []
    place = begin
    while len(tokens) < 5 and (match := said.TOKEN.match(sentence, place)):
        token = match.group()
        is_particle = token in said.PARTICLES and tokens
        if not (token[0].isupper() or is_particle) or _ends(token, sentence[match.end() + 1 :]):
            break
        tokens.append(token)
        place = match.end()
        if sentence[place : place + 1] != " ":
            break
        place += 1
    while tokens and tokens[-1] in said.PARTICLES:
        tokens.pop()
    name = " ".join(tokens)
    after = sentence[begin + len(name) :]
    if (
        not tokens
        or sum(token not in said.PARTICLES for token in tokens) > 4
        or tokens[0] in said.PARTICLES
        or name.lower() in said.TITLES
    ):
        return ""
    if re.match(
        r"(?i)^(?:'s\b| (?:is|said|says|was|were|are|has|calling|of(?! course))\b)|^\w", after
    ) or said.SAYING_GOES.match(after):
        return ""
    return name


def _ends(token: str, rest: str) -> bool:
    """Whether a capitalised word is no part of a name. "Green" is none, but for "Green Bean"."""
    if not is_no_name(token) or token.lower().strip(".") in said.TITLES:
        return False
    following = said.TOKEN.match(rest) if is_description(token) else None
    return not (following and following.group()[0].isupper() and not is_no_name(following.group()))


def _flat_name(sentence: str, begin: int, *, is_sure: bool) -> str:
    """A name in a message all of small letters, or all of large ones: up to two words, then a stop.

    ``is_sure``: where no other word than a name is likely to stand, one that is no name is stop enough.
    """
    title = said.FLAT_TITLE.match(sentence, begin)
    if title:
        rest = _flat_name(sentence, title.end(), is_sure=is_sure)
        return sentence[begin : title.end()] + rest if rest else ""
    place, tokens = begin, list[str]()
    while len(tokens) < 2 and (match := said.TOKEN.match(sentence, place)):
        if is_no_name(match.group()) or is_adverb(match.group()):
            return " ".join(tokens) if is_sure else ""
        tokens.append(match.group())
        if said.LOWER_ENDS.match(sentence[match.end() :].lower()):
            return " ".join(tokens)
        place = match.end() + 1
    following = said.TOKEN.match(sentence, place)
    return " ".join(tokens) if is_sure and following and is_no_name(following.group()) else ""


def given_before(before: str) -> str:
    """The common given name that a text of small letters ends with."""
    last = before.rsplit(" ", 1)[-1]
    return last if last in UNMISTAKABLE else ""


def small_before(before: str, alone: re.Pattern[str]) -> str:
    """The one word of a text of small letters, or after a greeting, where it is a name as far as is known."""
    match = alone.match(before)
    name = match["name"] if match else ""
    is_other = said.SOMEBODY.search(name) or re.fullmatch(rf"{JOBS}|{PLACE}", name, re.I)
    is_somebody = bool(is_other) and name not in GIVEN_NAMES
    return "" if is_no_name(name) or is_somebody else name


def name_before(before: str) -> str:
    """The capitalised words that a text ends with, at most three."""
    tokens: list[str] = []
    for token in reversed(before.rsplit(" ", 3)[-3:]):
        if tokens and token.lower().rstrip(".") in said.TITLES:
            tokens.insert(0, token)
            break
        if (
            not said.TOKEN.fullmatch(token)
            or not token[0].isupper()
            or (is_no_name(token) and token.lower() not in said.TITLES)
        ):
            break
        tokens.insert(0, token)
    return " ".join(tokens)
