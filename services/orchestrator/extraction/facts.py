"""What a person says of themselves and of those around them: facts, likings, events, relations. For English. Pure.

A statement is read clause by clause: whom it is about, then what it says of them, by the patterns of ``fact_rules.py``.
What no pattern covers is left alone: a memory that nobody said is worse than one that is missing, since the message
itself is remembered anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from services.orchestrator.extraction import (
    changes,
    dialogue,
    hurried,
    idioms,
    lexicon,
    lives,
    partings,
    relation_rules,
    relations,
    running_out,
    telling,
)
from services.orchestrator.extraction import fact_rules as rules
from services.orchestrator.extraction import preference_rules as likings
from services.orchestrator.extraction.clauses import clauses
from services.orchestrator.extraction.fact import USER, Fact, Type
from services.orchestrator.extraction.lexicon import NAME, PARENT, RELATION
from services.orchestrator.extraction.names import user_name
from services.runtime.scripts import plainly_asked

IMPORTANCE: dict[Type, float] = {"relationship": 0.7, "fact": 0.6, "event": 0.6, "preference": 0.5}
VITAL = 0.9
"""Importance of what health hangs on."""
MAX_FACTS = 24
"""Of one message: more are a list that was pasted."""


@dataclass(frozen=True, slots=True)
class _About:
    key: str
    shown: str
    is_known: bool = True
    """Whether more is known than a name: that it is somebody's sister, or the like."""
    is_thing: bool = False
    """Whether it is something that the user has: what dies of that is no event of a life."""

    @property
    def is_user(self) -> bool:
        return self.key == USER


_ME = _About(USER, "the user")
_LEAD = re.compile(
    r"(?:(?:and|so|oh|yes|yeah|well|ok|okay|hi|hello|hey|also|actually|by the way|btw|fyi|anyway|now"
    r"|no|nope|wait|oops|sorry|correction|i mean|i meant(?: that)?|tbh|ngl|fwiw|lol|haha|omg|ugh|hm+"
    r"|just so you know|"
    r"for the record|as you know|you know|honestly|frankly|personally|these days|nowadays|currently|as of|"
    r"at home|in my free time|as a child|in the evenings?|on weekends|for (?:context|reference)|"
    r"(?:please |pls )?(?:bear|keep) in mind(?: that)?|"
    r"(?:you should|i should|let me) (?:know|say|mention|add)(?: that)?|as i (?:said|mentioned)|the thing is|"
    r"(?:as|being) an? [^,]{3,60}(?=,)|at \w+(?=,)|every \w+|professionally|fun fact|(?:please )?note(?: that)?|"
    r"remember(?: that)?)[,!:]?\s+)*",
    re.IGNORECASE,
)
_USER = re.compile(
    rf"(?:(?:{rules.MY}{RELATION}(?:\s+{NAME})?|{NAME}) and )?(?:I|i|We|we)\s+(?!(?:is|has)\b)"
)
_RELATED = re.compile(
    rf"(?:[Bb]oth (?:of )?)?(?P<which>{rules.MY})(?P<relation>{RELATION})(?:,?\s+(?P<name>{NAME}))?"
    r"(?:,?\s+(?:from|of|at) \w+)?(?:,\s+(?:who|which)\s[^,]*)?,?\s+(?!'s\b)"
)
_RELATIVE_OF = re.compile(
    rf"(?:(?P<mine>{rules.MY}{RELATION})|"
    rf"(?P<of>{NAME}))'s\s+(?P<relation>{RELATION})(?:,?\s+(?P<name>{NAME}),?)?\s+(?!'s\b)"
)
_PARENT = re.compile(rf"(?P<name>{PARENT}(?: [A-ZÀ-Þ][\w'-]+)?)\s+")
_PRONOUN = re.compile(r"(?:[Hh]e|[Ss]he)\s+")
_MINE = re.compile(rf"(?:[Mm]y|[Oo]ur)\s+(?P<thing>(?:\w+\s+)?{lexicon.PLACES_OF_MINE})\s+")
_GROUP = re.compile(rf"(?:[Mm]y|[Oo]ur)\s+(?P<thing>{lexicon.GROUPS})\s+")
_NAMED = re.compile(
    rf"(?P<name>{NAME})(?:,\s+(?:{rules.MY}(?P<relation>{RELATION})(?:\s+(?:from|of|at)\s+[\w ]+?)?|who\s[^,]*),|"
    r"\s+(?P<place>from (?:work|school|university|college|church|uni|yoga|the \w+)))?\s+"
)
_VERB_PHRASES = re.compile(
    r",? (?:and|but) (?=(?:(?:also|now|still|really|currently) )?(?:works?|lives?|has|have|am|is|are|"
    r"loves?|likes?|hates?|plays?|"
    r"teach(?:es)?|speaks?|runs?|owns?|stud(?:y|ies)|collects?|can(?: not)?|do not|does not|volunteers?|sings?|"
    r"writes?|"
    r"drives?|rides?|moved|got|bought|started|retired|grew)\s)"
)
_UNRESOLVED = re.compile(
    r"(?i)\b(?:(?!(?-i:IT))it|this|these(?! days)|those|such|something|stuff|thing|yours?|you|they'll)\b|\b(?:of|with"
    r"|in|on|at|to) "
    r"that\b"
    r"|^\w+ that\b"
)
"""A sentence with one of these does not stand by itself."""
_IN_JEST = re.compile(
    r"(?i)(?:\w+ )?(?:lives? in (?:fear|denial|hope|sin|harmony|the (?:past|moment|present|future)"
    r"|(?:my|his|her|their|our) (?:own )?(?:head|world|dreams)|an? (?:bubble|dream|fantasy|zoo|madhouse))"
    r"|(?:am|are|is) (?:\w+ )?allergic to (?:nothing|everything|everyone|everybody|people|work|mondays|mornings))\b"
)
"""No home, and no allergy."""
_NOT_TOLD_OF_WHOM = re.compile(
    r"(?i)(?:can not|can't|need|want|got|please|pls|plz|thanks|thx|hi|hello|hey|sorry|ok|help|omg|ugh)\b"
)
"""A clause that is the speaker's own though it has no subject."""
_DIET = re.compile(rf"(?i)\b{lexicon.DIET}$")
_IT_WHEN = re.compile(r"(?i)\w+ it when (?!.*\b(?:it|this|these|those|that|you)\b)")


