"""Evidence: somebody says that a promise was kept. Where the words leave no doubt, it is closed with it. Pure.

A text is split once into what it says was done, by the verb and by the words that say what. A promise looks only at
what it shares with the text, so that many are compared with a long text in about the time that reading both takes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice, pairwise

from services.orchestrator.extraction.common import COMMON
from services.orchestrator.extraction.due import without_time
from services.orchestrator.extraction.things import Things, days_of, is_of_another, items, things
from services.orchestrator.extraction.told_times import is_before, is_earlier_than_meant, told_times
from services.orchestrator.extraction.undone import HABITUAL, UNDONE, is_taken_back
from services.orchestrator.extraction.words import MAX_CLAUSES, folded, own, plain, sentences, without_letters

MIN_SCORE, CLOSING_SCORE = 0.34, 0.66
"""Share of what the promise is about that the sentence names: from here on it is evidence; from there it closes."""
DOUBTED = 0.5
"""The most that words score which may well speak of something else."""
_MAX_DEEDS = 30
"""How many of those that share a verb and a word with a promise are looked at."""
_MAX_WORDS = 30
"""Before a verb or after it, that may say what was done."""
_WORD = re.compile(r"\w+(?:'\w+)*")
_GERUND = re.compile(r"[a-z]{2,}ing")
_WORD_AND_GAP = re.compile(rf"({_WORD.pattern})(\W*)")
_LATELY = re.compile(
    r"(?i)\b(?:just|already|finally|at last|done|yesterday|today|tonight|earlier|ago"
    r"|this (?:morning|afternoon|evening|week)|last (?:night|week|\w+day)|on \w+day)\b"
)
"""What makes a past of "I read" and "I put"."""
_CLAUSE_END = re.compile(
    r"[;:]|\b(?:but|because|while|when|who|which|although|though)\b"
    r"|(?:,|(?:, ?)?\b(?:and|so)\b)(?= *(?:(?:and|so) )?(?:(?:i|you|he|she|they|we|it)\b"
    r"|[\w']+ (?:is|are|was|were|has|have|had|did|came|said)\b))",
    re.IGNORECASE,
)
_ADVERBS = frozenset("just already finally now also actually have 've had i've we've ive weve".split())
_PERFECT = frozenset("have 've had i've we've ive weve".split())
_SUBJECTS = frozenset("i we i've we've ive weve".split())
_PRONOUNS = frozenset("he she they who what that which he's she's they've they'd you've".split())
_BE = frozenset("is are was were been got".split())
_LEAD = frozenset("done ok okay yes yep yeah yup finally just already all set hey".split())
SMALL = frozenset(
    "a an the to of on in at by for from with my your our his her their you me it its this that and some up".split()
)
WEAK = SMALL | COMMON | _ADVERBS | _BE | frozenset(
    "i as or him them us back over off down in away along through together around round there soon asap yourself "
    "myself stuff everything nothing twice late early earlier tonight morning afternoon evening night week month "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)  # fmt: skip
"""Words that tell no promise from another."""
_NO_NOUNS = frozenset(
    "about above across after again ahead alone anyway because before below beside between beyond despite during else "
    "ever except first here how if immediately inside instead into like near next offline once online onto outside "
    "outright per please since so straight than then thereafter though through till today tomorrow too under until "
    "upon using via what when where which while who within without yesterday yet including excluding regarding "
    "concerning according containing explaining saying asking telling paying starting sitting standing waiting "
    "wearing hoping thinking looking going coming yday yest lol haha lmao".split()
)
"""Words after another that do not make it something else."""
_PAST = {
    "be": "was", "begin": "began", "bring": "brought", "build": "built", "buy": "bought", "call": "rang phoned",
    "choose": "chose chosen", "come": "came", "cut": "cut", "do": "did done", "drive": "drove driven",
    "eat": "ate eaten", "feed": "fed",
    "find": "found", "finish": "done", "get": "got", "give": "gave given", "go": "went gone", "hang": "hung",
    "have": "had", "hold": "held", "keep": "kept", "leave": "left", "lend": "lent", "let": "let", "make": "made",
    "meet": "met", "pay": "paid", "phone": "called rang", "put": "put", "read": "read",
    "ring": "rang called phoned", "run": "ran", "say": "said", "see": "saw seen",
    "sell": "sold", "send": "sent", "set": "set", "show": "showed shown", "speak": "spoke spoken", "spend": "spent",
    "take": "took taken", "teach": "taught", "tell": "told", "think": "thought", "throw": "threw thrown",
    "wash": "washed", "win": "won", "write": "wrote written",
}  # fmt: skip
_IRREGULAR = frozenset(word for past in _PAST.values() for word in past.split())
_SAME_IN_THE_PAST = frozenset(verb for verb, past in _PAST.items() if verb in past.split())
_SHORT_IS = re.compile(
    rf"(?<=\w)'s (?=(?:been |all |already |finally |now )?(?:\w+ed|{'|'.join(sorted(_IRREGULAR))})\b)", re.I
)
"""In "the rent's paid"."""
_FINISHED = frozenset("finished completed done".split())
"""Who finished reading read."""
_BEGUN = frozenset(
    "started began begun stopped quit kept continued considered enjoyed avoided missed".split()
)
"""Who started reading the report has not started the report."""
_CONTACTS = frozenset(
    "answered asked called came emailed helped invited joined messaged met phoned replied rang said spoke texted told "
    "visited wrote".split()
)
"""What people do, rather than what is done: "Ana called"."""
_AFTER_DONE = frozenset("to of in on at for from with".split())
"""May follow "sent" in "report sent to Ana"; what may not makes it something that Ana did: "Ana sent the report"."""
_MAX_SUBJECT = 4
"""Words before "paid" in "rent paid"."""
_CIRCUMSTANCE = re.compile(
    r"(?i)\b(?:for|with|from|at|in|on|by|near|via|to(?= (?:the|an?|my|our|your|his|her|their)\b)|(?-i:to(?= [A-Z])))\s"
)
"""Begins what need not be said again of a thing that both know: "the flights to Jaipur"; "to" may also say what for."""
_KNOWN = frozenset("the my our your his her their that those these".split())
"""Words before a thing that both know."""
_TOWARDS = frozenset(
    "add ask bring carry come drive get go introduce invite leave move put say speak take talk tell turn".split()
)
"""Whoever does one of these has done little until it is done to somebody or somewhere."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something that is said to be done, by the words that say what. Words are folded: see ``words.folded``."""

    words: frozenset[str]
    of: frozenset[str]
    """Those that say to what it was done: of "the bill is paid by card", "bill"."""
    heads: frozenset[str]
    """Those that no word after them narrows: of "a draft beer", "beer"."""
    vetoes: frozenset[str]
    """Words beside it that make it no deed, but where the promise has them, too: "fix the wrong link"."""
    is_doubted: bool
    """Where it may be what somebody does, not did: "I put the bins out"."""
    things: Things
    """Whose they are, and what is said of them."""
    told: tuple[str, ...]
    """The words that tell when."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When a text was said, and when a promise was made that it may say was kept."""

    promised: datetime
    said: datetime


