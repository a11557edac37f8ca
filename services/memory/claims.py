"""What a fact says of what, where only one thing can hold at a time or where it says that something is over: enough to
see that two facts contradict.

Rules over English sentences, and deliberately few: a wrong contradiction closes a fact that still holds, a missed one
only leaves both to be found, the newer first. What no rule covers is said by whoever records a fact, with
``contradicts``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

MAX_SENTENCE = 400
"""Characters: what is longer is no plain statement."""
_SUBJECT = r"(?P<subject>[\w'’. -]{1,60}?)"
_ADVERBS = r"(?:(?:now|currently|still|recently|just|finally|officially) )*"
_STATES = "single|married|divorced|engaged|widowed|separated"
_LIKING = "likes?|loves?|enjoys?|hates?|dislikes?|prefers?|can not (?:stand|bear)"
_DISLIKING = frozenset({"hate", "dislike", "can not stand", "can not bear"})
_BE = r"(?:is|am|are)"
_TO_END = r"(?P<value>.+)"


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is so, or is over."""

    of: str
    """The subject and what is said of it, normalized."""
    value: str
    is_over: bool = False
    """Whether that value no longer holds; an empty one: whichever held."""
    is_sole: bool = True
    """Whether no other value can hold beside it."""


_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(rf"^{_SUBJECT} {_ADVERBS}{pattern}", re.IGNORECASE))
    for attribute, pattern in (
        ("lives", rf"(?:lives?|resides?|is living|am living) (?:in|at) {_TO_END}"),
        ("lives", rf"(?:moved|has moved|have moved|relocated) (?:from .+? )?to {_TO_END}"),
        ("works", r"(?:works?|is working|am working) (?:at|for) (?P<value>.+?)(?: as .+)?$"),
        (
            "works",
            r"(?:works?|is working|am working) as .+? (?:at|for) (?P<value>(?-i:[A-ZÀ-Þ]|the [A-ZÀ-Þ]).+)",
        ),
        ("occupation", r"(?:works?|is working|am working) as (?P<value>.+?)(?: (?:at|for) .+)?$"),
        ("name", rf"(?:is called|am called|is named|am named) {_TO_END}"),
        ("age", rf"{_BE} (?P<value>\d{{1,3}})(?: years old)?$"),
        ("status", rf"{_BE} {_ADVERBS}(?P<value>{_STATES})\b.*"),
        ("spouse", rf"{_BE} (?:happily )?married to {_TO_END}"),
        (
            "partner",
            rf"(?:{_BE}|has been|have been) (?:dating|engaged to|seeing|together with|in a relationship with) "
            rf"{_TO_END}",
        ),
        ("has", r"(?:has|have|owns?|drives?|rides?) an? (?P<value>.+)"),
    )
)
_RELATED = tuple(
    (
        attribute,
        is_over,
        re.compile(rf"^(?P<value>[\w'’. -]{{1,60}}?) is {_SUBJECT}['’]s (?:{relations})$", re.IGNORECASE),
    )
    for attribute, is_over, relations in (
        ("spouse", False, "husband|wife|spouse"),
        ("partner", False, "boyfriend|girlfriend|partner|fiancée?|fiancee?"),
        ("spouse", True, r"ex|ex-?\s?(?:husband|wife)"),
        ("partner", True, r"ex|ex-?\s?(?:boyfriend|girlfriend|partner|fiancée?|fiancee?)"),
    )
)
_FAVOURITE = re.compile(
    rf"^{_SUBJECT}(?:['’]s)? (?:favou?rite|preferred) (?P<thing>[\w -]+?) (?:is|are) {_ADVERBS}(?P<value>.+)",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    rf"^{_SUBJECT}['’]s (?:new |current )?(?P<thing>address|e-?mail(?: address)?|(?:(?:phone|mobile) )?number|job"
    r"|employer|profession|occupation|surname|nickname|hair colou?r) is (?P<value>.+)",
    re.IGNORECASE,
)
_LIKES = re.compile(
    rf"^{_SUBJECT} (?P<negated>(?:do(?:es)?n['’]?t|do(?:es)? not|no longer) )?{_ADVERBS}"
    rf"(?P<verb>{_LIKING}) (?P<thing>.+)",
    re.IGNORECASE,
)
_WENT_OFF = re.compile(rf"^{_SUBJECT} (?:(?:has|have) gone|went) off (?P<thing>.+)", re.IGNORECASE)
_NO_LONGER = re.compile(
    rf"^{_SUBJECT} (?:(?P<be>{_BE}) )?{_ADVERBS}"
    r"(?:no longer|(?:do|does) not|(?:(?:has|have) )?(?P<stopped>stopped|quit|given up)(?= \w+ing\b)) (?P<rest>.+)",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(rf"^{_SUBJECT} (?:(?:has|have) given|gave) up (?P<what>.+)", re.IGNORECASE)
_JOB = r"(?:my|his|her|their|our|the) (?:\w+ )?(?:job|position|post)"
_LET_GO = r"(?:(?:was|were|got|been) )?(?:fired|sacked|dismissed|laid off|let go|made redundant)"
_FOR_GOOD = r"(?!.* for (?:\w+ ){1,2}(?:while|bit|hours?|days?|nights?|weeks?|weekends?|months?)\b)"
_OVER: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (attributes, re.compile(rf"^{_SUBJECT} (?:(?:has|have) )?{_ADVERBS}{pattern}", re.IGNORECASE))
    for attributes, pattern in (
        (("works",), rf"(?:quit|left|lost|gave up|resigned from) {_JOB} (?:at|with|for) {_TO_END}"),
        (("occupation",), rf"(?:quit|left|lost|gave up|resigned from) {_JOB} as (?:an? )?{_TO_END}"),
        (("works",), rf"(?:quit|resigned from|{_LET_GO} (?:from|by|at)) {_TO_END}"),
        (("works",), r"stopped working (?:at|for) (?P<value>.+)"),
        (
            ("works", "occupation"),
            rf"(?:(?:quit|left|lost|gave up|resigned from) {_JOB}|{_LET_GO}|(?:{_BE} )?(?:retired|unemployed|jobless)"
            r"|quit|resigned)"
            r"(?P<value>)$",
        ),
        (
            ("works", "lives", "partner", "spouse"),
            rf"(?:left|dumped) {_FOR_GOOD}(?P<value>.+?)(?: (?:to|for) .+)?$",
        ),
        (("partner", "spouse"), r"(?:broken?|split) up(?: with (?P<value>.+))?$"),
        (("spouse",), rf"(?:{_BE} |got )?(?:divorced|separated)(?:(?: from)? (?P<value>.+))?$"),
        (("partner", "spouse"), rf"{_BE} single(?P<value>)$"),
        (("partner", "spouse"), rf"{_BE} no longer together with {_TO_END}"),
        (("has",), rf"(?:sold|got rid of|lost|crashed|wrecked) (?:my|his|her|their|our|the) {_TO_END}"),
    )
)
_ENDING = re.compile(
    r"\b(?:quit|left|lost|gave up|resigned|fired|sacked|dismissed|laid off|let go|redundant|retired|stopped|broken? up"
    r"|split up|divorced|separated|single|together|sold|got rid|crashed|wrecked|dumped|died|passed away"
    r"|ran away|stolen|unemployed|jobless)\b",
    re.IGNORECASE,
)
"""One of the words without which nothing is over: most sentences are read no further."""
_PARTED = re.compile(
    r"^(?P<value>[\w'’.-]+(?: [\w'’.-]+)?) and (?P<subject>the user|i) (?:have )?"
    r"(?:(?:broken? up|split up)(?! (?:the|an?|my|our|their|it|this)\b)"
    r"|(?:got )?divorced|separated|are no longer together)\b"
    r"|(?P<who>[\w'’.-]+(?: [\w'’.-]+)?) (?:has )?(?:broken? up with|left|dumped|divorced) (?P<whom>the user|me)$",
    re.IGNORECASE,
)
_GONE = re.compile(
    rf"^{_SUBJECT}['’]s (?P<value>[\w-]+) (?:has |have )?(?:died|passed away|ran away|(?:was|were|got|been) stolen)$",
    re.IGNORECASE,
)
_SPOUSES = frozenset({"husband", "wife", "spouse"})
_BEFORE_DATE = re.compile(
    r",? (?:(?:since|in|on|from) (?:\d|january|february|march|april|may|june|july|august|september|october|november"
    r"|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|last|this|early|late)|now\b|these days|at the moment"
    r"|yesterday|recently|(?:last|this) (?:week|weekend|month|year|spring|summer|autumn|fall|winter|(?:mon|tues|wednes"
    r"|thurs|fri|satur|sun)day)\b|(?:\w+ )?\w+ (?:days?|weeks?|months?|years?) ago).*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"a", "an", "the"})
_ENDS_OF_A_THING = re.compile(
    r",| (?:in|on|at|with|for|from|to|that|which|who|named|called|and|or|of)\b", re.IGNORECASE
)
_HOW_OFTEN = re.compile(
    r" (?:every|each|most) \w+$| (?:once|twice|(?:two|three|four) times) an? \w+$| on \w+days$| daily$",
    re.IGNORECASE,
)
_VERB_FORM = re.compile(r"(?<=\w{3})(?:ing|es|s|e)$")
_NOT_PLAIN = frozenset(
    "not no longer never if would might may will could should used wants hopes plans to and or who that".split()
)
"""A subject with one of these is more than a subject: the sentence says something else than the rule would read."""
_SHARED = frozenset({"partner", "spouse", "has"})
"""Of which one may have several."""


def claims(text: str) -> tuple[Claim, ...]:
    """What the sentence says to be so, and what to be over; empty where nothing is clear."""
    sentence = text.strip().rstrip(".!")
    if not sentence or len(sentence) > MAX_SENTENCE:
        return ()
    found = [*_plainly(_said(sentence)), *_plainly(_over(_BEFORE_DATE.sub("", sentence)))]
    ended = _NO_LONGER.match(sentence)
    if ended and not _LIKES.match(sentence):
        found += [replace(one, is_over=True) for one in _is_so(_without_end(ended)) if not one.is_over]
    elif given_up := _GIVEN_UP.match(sentence):
        found += [
            replace(_as_such(f"{given_up['subject']} {verb} {given_up['what']}"), is_over=True)
            for verb in ("plays", "drinks", "eats", "smokes", "is learning")
        ]
    elif not found:
        # Who no longer plays chess does not play it on Sundays, either; the other way round it is not so.
        found += [_as_such(sentence), _as_such(_HOW_OFTEN.sub("", sentence))]
    return tuple(dict.fromkeys(found))


def contradicts(new: Claim, old: Claim) -> bool:
    """Whether the older cannot hold any more where the newer does."""
    if new.of != old.of or (new.is_over and old.is_over):
        return False
    if new.is_over:
        return not new.value or f"{old.value} ".startswith(f"{new.value} ")
    if old.is_over:
        return new.value == old.value
    return new.is_sole and new.value != old.value


def _without_end(ended: re.Match[str]) -> str:
    """ "Ana no longer works here" as "Ana works here"; "Ana stopped liking it" as "Ana likes it"."""
    rest = ended["rest"]
    if ended["stopped"]:
        verb, _, what = rest.partition(" ")
        rest = f"{verb.removesuffix('ing')}s {what}".strip()
        rest = re.sub(r"^(lik|lov|liv|hat|danc|smok|driv|rid)s\b", r"\1es", rest)
    return " ".join(part for part in (ended["subject"], ended["be"], rest) if part)


def _is_so(sentence: str) -> list[Claim]:
    return [*_plainly(_said(sentence)), _as_such(sentence)]


def _plainly(found: Iterator[tuple[str, Claim]]) -> Iterator[Claim]:
    for subject, one in found:
        if _NOT_PLAIN.isdisjoint(_plain(subject).split()):
            yield one


def _said(sentence: str) -> Iterator[tuple[str, Claim]]:
    """What is so, each with its subject."""
    if match := _FAVOURITE.match(sentence):
        yield (
            match["subject"],
            Claim(_key(match["subject"], "favourite", match["thing"]), _plain(match["value"])),
        )
        return
    if match := _ATTRIBUTE.match(sentence):
        thing = re.sub(r"^phone |(?<=mail) address$|-", "", match["thing"].lower())
        yield match["subject"], Claim(_key(match["subject"], thing), _plain(match["value"]))
        return
    for attribute, is_over, pattern in _RELATED:
        if match := pattern.match(sentence):
            yield match["subject"], _claim(match, attribute, is_over=is_over)
    seen: set[str] = set()
    for attribute, pattern in _RULES:
        if attribute not in seen and (match := pattern.match(sentence)):
            seen.add(attribute)
            yield match["subject"], _claim(match, attribute)
    if not seen and (likes := _LIKES.match(sentence)):
        gladly = re.sub(r"s$", "", likes["verb"].lower()) not in _DISLIKING
        value = "no" if gladly == bool(likes["negated"]) else "yes"
        yield likes["subject"], Claim(_key(likes["subject"], "likes", likes["thing"]), value)
    if off := _WENT_OFF.match(sentence):
        yield off["subject"], Claim(_key(off["subject"], "likes", off["thing"]), "no")


def _over(sentence: str) -> Iterator[tuple[str, Claim]]:
    """What is over, each with its subject."""
    if not _ENDING.search(sentence):
        return
    if match := _PARTED.match(sentence):
        subject, other = match["subject"] or match["whom"], _plain(match["value"] or match["who"])
        for attribute in ("partner", "spouse"):
            yield subject, Claim(_key(subject, attribute), other, is_over=True, is_sole=False)
        return
    if match := _GONE.match(sentence):
        yield match["subject"], _claim(match, "has", is_over=True)
        if match["value"].lower() in _SPOUSES:
            yield match["subject"], Claim(_key(match["subject"], "spouse"), "", is_over=True, is_sole=False)
            yield match["subject"], Claim(_key(match["subject"], "status"), "married", is_over=True)
    for attributes, pattern in _OVER:
        if match := pattern.match(sentence):
            for attribute in attributes:
                yield match["subject"], _claim(match, attribute, is_over=True)


def _claim(match: re.Match[str], attribute: str, *, is_over: bool = False) -> Claim:
    value = match["value"] or ""
    if attribute == "has":
        return Claim(_key(match["subject"], "has", _thing(value)), "", is_over, is_sole=False)
    return Claim(_key(match["subject"], attribute), _plain(value), is_over, is_sole=attribute not in _SHARED)


def _thing(words: str) -> str:
    """What it is that somebody has: of "red car with a dent" the car."""
    said = _plain(_ENDS_OF_A_THING.split(words, maxsplit=1)[0])
    return said.rpartition(" ")[2]


def _as_such(sentence: str) -> Claim:
    """That it is so as it is said, whatever the form of its verb: all that "no longer" needs to end it."""
    words = _plain(sentence).split()
    return Claim(f"so\0{' '.join(_VERB_FORM.sub('', word) for word in words)}", "", is_sole=False)


def _key(*parts: str) -> str:
    return "\0".join(_plain(part) for part in parts)


def _plain(text: str) -> str:
    words = _WORD.findall(_BEFORE_DATE.sub("", f" {text}").casefold())
    return " ".join(word for word in words if word not in _ARTICLES)