def facts(text: str, called: Collection[str] = ()) -> list[Fact]:
    """What a message says, in its order; nothing twice.

    ``called``: what the mind is called, and who talks to it: a line that begins with one is the writer's own.
    """
    found: dict[tuple[str, str], Fact] = {}
    for fact in _found(plainly_asked(text), called):
        importance = VITAL if lexicon.HEALTH.search(fact.text) else IMPORTANCE[fact.type]
        found.setdefault((fact.type, fact.text.lower()), replace(fact, importance=importance))
        if len(found) == MAX_FACTS:
            break
    return list(found.values())


def _found(text: str, called: Collection[str]) -> Iterator[Fact]:
    if name := user_name(text, called):
        yield Fact("fact", USER, name, f"The user is called {name}.")
    for match in rules.FAVOURITE_ASKED.finditer(text[:4_096]):
        yield _favourite("The user's", match["what"], match["object"].strip(), USER)
    last: _About | None = None
    unnamed = ""
    known: set[str] = set()
    of_me = True
    for stated in clauses(dialogue.by_person(text, called)):
        hurried_one = hurried.with_small_words(hurried.with_capitals(stated))
        hurried_one = idioms.in_plain_words(hurried_one, is_mine=of_me)
        whole = hurried.with_subject(hurried_one) if of_me else hurried_one
        clause = running_out.of_the_speaker(whole)
        if parted := relations.parted(clause) or relations.ran_out(clause) or partings.ended(clause):
            yield parted
            continue
        related = list(relations.relations(clause))
        known.update(fact.subject for fact in related)
        yield from related
        if unnamed and (named := relation_rules.NAMED_LATER.search(clause)):
            name = named["name"] or named["name2"]
            if lexicon.is_name(name):
                known.add(name)
                last = _About(name, name)
                yield relations.related(name, unnamed, is_one_of_many=False)
                continue
        if mentioned := relation_rules.UNNAMED.search(clause):
            unnamed = mentioned["relation"]
        about, said = _subject(clause, last, known)
        of_me = about is _ME or (of_me and _NOT_TOLD_OF_WHOM.match(clause) is not None)
        last = _spoken_of(about, related) or last
        yield from _of_the_user(clause)
        if about is not None:
            when = lexicon.when(clause)
            for part in _VERB_PHRASES.split(said):
                both = list(_told_of(about, part, lexicon.when(part) or (when if when not in said else "")))
                yield from (fact for fact in both if not relations.is_told(fact, related))
                if not both:
                    break


def _spoken_of(about: _About | None, related: Sequence[Fact]) -> _About | None:
    """Whom "she" means in what follows: of "my cat is called Miso" Miso."""
    named = [one for one in related if one.type == "relationship"]
    if len(named) == 1 and (about is None or about.is_user or about.key == named[0].object):
        return _About(named[0].subject, named[0].subject)
    return None if about is None or about.is_user else about