class Done:
    """What a text says was done."""

    def __init__(self, text: str) -> None:
        # By their verbs and each of their words, or none where these tell no deed from another. Each once, in order.
        # Those with vetoes are apart, lest they take the places of others.
        self._deeds: defaultdict[tuple[str, str, bool], dict[_Deed, None]] = defaultdict(dict)
        straight = _SHORT_IS.sub(" is ", plain(text))
        masked = own(without_letters(straight))
        for (start, end), (then, its_end) in pairwise([*sentences(masked), (len(masked), len(masked))]):
            if is_taken_back(masked[then:its_end]):
                continue
            for verb, deed in _deeds(straight[start:end], masked[start:end]):
                for word in (*deed.words, *([""] if deed.heads <= _WEAK_FOLDED else [])):
                    alike = self._deeds[verb, word, bool(deed.vetoes)]
                    if len(alike) < _MAX_DEEDS:
                        alike[deed] = None

    def score(self, promise: str, clock: Clock | None = None) -> float:
        """How much of what a promise is about was done: from 0 to 1; nothing that was done before it was made."""
        if not self._deeds:
            return 0.0
        verb, about = parts_of(promise)
        telling = [word for word in about if word not in WEAK]
        keys = [
            (past, folded(word), has_vetoes)
            for past in (past_of(verb) if verb else ())
            for word in telling or ("",)
            for has_vetoes in (False, True)
        ]
        deeds = (deed for key in keys for deed in self._deeds.get(key, ()))
        shares = (
            _share(deed, promise, verb, about, telling)
            for deed in deeds
            if (not deed.vetoes or deed.vetoes <= _all_words(promise)) and _is_since(deed, promise, clock)
        )
        return max(shares, default=0.0)

    def names(self, promise: str, clock: Clock | None = None) -> bool:
        """Whether it says that the thing itself was done which is promised, as a thing that both know, and no more.

        "I booked the flights" says it of "book the flights to Jaipur", unless other flights were promised, too.
        """
        verb, thing = thing_of(promise)
        if not thing:
            return False
        deeds = (
            deed
            for past in past_of(verb)
            for word in thing
            for deed in self._deeds.get((past, word, False), ())
        )
        return any(
            thing <= deed.words - _WEAK_FOLDED <= frozenset(map(folded, _all_words(promise)))
            and not deed.is_doubted
            and not _KNOWN.isdisjoint(deed.words)
            and _is_since(deed, promise, clock)
            and not _is_other(deed, promise, thing)
            for deed in deeds
        )


