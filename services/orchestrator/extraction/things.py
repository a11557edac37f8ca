"""What something is done to: whose it is, what is said of it, and of how many things each must be done. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from services.orchestrator.extraction.words import folded

_MINE = frozenset(("my", "our"))
_THEIRS = frozenset(("his", "her", "their"))
_PREPOSITIONS = {"about": "about", "regarding": "about", "concerning": "about", "re": "about"} | {
    word: word for word in ("to", "for", "with", "from", "of", "at", "in", "on", "by", "into", "onto")
}
_COMPLEMENTS = frozenset(("about", "to", "for", "with", "from"))
"""Words after which one thing is not another: "to Ana" is not "to Ben"."""
_DETERMINERS = frozenset("the a an this that these those some any no and or but".split())
_KNOWN = frozenset(("the", "this", "that", "these", "those")) | _MINE | _THEIRS
_AMOUNTS = frozenset(
    "all both each every whole rest half lot lots bottle bottles box boxes bag bags pack packs packet carton loaf "
    "bunch jar tin can cup glass kilo litre liter pint pair dozen set couple load pile copy copies number last some "
    "most any none one two three four five".split()
)
"""Words before "of" that make nothing else of what follows."""
_NO_OWNERS = frozenset(
    "it he she that what who there here let where how when today yesterday tomorrow tonight week month year morning "
    "monday tuesday wednesday thursday friday saturday sunday one everyone everybody everything nobody this".split()
)
_SAYS_NOTHING = frozenset(
    "me you him us them it the a an my our his her their your and or some everyone everybody both all now today "
    "tomorrow yesterday tonight again just lunch dinner breakfast free once twice sure good ages which who whom".split()
)
"""Words after a preposition that are no other thing."""
_AND = frozenset(("and", "&", "plus", "n"))
_DAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?|today|tonight|tomorrow|mornings?|noon"
    r"|afternoons?|evenings?|nights?)"
)
_DAYS = re.compile(
    rf"\b{_DAY}(?: (?:morning|afternoon|evening|night))?"
    rf"(?:(?:, ?(?:and )?| and (?:again )?| & )(?:on |in the |at )?{_DAY}\b){{1,7}}",
    re.I,
)
_ONE_DAY = re.compile(rf"\b{_DAY}\b", re.I)


@dataclass(frozen=True, slots=True)
class Things:
    """Words for things, folded, each with what tells it from others of its kind."""

    owned: frozenset[tuple[str, str]]
    """A word and whose it is: "son" or "my"."""
    said: frozenset[tuple[str, str]]
    """A preposition and a word after it."""
    inside: frozenset[tuple[str, str]]
    """A word and what it is of that is known: "owner" and "bank" of "the owner of the bank"."""


def things(words: Sequence[tuple[str, str]]) -> Things:
    """Those of some words, each with what stands between it and the next."""
    owned, said, inside = set[tuple[str, str]](), set[tuple[str, str]](), set[tuple[str, str]]()
    owner = preposition = of = last = ""
    is_known = False
    for word, gap in words:
        if (whose := _owner(word, gap)) or word in _THEIRS | _MINE:
            owner, is_known = whose or word, True
            if whose and preposition:
                said.add((preposition, folded(whose)))
        elif word in _PREPOSITIONS:
            preposition, owner, is_known = _PREPOSITIONS[word], "", False
            of = last if word == "of" and last not in _AMOUNTS else ""
        elif word in _DETERMINERS:
            owner, is_known = "", word in _KNOWN
        elif word not in _SAYS_NOTHING:
            if owner:
                owned.add((folded(word), owner))
            if preposition in _COMPLEMENTS and not word[:1].isdigit():
                said.add((preposition, folded(word)))
            if preposition == "of" and of and is_known:
                inside.add((of, folded(word)))
        last = folded(word)
        if gap.strip(" -'"):
            owner, preposition = "", preposition if gap.strip() == "," else ""
    return Things(frozenset(owned), frozenset(said), frozenset(inside))


def is_of_another(done: Things, promised: Things, words: frozenset[str], found: Collection[str]) -> bool:
    """Whether of what is ``found`` in both that which was done is another's, or something else is said of it.

    ``words``: all of the promise, folded.
    """
    return (
        any(_is_others(owner, promised, words, thing) for thing, owner in done.owned if thing in found)
        or any(whole not in words and part in found for whole, part in done.inside)
        or _is_for_another(done, promised, words)
        or any(
            meant.isdisjoint(_after(preposition, done))
            for preposition in {preposition for preposition, _ in done.said}
            if (meant := _after(preposition, promised))
        )
    )


def items(words: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
    """The words of each thing in a list, or of the only one."""
    item: list[str] = []
    for word, gap in words:
        if word in _AND:
            yield item
            item = []
            continue
        item.append(word)
        if gap.strip()[:1] in (",", "&", "+", ";"):
            yield item
            item = []
    yield item


def days_of(text: str) -> list[str]:
    """The days and times of day where something is to be done on each of several."""
    match = _DAYS.search(text)
    return [day.lower() for day in _ONE_DAY.findall(match.group())] if match else []


def _owner(word: str, gap: str) -> str:
    """Whose the next word is: "son" of "son's"."""
    if word.endswith("'s"):
        base = word.removesuffix("'s")
        return "" if base in _NO_OWNERS else base
    return word if word.endswith("s") and gap == "' " else ""


def _is_others(owner: str, promised: Things, words: frozenset[str], thing: str) -> bool:
    """Whether something that has an owner is not the one of that kind which is promised."""
    owners = {other for one, other in promised.owned if one == thing}
    if owner in _THEIRS:
        return not owners.isdisjoint(_MINE)
    if owner in _MINE:
        return bool(owners) and owners.isdisjoint(_MINE)
    return words.isdisjoint({folded(owner), folded(f"{owner}'s")})


def _is_for_another(done: Things, promised: Things, words: frozenset[str]) -> bool:
    """Whether what is one's own was done for somebody else: "the passport for Tom" is not "my passport"."""
    mine = {thing for thing, owner in promised.owned if owner in _MINE}
    is_owned = any(thing in mine for thing, _ in done.owned)
    whose = _after("for", done) | {part for _, part in done.inside}
    return bool(mine and whose) and not is_owned and words.isdisjoint(whose)


def _after(preposition: str, of: Things) -> set[str]:
    return {word for its, word in of.said if its == preposition}