def _subject(clause: str, last: _About | None, known: set[str]) -> tuple[_About | None, str]:
    """Whom a clause is about, and what follows; words that say when may stand before."""
    start = _LEAD.match(clause)
    rest = clause[start.end() if start else 0 :]
    if time := lexicon.TIME.match(rest):
        rest = rest[time.end() :].lstrip(" ,")
    for pattern, about in _SUBJECTS:
        if match := pattern.match(rest):
            return about(match), rest[match.end() :]
    if last is not None and (match := _PRONOUN.match(rest)):
        return last, rest[match.end() :]
    if (match := _NAMED.match(rest)) and lexicon.is_name(match["name"]):
        is_known = bool(match["relation"] or match["place"]) or match["name"] in known
        return _About(match["name"], match["name"], is_known=is_known), rest[match.end() :]
    return None, ""


def _relative(match: re.Match[str]) -> _About:
    name = match["name"] if match["name"] and lexicon.is_name(match["name"]) else ""
    which = rules.WHICH.search(match["which"])
    relation = f"{which.group().lower()} {match['relation']}" if which else match["relation"]
    return _About(name or match["relation"], name or f"the user's {relation}")


def _relative_of(match: re.Match[str]) -> _About:
    whose = f"the user's {match['mine'].split(None, 1)[1]}" if match["mine"] else match["of"]
    name = match["name"] if match["name"] and lexicon.is_name(match["name"]) else ""
    return _About(name or match["relation"], name or f"{whose}'s {match['relation']}")


def _parent(match: re.Match[str]) -> _About:
    name = match["name"]
    return _About(name, name if " " in name else f"the user's {name.lower()}")


_SUBJECTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _About]], ...] = (
    (_USER, lambda _match: _ME),
    (_RELATED, _relative),
    (_RELATIVE_OF, _relative_of),
    (_MINE, lambda match: _About(match["thing"], f"the user's {match['thing']}", is_thing=True)),
    (_GROUP, lambda match: _About(USER, f"the user's {match['thing']}")),
    (_PARENT, _parent),
)


def _told_of(about: _About, said: str, when: str) -> Iterator[Fact]:
    """What is said of somebody: that it is so, or happened, or is over; and what is so since."""
    if ended := changes.over(said):
        was, told = ended
        fact = _statement(about, was, "")
        if fact and fact.type != "event":
            yield replace(_told(fact.type, about, fact.object, told), object=fact.object)
            return
        if about.is_known and not lexicon.MOMENT.search(said) and (left := changes.WITH.match(was)):
            yield _told("fact", about, left["place"] or left["small"], told)
            return
        said = changes.ANY_MORE.sub("", said)
    if fact := _statement(about, said, when):
        yield fact
    if (wed := changes.wed(said)) and about is _ME and lexicon.is_name(wed[0]):
        yield relations.related(*wed, is_one_of_many=False)
    elif wed and about.is_known:
        yield _so_since(about, f"is {wed[1]} to {wed[0]}")
    for since in changes.since(said):
        yield _so_since(about, since)


def _so_since(about: _About, told: str) -> Fact:
    what = re.sub(r"^(?:is|(?:works|lives) \w+) ", "", told)
    text = telling.of_user(told, is_present=False) if about is _ME else telling.of_other(about.shown, told)
    return Fact("fact", about.key, what, text)


def _statement(about: _About, said: str, when: str) -> Fact | None:
    """What is said of somebody, by the first pattern that covers it."""
    if lasting := lexicon.LASTING_NOW.match(said):
        since = rules.now_so(lasting["said"], is_thing=about.is_thing)
        said = since + said[lasting.end() :]
    if (
        _IN_JEST.match(said)
        or (lexicon.MOMENT.search(said) and not rules.LIVED.match(said))
        or (_UNRESOLVED.search(said) and not _IT_WHEN.match(said))
    ):
        return None
    if about.is_known and (match := likings.HELD_TO.match(said)):
        return _told("preference", about, match["object"], said)
    for pattern in likings.PREFERENCES if about.is_known else (likings.LIKED_BY_ANYBODY,):
        match = pattern.match(said)
        if match and (
            (not about.is_user and match["object"].startswith("the "))
            or not lexicon.NOT_LIKED.match(match["object"])
        ):
            type_: Type = "event" if when and likings.GAVE_UP.match(said) else "preference"
            return _told(type_, about, match["object"], said, is_past=_is_past(said))
    if re.match(r"(?i)until\b", when) and about.is_known and (did := rules.UNTIL.match(said)):
        return _told("fact", about, did["object"], said, when, is_past=True)
    return _event(about, said, when) or _fact(about, said)