def score(text: str, promise: str) -> float:
    """How much of what a promise is about a text says was done: from 0 to 1."""
    return Done(text).score(promise)


@lru_cache(maxsize=16_384)  # The open promises are compared with every message.
def parts_of(promise: str) -> tuple[str, tuple[str, ...]]:
    """The verb of a promise, and the words that say what it is about; empty where there is none."""
    verb, *about = words_of(without_time(promise)) or [""]
    return verb, tuple(word for word in about if word not in SMALL)


@lru_cache(maxsize=16_384)
def thing_of(promise: str) -> tuple[str, frozenset[str]]:
    """The verb of a promise and what stands before its circumstances, folded; nothing where it has none."""
    timeless = without_time(promise)
    circumstance = _CIRCUMSTANCE.search(timeless)
    verb, *thing = words_of(timeless[: circumstance.start()] if circumstance else "") or [""]
    if verb in _TOWARDS:
        return verb, frozenset()
    return verb, frozenset(folded(word) for word in thing if word not in WEAK)


@lru_cache(maxsize=16_384)
def _all_words(promise: str) -> frozenset[str]:
    return frozenset(words_of(promise))


def _is_since(deed: _Deed, promise: str, clock: Clock | None) -> bool:
    """Whether something may have been done since it was promised."""
    return clock is None or not deed.told or not is_before(deed.told, promise, clock.promised, clock.said)


def _is_other(deed: _Deed, promise: str, found: Collection[str]) -> bool:
    """Whether what was done is another's, of something else, a part of what is promised, or was done too early."""
    parts, known = _parts_of(promise)
    return (
        any(deed.words.isdisjoint(part) for part in parts)
        or is_of_another(deed.things, known, frozenset(map(folded, _all_words(promise))), found)
        or (bool(deed.told) and is_earlier_than_meant(deed.told, promise))
    )


@lru_cache(maxsize=16_384)
def _parts_of(promise: str) -> tuple[tuple[frozenset[str], ...], Things]:
    """Of what each must be done, folded, and whose it is."""
    words = [(match[1].lower(), match[2]) for match in _WORD_AND_GAP.finditer(without_time(promise))]
    parts = [frozenset(folded(word) for word in item if word not in WEAK) for item in items(words[1:])]
    telling = [part for part in parts if part]
    days = [frozenset({folded(day)}) for day in days_of(promise)]
    return (*(telling if len(telling) > 1 else ()), *days), things(words[1:])


def _share(deed: _Deed, promise: str, verb: str, about: tuple[str, ...], telling: list[str]) -> float:
    """How much of what a promise is about a deed names; ``telling`` are those words that tell it from others."""
    share = sum(folded(word) in deed.words for word in about) / len(about) if about else 1.0
    if not telling:
        # Of "do it" any deed may speak: no more than "I did it" does.
        return DOUBTED if share == 1 else 0.0
    found = [word for word in telling if folded(word) in deed.words]
    if deed.of.isdisjoint(map(folded, found)):
        return 0.0
    is_sure = len(found) > 1 or (folded(found[0]) in deed.heads and verb != "be")
    # "I bought half the flour" has the "half" of "buy half a kilo of flour".
    is_other = (bool(deed.vetoes) and share < 1) or _is_other(deed, promise, [*map(folded, found)])
    return share if is_sure and not is_other and not deed.is_doubted else min(share, DOUBTED)


