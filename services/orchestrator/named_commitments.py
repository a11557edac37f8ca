"""By which words commitments are named. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.orchestrator.extraction.evidence import (
    SMALL,
    WEAK,
    parts_of,
    past_of,
    same,
    thing_of,
    words_of,
)
from services.orchestrator.extraction.words import folded

DONE, OPEN = "done", "open"
_FILLER = frozenset(
    "i see that commitment promise task reminder item one to do also and again now well".split()
)


@dataclass(frozen=True, slots=True)
class Known:
    """A commitment as the ledger has it."""

    text: str
    opened_seq: int
    status: str
    """Done or open."""
    due: datetime | None = None


class Promises:
    """Commitments by their words: a claim has every word of what one is about, and its verb in some form."""

    def __init__(self, known: Iterable[Known]) -> None:
        about = {one: _folded_about(one.text) for one in known}
        often = Counter(word for words in about.values() for word in words)
        self._by_word: defaultdict[str, list[tuple[Known, frozenset[str]]]] = defaultdict(list)
        for one, words in about.items():
            if words:
                # By the word that fewest others have.
                self._by_word[min(words, key=lambda word: often[word])].append((one, words))

    def named_in(self, *texts: str) -> list[Known]:
        """Those of which texts may claim something."""
        words = {word for text in texts for word in words_of(text)}
        folds = {folded(word) for word in words}
        named = [
            one
            for word in folds & self._by_word.keys()
            for one, about in self._by_word[word]
            if about <= folds and not _forms(parts_of(one.text)[0]).isdisjoint(words)
        ]
        return sorted(named, key=lambda one: one.opened_seq)


def is_name_of(what: str, promise: str) -> bool:
    """Whether words name a commitment and nothing else: "calling Ana" is "call Ana", "the call with Ben" is not."""
    words = words_of(what)
    verb, _ = parts_of(promise)
    own = {*words_of(promise), *_forms(verb)}
    is_nothing_else = all(
        word in SMALL or word in _FILLER or any(same(word, other) for other in own) for word in words
    )
    return is_nothing_else and names_all(words, promise)


def is_touched_by(what: str, promise: str) -> bool:
    """Whether words name the thing that a commitment is about, and nothing else: "the plants" of "water the plants"."""
    words = [word for word in words_of(what) if word not in SMALL | _FILLER | {"thing", "things"}]
    verb, about = parts_of(promise)
    own = {*words_of(promise), *_forms(verb)}
    thing = thing_of(promise)[1] or {folded(word) for word in about if word not in WEAK}
    named = {folded(word) for word in words if any(same(word, other) for other in own)}
    return len(words) > 0 and all(folded(word) in named for word in words) and not named.isdisjoint(thing)


def names_all(words: Sequence[str], promise: str) -> bool:
    """Whether words name a commitment, be it among others."""
    verb, about = parts_of(promise)
    return not _forms(verb).isdisjoint(words) and names(words, about)


def names(words: Sequence[str], about: Sequence[str]) -> bool:
    """Whether words name all that something is about."""
    return all(any(same(one, word) for word in words) for one in about)


def _folded_about(promise: str) -> frozenset[str]:
    return frozenset(map(folded, parts_of(promise)[1]))


@lru_cache(maxsize=1_024)
def _forms(verb: str) -> frozenset[str]:
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
    return frozenset({verb, f"{verb}s", f"{stem}ing", f"{verb}{verb[-1:]}ing", *past_of(verb)})