def _event(about: _About, said: str, when: str) -> Fact | None:
    """What happened or is planned: with the words that say when, or such as counts without."""
    is_of_anybody = not lives.PERSONAL.match(said) or (" " in about.key and lives.DYING.match(said))
    if not about.is_known and is_of_anybody:
        return None
    if lexicon.NOT_MOVED.match(said) or (about.is_thing and lexicon.BROKEN.match(said)):
        return None
    patterns = [(rules.LIVED, True), (rules.EXPECTING, False), (rules.TO_COME, False)]
    if when and not re.match(r"(?i)since\b", when):
        patterns += [
            (rules.HELD_ON, False),
            (rules.GOING, False),
            (rules.AWAY, False),
            (rules.BOOKED, True),
            (rules.HAPPENED, True),
        ]
        # Who stays until Friday is here for a while.
        patterns += [] if re.match(r"(?i)until\b", when) else [(rules.PLANNED, False)]
    for pattern, is_past in patterns:
        match = pattern.match(said)
        if match and not (pattern is rules.HAPPENED and lives.NOT_KEPT.match(match["object"])):
            return _told("event", about, match["object"], said, when, is_past=is_past)
    return None


def _fact(about: _About, said: str) -> Fact | None:
    """What is so, by the patterns for those of whom so much is known."""
    for pattern in rules.FACTS if about.is_known else rules.OF_ANYBODY:
        if match := pattern.match(said):
            return _told("fact", about, match["object"], said, lexicon.when(said), is_past=_is_past(said))
    what = _habit(said) or _possession(said) or _role(said) if about.is_known else ""
    if not what and about.is_known and not about.is_user and (match := rules.OF_OTHERS.match(said)):
        what = match["object"]
    return _told("fact", about, what, said) if what else None


def _habit(said: str) -> str:
    match = rules.HABIT.match(said) if lexicon.HABITUAL.search(said) else None
    return match["object"] if match and not _is_past(match["object"]) else ""


def _possession(said: str) -> str:
    match = None if relation_rules.HAVE_NAMED.search(said) else rules.HAD.match(said)
    return match["object"] if match and not lexicon.NOT_HAD.match(match["object"]) else ""


def _role(said: str) -> str:
    match = rules.ROLE.match(said)
    return match["object"] if match and not _is_no_role(match["object"]) else ""


def _is_no_role(what: str) -> bool:
    return bool(lexicon.NOT_A_ROLE.match(what.partition(" ")[2]))


def _is_past(said: str) -> bool:
    return bool(rules.HAPPENED.match(said.removeprefix("never ")))


def _told(type_: Type, about: _About, what: str, said: str, when: str = "", *, is_past: bool = False) -> Fact:
    whole = said if not when or when in said else f"{said} {when[0].lower()}{when[1:]}"
    text = (
        telling.of_user(whole, is_present=not is_past)
        if about is _ME
        else telling.of_other(about.shown, whole)
    )
    return Fact(type_, about.key, what.rstrip(" ,."), text, when)


def _of_the_user(clause: str) -> Iterator[Fact]:
    """In sentences that begin with something else than "I"."""
    if (match := rules.AS_A.match(clause)) and not _is_no_role(match["object"]):
        type_: Type = "preference" if _DIET.search(match["object"]) else "fact"
        yield Fact(type_, USER, match["object"], f"The user is {match['object']}.")
    if match := rules.IS_ATTRIBUTE.match(clause):
        yield Fact("fact", USER, match["object"], telling.of_other("", clause))
    if match := rules.ATTRIBUTE.match(clause):
        yield Fact("fact", USER, match["object"], telling.of_other("the user's", clause.split(" ", 1)[1]))
    if match := rules.FAVOURITE.match(clause):
        owner = match["relation"] or match["name"] or USER
        shown = (
            f"The user's {owner}'s" if match["relation"] else f"{owner}'s" if match["name"] else "The user's"
        )
        yield _favourite(shown, match["what"], match["object"], owner)
    if match := rules.STOLEN.match(clause):
        text = telling.of_other("the user's", clause.split(" ", 1)[1])
        yield Fact("event", USER, match["object"], text, lexicon.when(clause))
    if match := rules.OCCASION.match(clause):
        text = telling.of_other("the user's", clause.split(" ", 1)[1])
        yield Fact("event", match["of"] or USER, match["object"], text, lexicon.when(clause))
    for pattern in (rules.FELT, rules.IS_FAVOURITE, rules.WHAT_I_LIKE):
        if (match := pattern.match(clause)) and not lexicon.NOT_LIKED.match(match["object"]):
            yield Fact("preference", USER, match["object"], telling.of_other("", clause))
    if match := rules.NOTHING_BEATS.match(clause):
        yield Fact("preference", USER, match["object"], f"For the user nothing beats {match['object']}.")
    if match := rules.NO_FAN.match(clause):
        yield Fact("preference", USER, match["object"], f"The user is {clause[0].lower()}{clause[1:]}.")


def _favourite(shown: str, what: str, value: str, owner: str) -> Fact:
    return Fact("preference", owner, value, f"{shown} {what} is {value}.")