def _deeds(sentence: str, masked: str) -> Iterator[tuple[str, _Deed]]:
    """With their verbs, in the past tense that is written; what is quoted says at most to what it was done."""
    if masked.rstrip().endswith("?"):
        return
    vetoes = frozenset(
        word
        for pattern in (UNDONE, HABITUAL)
        for match in pattern.finditer(masked)
        for word in words_of(match[0])
    )
    is_lately = bool(_LATELY.search(masked))
    is_first = True
    for start, end in _clauses(masked):
        matches = list(_WORD_AND_GAP.finditer(sentence, start, end))
        found = [(match[1].lower(), match[2]) for match in matches]
        words = [
            word if masked[match.start()] != "\x00" else ""
            for match, (word, _) in zip(matches, found, strict=True)
        ]
        told: tuple[str, ...] | None = None
        for at, is_passive in islice(_said_to_be_done(words, is_first=is_first), MAX_CLAUSES):
            verb, before = words[at], [word for word, _ in found[max(0, at - _MAX_WORDS) : at]]
            is_perfect = is_lately or is_passive or not _PERFECT.isdisjoint(before)
            is_doubted = not is_perfect and verb in _SAME_IN_THE_PAST
            # Without "I", "put the bins out" is a request.
            if not is_doubted or not _SUBJECTS.isdisjoint(before):
                subject, after = before if is_passive else [], found[at + 1 : at + 1 + _MAX_WORDS]
                told = told_times(masked[start:end]) if told is None else told
                doing = after[0][0] if after and _GERUND.fullmatch(after[0][0]) else ""
                if doing and verb in _FINISHED:
                    deed = _deed(subject, after[1:], vetoes, told, is_doubted=False)
                    yield from ((past, deed) for past in _past_of_doing(doing))
                    continue
                besides = vetoes | {doing} if doing and verb in _BEGUN else vetoes
                yield verb, _deed(subject, after, besides, told, is_doubted=is_doubted)
        is_first = is_first and all(word in _LEAD or word in _ADVERBS for word in words)


def _clauses(masked: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _CLAUSE_END.finditer(masked):
        yield start, match.start()
        start = match.end()
    yield start, len(masked)


def _said_to_be_done(words: list[str], *, is_first: bool) -> Iterator[tuple[int, bool]]:
    """Where the words before a verb make it "I did", "it is done" (and that they do) or, at first, plain "done"."""
    if is_first and (at := _telegraphed(words)):
        yield at, True
    last, subject, is_lead = "", "", is_first
    for at, word in enumerate(words):
        is_passive = last in _BE
        # "I was called" says nothing of what I did.
        is_said = subject not in _SUBJECTS if is_passive else is_lead or last in _SUBJECTS
        if is_said and (word.endswith("ed") or word in _IRREGULAR):
            yield at, is_passive
        if word not in _ADVERBS or word in _SUBJECTS:
            last, is_lead = word, is_lead and word in _LEAD
            subject = subject if word in _BE else word


def _telegraphed(words: list[str]) -> int:
    """Where the participle stands in "rent paid", with which a clause begins; 0 where it does not."""
    for at, word in enumerate(words[: _MAX_SUBJECT + 1]):
        if word.endswith("ed") or word in _IRREGULAR:
            is_whole = at + 1 == len(words) or words[at + 1] in _AFTER_DONE
            return at if is_whole and word not in _CONTACTS else 0
        if not word or word in SMALL or word in _SUBJECTS or word in _PRONOUNS:
            return 0
    return 0


def _deed(
    subject: list[str],
    after: list[tuple[str, str]],
    vetoes: frozenset[str],
    told: tuple[str, ...],
    *,
    is_doubted: bool,
) -> _Deed:
    done = [*((word, " ") for word in subject), *after]
    words = frozenset(folded(word) for word, _ in done)
    of = frozenset(map(folded, subject)) if subject else words
    heads = (
        folded(word)
        for (word, gap), (then, _) in pairwise([*done, ("", "")])
        if gap.strip(" -") or not _narrows(then)
    )
    return _Deed(words, of, frozenset(heads), vetoes, is_doubted, things(done), told)


def _narrows(word: str) -> bool:
    """Whether a word that follows another may make it something else: "book" in "book review"."""
    is_participle = len(word) > 5 and word.endswith("ed")
    is_noun = word not in WEAK and word not in _NO_NOUNS and not word.endswith("ly") and not is_participle
    return is_noun and word.removesuffix("'s").isalpha()


@lru_cache(maxsize=1_024)
def past_of(verb: str) -> frozenset[str]:
    """Its past tense and past participle."""
    regular = {
        f"{verb}ed",
        f"{verb}d" if verb.endswith("e") else "",
        f"{verb[:-1]}ied" if verb.endswith("y") else "",
    }
    doubled = f"{verb}{verb[-1]}ed"
    return frozenset({*regular, doubled, *_PAST.get(verb, "").split()} - {""})


@lru_cache(maxsize=1_024)
def _past_of_doing(gerund: str) -> frozenset[str]:
    """The past tenses of the verbs that it may be of: "writing" of "write", "planning" of "plan"."""
    stem = gerund.removesuffix("ing")
    verbs = (stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem)
    return frozenset(past for verb in verbs for past in past_of(verb))


def same(one: str, other: str) -> bool:
    """Whether two words are forms of one: "book" and "books"."""
    return one == other or (min(len(one), len(other)) > 3 and folded(one) == folded(other))


def words_of(text: str) -> list[str]:
    """In lower case."""
    return [word.lower() for word in _WORD.findall(text)]


_WEAK_FOLDED = frozenset(map(folded, WEAK))
