"""A summary by rules: the sentences that say most, in the person's own words. Pure, and the same every time.

Extractive, after Luhn, "The Automatic Creation of Literature Abstracts" (1958): words that come again and again make
sentences that matter, and a word that a chosen sentence holds counts no more (Carbonell and Goldstein, MMR, 1998).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from services.orchestrator.extraction.common import COMMON
from services.runtime.scripts import QUESTION_MARKS

MAX_SUBJECTS = 3
MIN_CONTENT = 2
"""A sentence with fewer words that are no everybody's says nothing."""
NAME_WEIGHT, NUMBER_WEIGHT, QUESTION_FACTOR = 3.0, 2.0, 0.4
"""Names and numbers are what is asked for later; what was asked says less than what was told."""
SENTENCE = re.compile(r"[^.!?…\n]+(?:(?<=\d)\.(?=\d)[^.!?…\n]*)*[.!?…]*")
_WORD = re.compile(r"\w[\w'’-]*")
_QUOTED = re.compile(r"“([^”]+)”")
_NO_QUOTES = str.maketrans("“”", "''")
_NO_NAME = frozenset(
    (
        "i i'm i'll i've i'd i’m i’ll i’ve i’d ok okay monday tuesday wednesday thursday friday saturday sunday "
        "january february march april may june july august september october november december"
    ).split()
)


def condense(texts: Sequence[str], room: int) -> str:
    """What texts say, in at most ``room`` characters: their subjects, and whole sentences of theirs, as they were said.

    Empty where they say nothing.
    """
    sentences = list(dict.fromkeys(sentence for text in texts for sentence in _sentences(text)))
    words = [weights(sentence) for sentence in sentences]
    counts = Counter(word for of_sentence in words for word in of_sentence)
    subjects = _subjects(sentences, words, counts)
    left = room - len(subjects) - 2
    covered: set[str] = set()
    chosen: dict[int, str] = {}
    while True:
        scored = [
            (_score(words[at], counts, covered, sentences[at]), -at)
            for at in range(len(sentences))
            if at not in chosen and len(sentences[at]) + 3 <= left
        ]
        best, minus_at = max(scored, default=(0.0, 0))
        if best <= 0:
            break
        chosen[-minus_at] = sentences[-minus_at]
        covered.update(words[-minus_at])
        left -= len(sentences[-minus_at]) + 3
    if not chosen and sentences:
        # Nothing fits as a whole: the beginning of what says most.
        at = max(
            range(len(sentences)), key=lambda one: (_score(words[one], counts, covered, sentences[one]), -one)
        )
        chosen[at] = shortened(sentences[at], left - 3)
    quoted = " ".join(f"“{chosen[at]}”" for at in sorted(chosen))
    return f"{subjects}: {quoted}" if subjects and quoted else quoted


def quoted_in(summary: str) -> list[str]:
    """The sentences that ``condense`` quoted; the whole of what somebody else wrote."""
    return _QUOTED.findall(summary) or [summary]


def shortened(text: str, room: int) -> str:
    """A text in one line of at most ``room`` characters, cut after a sentence where one ends in its second half."""
    line = " ".join(text.split())
    if len(line) <= room:
        return line
    ends = [match.end() for match in re.finditer(r"[.!?]+(?=\s)", line[: room + 1]) if match.end() <= room]
    if ends and ends[-1] >= room // 2:
        return line[: ends[-1]]
    cut = line[: room - 1]
    whole = cut.rsplit(" ", 1)[0] if " " in cut and not line[room - 1].isspace() else cut
    return whole.rstrip(" ,;:") + "…"


def _sentences(text: str) -> Iterator[str]:
    for match in SENTENCE.finditer(text):
        sentence = " ".join(match.group().translate(_NO_QUOTES).split())
        if len(weights(sentence)) >= MIN_CONTENT:
            yield sentence


def weights(sentence: str) -> dict[str, float]:
    """The words of a sentence that are no everybody's, with what each is worth: more than 1 for names and numbers."""
    worth: dict[str, float] = {}
    for index, match in enumerate(_WORD.finditer(sentence)):
        word = match.group()
        plain = re.sub(r"['’]s?$", "", word).casefold()
        if word[0].isdigit():
            weight = NUMBER_WEIGHT
        elif index and word[0].isupper() and plain not in _NO_NAME:
            weight = NAME_WEIGHT
        elif len(plain) < 3 or plain in COMMON:
            continue
        else:
            weight = 1.0
        worth[plain] = max(worth.get(plain, 0.0), weight)
    return worth


def _score(worths: dict[str, float], counts: Counter[str], covered: Iterable[str], sentence: str) -> float:
    """How much a sentence adds: long ones hold more, and are not preferred for it alone."""
    new = worths.keys() - set(covered)
    worth = sum(worths[word] * (1 + 0.5 * (counts[word] - 1)) for word in sorted(new))
    return worth / len(worths) ** 0.5 * (QUESTION_FACTOR if sentence.endswith(QUESTION_MARKS) else 1.0)


def _subjects(sentences: Sequence[str], words: Sequence[dict[str, float]], counts: Counter[str]) -> str:
    """What came more than once: names before other words, as they are written."""
    worths: dict[str, float] = {}
    for of_sentence in words:
        for word, weight in of_sentence.items():
            worths[word] = max(worths.get(word, 0.0), weight)
    again = [word for word in worths if counts[word] > 1 and not word[0].isdigit()]
    again.sort(key=lambda word: (-worths[word] * counts[word], word))
    text = " ".join(sentences)
    return ", ".join(_as_written(word, text, worths[word]) for word in again[:MAX_SUBJECTS])


def _as_written(word: str, text: str, weight: float) -> str:
    """With its capitals where it is a name, or never stands without them."""
    found = [match.group() for match in re.finditer(rf"(?i)\b{re.escape(word)}\b", text)]
    capitals = [each for each in found if each[0].isupper()]
    return capitals[0] if capitals and (weight >= NAME_WEIGHT or capitals == found) else word
