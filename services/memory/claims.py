"""What a fact says of what, where only one thing can hold at a time or where it says that something is over: enough to
see that two facts contradict.

Rules over English sentences, and deliberately few: a wrong contradiction closes a fact that still holds, a missed one
only leaves both to be found, the newer first. What no rule covers is said by whoever records a fact, with
``contradicts``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from services.memory import claim_patterns as patterns
from services.memory import closings, endings, kinds
from services.memory.endings import ADVERBS, BE, HAVE, SUBJECT, undated
from services.runtime.scripts import QUESTION_MARKS

MAX_SENTENCE = 400
"""Characters: what is longer is no plain statement."""


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
    instead: str = ""
    """The value in place of which alone it holds: who moved from Bosch to Aldi moved house or changed jobs."""
    kind: str = ""
    """Of what kind the value is, by ``kinds.py``: only its like takes its place."""


_SEAT = re.compile(
    rf"^(?P<value>[\w'’. -]{{1,60}}?) is (?:now )?{SUBJECT}['’]s (?P<new>new )?(?P<role>{patterns.SEATS})$"
    rf"|^(?P<whose>[\w'’. -]{{1,60}}?)['’]s (?P<newer>new )?(?P<role2>{patterns.SEATS})"
    r" is (?:called |named )?(?P<who>(?-i:[A-ZÀ-Þ]).*)",
    re.IGNORECASE,
)
_NEW_SEAT = re.compile(
    rf"^{SUBJECT} {HAVE} an? (?:brand )?new (?P<role>{patterns.SEATS})$"
    rf"|^(?P<whose>[\w'’. -]{{1,60}}?)['’]s new (?P<role2>{patterns.SEATS}) is (?:an?|some|the) .+",
    re.IGNORECASE,
)
"""Somebody who is not named, and in whose place nobody else is."""
_IN_PLACE = re.compile(
    rf"^{SUBJECT} (?:{HAVE} )?{ADVERBS}(?:(?:moved|relocated|switched|transferred|changed) (?:jobs )?from"
    r" (?P<was>[^,]+?) to"
    r"|(?P<left>left) (?P<what>[^,]+?) for)"
    r" (?P<value>(?:(?-i:(?:the )?[A-ZÀ-Þ])|(?(left)(?!)|(?!(?:an?|the|my|our|his|her|their)\b)\w)).*)",
    re.IGNORECASE,
)
"""One in place of another: what is known of that says whether they are employers, homes or partners."""
_DOES = re.compile(
    rf"^{SUBJECT} {ADVERBS}{BE} {ADVERBS}an? (?P<not>(?:non|ex)-|former )?(?:[\w'’-]+ )??(?P<what>[\w'’-]+ )?"
    r"(?P<verb>[\w'’]{3,}?)(?:er|or)$",
    re.IGNORECASE,
)
"""Who is a coffee drinker drinks coffee."""
_STUDIES = re.compile(
    rf"^(?P<whole>{SUBJECT} {ADVERBS}studies [\w -]+?) (?:in|at) (?-i:(?:the )?[A-ZÀ-Þ]).*", re.IGNORECASE
)
"""Who studies it in a place studies it."""
_PETS = (*"cat dog puppy kitten horse pony rabbit hamster parrot tortoise".split(), "guinea pig")
"""Of people who died it stays true that they were somebody's brother."""
_OUT_OF_WORK = re.compile(
    rf"^{SUBJECT} {ADVERBS}{BE} {ADVERBS}(?:unemployed|jobless|out of work)$", re.IGNORECASE
)
_HIRED = re.compile(rf"^{SUBJECT} {ADVERBS}works? (?:at|for|as) \S", re.IGNORECASE)
_AT_ALL = re.compile(
    rf"^(?P<whole>{SUBJECT} {ADVERBS}(?:smoke|vape|swim|cycle|climb|ski|surf|dance|sing|jog|knit|paint|gamble)s?) "
    r"(?!not\b)\S",
    re.IGNORECASE,
)
"""Who does it in some way does it: who no longer does it at all does not do it so, either."""
_FAVOURITE = re.compile(
    rf"^{SUBJECT}(?:['’]s)? (?:favou?rite|preferred) (?P<thing>[\w -]+?) (?:is|are) {ADVERBS}(?P<value>.+)",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    rf"^{SUBJECT}['’]s (?:new |current )?(?P<thing>address|e-?mail(?: address)?|(?:(?:phone|mobile) )?number|job"
    r"|employer|profession|occupation|surname|nickname|hair colou?r) is (?P<value>.+)",
    re.IGNORECASE,
)
_LIKES = re.compile(
    rf"^{SUBJECT} (?P<negated>(?:do(?:es)?n['’]?t|do(?:es)? not|no longer) )?{ADVERBS}"
    rf"(?P<verb>{patterns.LIKING}) (?P<thing>.+)",
    re.IGNORECASE,
)
_SO_MUCH = re.compile(r" (?:(?:that|so|as|very|too) (?:much|often)|at all|as much as .+)$", re.IGNORECASE)
_USED_TO_LIKE = re.compile(
    rf"^{SUBJECT} used to (?P<verb>like|love|enjoy|adore|hate|dislike) (?P<thing>.+)", re.IGNORECASE
)
_GRADUATED = re.compile(rf"^{SUBJECT} (?:{HAVE} )?{ADVERBS}graduated\b(?!.*\b(?:19|20)\d\d\b)", re.IGNORECASE)
"""Who did so of late is no student any more."""
_WENT_OFF = re.compile(
    rf"^{SUBJECT} (?:(?:(?:has|have) gone|went) off|(?:is|am|are) off"
    r"(?! (?:the|to|work|sick|school|duty|on|his|her|their)\b)) (?P<thing>.+)",
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
_MEMBER = "\0member"
_SEAT_OF = "\0seat"
_TOBACCO = frozenset({"cigarettes", "fags", "tobacco", "cigs", "nicotine", "cigars"})
_PAIRED = ("\0partner", "\0spouse")
_BESIDE = (_MEMBER, _SEAT_OF, "\0enrolled", "\0listed", "\0studies", "\0household", "\0diet")
"""Of what else is said by the same words."""
_ASKED = (
    ("lives", re.compile(r"\b(?:lives?|lived|living|home|reside[sd]?)\b", re.IGNORECASE)),
    ("works", re.compile(r"\b(?:works?|worked|working|jobs?|employers?|employed)\b", re.IGNORECASE)),
)
"""The words that ask for it."""
_SHARED = frozenset(
    {"partner", "spouse", "has", "member", "seat", "enrolled", "listed", "studies", "household"}
)
"""Of which one may have several."""


def asked_for(query: str) -> frozenset[str]:
    """Of what a query asks, by its words: "lives", "works"; empty where they say neither."""
    return frozenset(attribute for attribute, words in _ASKED if words.search(query))


def is_of(claim: Claim, attributes: Collection[str]) -> bool:
    """Whether a claim says something of that kind of somebody."""
    return claim.of.rpartition("\0")[2] in attributes


def claims(text: str) -> tuple[Claim, ...]:
    """What the sentence says to be so, and what to be over; empty where nothing is clear."""
    sentence = text.strip().rstrip(".!")
    if not sentence or len(sentence) > MAX_SENTENCE or sentence.endswith(QUESTION_MARKS):
        return ()
    if kinds.is_limited(sentence):
        return (_as_such(sentence),)
    found = [*_plainly(_said(sentence)), *_plainly(_beside(sentence)), *_plainly(_over(sentence))]
    was_so = "" if _LIKES.match(sentence) else endings.was_so(sentence) or closings.used_to_be(sentence)
    if was_so:
        found += [replace(one, is_over=True) for one in _is_so(was_so) if not one.is_over]
        found += [_as_such(sentence)] if " not " in sentence else []
    elif given_up := endings.given_up(sentence) or closings.left_alone(sentence):
        found += _given_up(*given_up)
    elif jobless := _OUT_OF_WORK.match(sentence):
        found.append(_as_such(_out_of_work(jobless["subject"])))
    elif all(one.of.endswith(_BESIDE) and not one.is_over for one in found):
        found += _so(sentence)
    found += _plainly(_closed(sentence))
    found += [
        _no_more_single(one) for one in found if one.of.endswith(_PAIRED) and one.value and not one.is_over
    ]
    return tuple(dict.fromkeys(found))


def _no_more_single(paired: Claim) -> Claim:
    subject = paired.of.rpartition("\0")[0]
    return Claim(f"{subject}\0status", "single", is_over=True)


def _so(sentence: str) -> Iterator[Claim]:
    """That it is so as it is said, and in fewer words: all that "no longer" needs to end it."""
    yield _as_such(sentence)
    # Who no longer plays chess does not play it on Sundays, either; the other way round it is not so.
    if (at_times := _HOW_OFTEN.search(sentence)) is not None:
        yield _as_such(sentence[: at_times.start()])
    if at_all := _AT_ALL.match(sentence):
        yield _as_such(at_all["whole"])
    if amount := patterns.AMOUNT.match(sentence):
        yield _as_such(f"{amount['whole']} {amount['what']}")
    if studies := _STUDIES.match(sentence):
        yield _as_such(studies["whole"])
    if does := _DOES.match(undated(sentence)):
        for what in dict.fromkeys(("", does["what"] or "")):
            yield replace(_as_such(f"{does['subject']} {does['verb']} {what}"), is_over=bool(does["not"]))


def _out_of_work(subject: str) -> str:
    """As it is said, whatever the word for it."""
    return f"{subject} is unemployed"


def _given_up(subject: str, what: str) -> Iterator[Claim]:
    """What is over for who gave up coffee: neither do they drink it nor like it, as far as they say."""
    for verb in ("plays", "drinks", "eats", "smokes", "does", "is learning"):
        yield replace(_as_such(f"{subject} {verb} {what}"), is_over=True)
    if what.lower() in _TOBACCO:
        yield replace(_as_such(f"{subject} smokes"), is_over=True)
    yield Claim(_key(subject, "likes", what), "yes", is_over=True)


def contradicts(new: Claim, old: Claim) -> bool:
    """Whether the older cannot hold any more where the newer does."""
    if new.of != old.of or (new.is_over and old.is_over) or old.instead:
        return False
    if new.instead:
        return f"{old.value} ".startswith(f"{new.instead} ") and old.value != new.value
    if new.is_over and not new.value and new.of.endswith(_SEAT_OF):
        # Who was said to be new may be the same.
        return not old.is_sole
    if new.is_over:
        begins = not new.value or f"{old.value} ".startswith(f"{new.value} ")
        return begins or (new.of.endswith(_MEMBER) and f" {old.value}".endswith(f" {new.value}"))
    if old.is_over:
        return new.value == old.value
    return (
        new.is_sole
        and new.value != old.value
        and kinds.takes_place(new.kind, old.kind)
        and not (new.kind and _says_more(new.value, old.value))
    )


def _says_more(one: str, other: str) -> bool:
    """Whether one begins with the other: Leeds, England, is Leeds."""
    return f"{one} ".startswith(f"{other} ") or f"{other} ".startswith(f"{one} ")


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
        yield match["subject"], Claim(_key(match["subject"], "likes", match["value"]), "yes")
        return
    if match := _ATTRIBUTE.match(sentence):
        thing = re.sub(r"^phone |(?<=mail) address$|-", "", match["thing"].lower())
        yield match["subject"], Claim(_key(match["subject"], thing), _plain(match["value"]))
        return
    for attribute, is_over, pattern in patterns.RELATED:
        if match := pattern.match(sentence):
            subject, value, is_new = match["subject"], match["value"], bool(match["new"])
            yield subject, _claim(subject, attribute, value, is_over=is_over, is_new=is_new)
    seen: set[str] = set()
    for attribute, pattern in patterns.RULES:
        if attribute not in seen and (match := pattern.match(sentence)):
            seen.add(attribute)
            yield from _by_rule(attribute, match["subject"], match["value"], sentence)
    if not seen and (likes := _LIKES.match(sentence)):
        thing = _SO_MUCH.sub("", likes["thing"]) if likes["negated"] else likes["thing"]
        gladly = re.sub(r"s$", "", likes["verb"].lower()) not in patterns.DISLIKING
        value = "no" if gladly == bool(likes["negated"]) else "yes"
        yield likes["subject"], Claim(_key(likes["subject"], "likes", thing), value)
    if seat := _SEAT.match(sentence):
        subject, value = seat["subject"] or seat["whose"], seat["value"] or seat["who"]
        of = _key(subject, seat["role"] or seat["role2"], "seat")
        yield subject, Claim(of, _plain(value), is_sole=bool(seat["new"] or seat["newer"]))
    if place := _IN_PLACE.match(sentence):
        for attribute in ("works", "lives", *(("partner", "spouse") if place["left"] else ())):
            was = _plain(place["was"] or place["what"])
            yield place["subject"], replace(_claim(place["subject"], attribute, place["value"]), instead=was)
    if off := _WENT_OFF.match(sentence):
        yield off["subject"], Claim(_key(off["subject"], "likes", off["thing"]), "no")


def _beside(sentence: str) -> Iterator[tuple[str, Claim]]:
    """What is so of one's things and jobs, beside what else the sentence says."""
    if (vehicle := patterns.VEHICLE.match(sentence)) or (vehicle := patterns.VEHICLE_NOW.match(sentence)):
        subject, value = vehicle["subject"], vehicle["value"]
        is_new = vehicle.re is patterns.VEHICLE_NOW
        yield subject, Claim(_key(subject, vehicle["thing"]), _plain(value), is_sole=is_new)
        for name in (vehicle["thing"], _thing(value), *patterns.names_of(value)):
            yield subject, _claim(subject, "has", name)
    if teaches := patterns.TEACHES_AT.match(sentence):
        job = _claim(teaches["subject"], "works", teaches["value"])
        yield teaches["subject"], replace(job, is_sole=False, kind=kinds.NONE)


def _by_rule(attribute: str, subject: str, value: str, sentence: str) -> Iterator[tuple[str, Claim]]:
    yield subject, replace(_claim(subject, attribute, value), kind=kinds.of(attribute, value, sentence))
    if attribute == "lives" and (place := kinds.named_within(value)):
        town = _claim(subject, attribute, place)
        yield subject, replace(town, kind=kinds.of(attribute, place, sentence))
    if attribute == "has":
        yield from ((subject, _claim(subject, "has", name)) for name in patterns.names_of(value))
    if attribute == "has" and (which := patterns.WHICH.match(undated(value))):
        yield subject, _which(subject, which)


def _over(sentence: str) -> Iterator[tuple[str, Claim]]:
    """What is over, each with its subject."""
    for ending in endings.endings(sentence):
        yield ending.subject, _ended(ending)
    if seat := _NEW_SEAT.match(sentence):
        whose, role = seat["subject"] or seat["whose"], seat["role"] or seat["role2"]
        yield whose, Claim(_key(whose, role, "seat"), "", is_over=True)
    if liked := _USED_TO_LIKE.match(sentence):
        value = "no" if liked["verb"].lower() in patterns.DISLIKING else "yes"
        yield liked["subject"], Claim(_key(liked["subject"], "likes", liked["thing"]), value, is_over=True)
    if graduated := _GRADUATED.match(sentence):
        yield graduated["subject"], replace(_as_such(f"{graduated['subject']} is a student"), is_over=True)
        for attribute in ("enrolled", "studies"):
            yield graduated["subject"], _claim(graduated["subject"], attribute, "", is_over=True)
    if bored := closings.not_liked(sentence):
        yield bored[0], Claim(_key(bored[0], "likes", bored[1]), "no")
    for subject, was_so in _so_no_longer(sentence):
        yield subject, replace(_as_such(was_so), is_over=True)


def _ended(ending: endings.Ending) -> Claim:
    if ending.attribute == "has" and (which := patterns.WHICH.match(ending.value)):
        return replace(_which(ending.subject, which), is_over=True)
    return _claim(ending.subject, ending.attribute, ending.value, is_over=True)


def _closed(sentence: str) -> Iterator[tuple[str, Claim]]:
    """What else is over, each with its subject: it leaves to be said what the sentence says to be so."""
    for ending in closings.closings(sentence):
        yield ending.subject, _claim(ending.subject, ending.attribute, ending.value, is_over=True)
    for subject, was_so in closings.so_no_longer(sentence):
        yield subject, replace(_as_such(was_so), is_over=True)


def _so_no_longer(sentence: str) -> Iterator[tuple[str, str]]:
    """What was so as it is said here, each with its subject."""
    if left := endings.left_home_of(sentence):
        subject, whose = left
        yield subject, f"{subject} lives with {whose}"
    if alone := endings.housemate_of(sentence):
        subject, who = alone
        for own in ("their", "his", "her"):
            yield subject, f"{subject} lives with {own} {who}"
    if gave_up := endings.dropped_out(sentence):
        subject, what = gave_up
        yield subject, f"{subject} studies {what}"
    if name := endings.died(sentence):
        for pet in _PETS:
            yield name, f"{name} is the user's {pet}"
    if hired := _HIRED.match(sentence):
        yield hired["subject"], _out_of_work(hired["subject"])


def _claim(subject: str, attribute: str, value: str, *, is_over: bool = False, is_new: bool = False) -> Claim:
    """``is_new``: whether it takes the place of what was so, where others could be so beside it."""
    if attribute.endswith(_SEAT_OF):
        return Claim(f"{_plain(subject)}\0{attribute}", _plain(value), is_over)
    if attribute == "has":
        return Claim(_key(subject, "has", _thing(value)), "", is_over, is_sole=False)
    is_sole = is_new or attribute not in _SHARED
    return Claim(_key(subject, attribute), _plain(value), is_over, is_sole)


def _which(subject: str, which: re.Match[str]) -> Claim:
    """That somebody has the one of several: their old boat."""
    return Claim(_key(subject, "has", f"{which['which']} {_thing(which['thing'])}"), "", is_sole=False)


def _thing(words: str) -> str:
    """What it is that somebody has: of "red car with a dent" the car."""
    said = _plain(_ENDS_OF_A_THING.split(words, maxsplit=1)[0])
    return said.rpartition(" ")[2]


def _as_such(sentence: str) -> Claim:
    """That it is so as it is said, whatever the form of its verb: all that "no longer" needs to end it."""
    return Claim(f"so\0{' '.join(map(_stem, _plain(sentence).split()))}", "", is_sole=False)


def _stem(word: str) -> str:
    """The same of "runs" and of "running"."""
    stem = _VERB_FORM.sub("", word)
    return stem[:-1] if stem[-2:-1] == stem[-1:] else stem


def _key(*parts: str) -> str:
    return "\0".join(_plain(part) for part in parts)


def _plain(text: str) -> str:
    words = _WORD.findall(undated(f" {text}").casefold())
    return " ".join(word for word in words if word not in _ARTICLES)
