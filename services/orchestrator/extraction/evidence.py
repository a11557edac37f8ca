"""Evidence: somebody says that a promise was kept. Where the words leave no doubt, it is closed with it. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from services.orchestrator.extraction.due import without_time
from services.orchestrator.extraction.words import sentences

MIN_SCORE, CLOSING_SCORE = 0.34, 0.66
"""Share of what the promise is about that the sentence names: from here on it is evidence; from there it closes."""
_WORD = re.compile(r"[\w']+")
_UNDONE = re.compile(
    r"(?i)\b(?:not|never|\w+n't|almost|nearly|if|would|will|\w+'ll|going to|need(?:ed)? to|want(?:ed)? to|have to"
    r"|had to|should|tried|forgot|about to|still)\b"
)
_ADVERBS = frozenset("just already finally now also actually have 've had i've we've".split())
_SUBJECTS = frozenset("i we i've we've".split())
_BE = frozenset("is are was were been got".split())
_LEAD = frozenset("done ok okay yes finally just already all set hey".split())
SMALL = frozenset(
    "a an the to of on in at by for from with my your our his her their you me it its this that and some up".split()
)
_PAST = {
    "be": "was", "begin": "began", "bring": "brought", "build": "built", "buy": "bought", "choose": "chose chosen",
    "come": "came", "cut": "cut", "do": "did done", "drive": "drove driven", "eat": "ate eaten", "feed": "fed",
    "find": "found", "get": "got", "give": "gave given", "go": "went gone", "hang": "hung", "have": "had",
    "hold": "held", "keep": "kept", "leave": "left", "lend": "lent", "let": "let", "make": "made", "meet": "met",
    "pay": "paid", "put": "put", "read": "read", "run": "ran", "say": "said", "see": "saw seen", "sell": "sold",
    "send": "sent",
    "set": "set", "show": "showed shown", "speak": "spoke spoken", "spend": "spent", "take": "took taken",
    "teach": "taught", "tell": "told", "think": "thought", "throw": "threw thrown", "wash": "washed", "win": "won",
    "write": "wrote written",
}  # fmt: skip


def score(text: str, promise: str) -> float:
    """How much of what a promise is about a text says was done: from 0 to 1."""
    verb, about = parts_of(promise)
    if not verb:
        return 0.0
    return max((_of_sentence(text[start:end], verb, about) for start, end in sentences(text)), default=0.0)


@lru_cache(maxsize=4096)  # The open promises are compared with every message.
def parts_of(promise: str) -> tuple[str, tuple[str, ...]]:
    """The verb of a promise, and the words that say what it is about; empty where there is none."""
    verb, *about = words_of(without_time(promise)) or [""]
    return verb, tuple(word for word in about if word not in SMALL)


def _of_sentence(sentence: str, verb: str, about: tuple[str, ...]) -> float:
    if sentence.rstrip().endswith("?") or _UNDONE.search(sentence):
        return 0.0
    words = words_of(sentence)
    past = past_of(verb)
    for index, word in enumerate(words):
        if word in past and _is_said_to_be_done(words[:index]):
            said = [other for other in words if other != word]
            named = sum(any(same(one, other) for other in said) for one in about)
            return named / len(about) if about else 1.0
    return 0.0


def _is_said_to_be_done(before: list[str]) -> bool:
    """Whether the words before a verb make it "I did", "it is done" or plain "done"."""
    plain = [word for word in before if word not in _ADVERBS or word in _SUBJECTS]
    if not plain or all(word in _LEAD for word in plain):
        return True
    return plain[-1] in _SUBJECTS or plain[-1] in _BE


def past_of(verb: str) -> set[str]:
    """Its past tense and past participle."""
    regular = {
        f"{verb}ed",
        f"{verb}d" if verb.endswith("e") else "",
        f"{verb[:-1]}ied" if verb.endswith("y") else "",
    }
    doubled = f"{verb}{verb[-1]}ed"
    return {*regular, doubled, *_PAST.get(verb, "").split()} - {""}


def same(one: str, other: str) -> bool:
    """Whether two words are forms of one: "book" and "books"."""
    return one == other or (min(len(one), len(other)) > 3 and (one.rstrip("s") == other.rstrip("s")))


def words_of(text: str) -> list[str]:
    """In lower case."""
    return [word.lower() for word in _WORD.findall(text)]
