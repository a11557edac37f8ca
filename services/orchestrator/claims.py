"""What an answer claims of commitments, checked against the ledger: that one is done, open, or due at some time. Pure.

Only what is said outright is a claim, and only where it names the whole of what the commitment is about: a warning that
is wrong is worse than none. "I've sent the report" is no claim of what the ledger knows but news, and evidence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pmm.mind.v1.events_pb2 import Event, Warning
from services.orchestrator.extraction import pieces
from services.orchestrator.extraction.due import due
from services.orchestrator.extraction.evidence import SMALL, parts_of, past_of, same, score, words_of
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.times import moment
from services.runtime.times import zone

MAX_CLAUSE = 400
"""Characters of a clause that is looked at: nobody speaks of one commitment at such length."""
CODE = "WRONG_COMMITMENT_STATUS"
DONE, OPEN = "done", "open"


@dataclass(frozen=True, slots=True)
class Known:
    """A commitment as the ledger has it."""

    text: str
    opened_seq: int
    status: str
    """Done or open."""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A claim that does not hold."""

    opened_seq: int
    text: str
    """What the answer says, and what the ledger has."""


_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_CHECKED = re.compile(r"^(?:\[[xX]\]|[✅✓✔☑]️?)\s*(?P<what>.+)$")
_UNCHECKED = re.compile(r"^(?:\[ \]|☐)\s*(?P<what>.+)$")
_LISTED = re.compile(
    r"(?i)^(?P<what>.+?)\s*(?::|[–—]|\()\s*(?:already |still )?(?P<how>done|completed?|finished|closed|open|pending|to "
    r"do|not done|outstanding)\s*[).!]*$"
)
_LISTED_DUE = re.compile(
    r"(?i)^(?P<what>.+?)\s*(?::|[–—]|\()\s*due (?:on |by |at )?(?P<when>[^()]+?)\s*[).]*$"
)
_CITATION = re.compile(r"\[#\d+[^\]]*\]")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_CLAUSE = re.compile(r"[,;:]\s|\s[–—-]\s|\b(?:and then|but|so that|because|while|although|though)\b")
_QUOTED = re.compile(r"[\"“”„«][^\"“”„«»]{0,300}[\"“”»]")
_QUOTES = re.compile(r"[\"“”„«»*_`]|(?<!\w)'|'(?!\w)")
_HEDGED = re.compile(
    r"(?i)\b(?:if|once|when|whenever|after|until|unless|before|whether|as soon as|let me know|tell me|hope|assume|think"
    r"|thought|maybe|perhaps|probably|might|may|could|should|would|will|won't|\w+'ll|must|seems?|guess|suppose|believe|wish|said|says?"
    r"|claim(?:s|ed)?|pretend|imagine|no longer|(?:sounds?|looks?) (?:like|as if)|apparently|told me)\b"
)
_NEGATED = re.compile(r"(?i)\b(?:not|never|\w+n't|almost|nearly|hardly|half|partly|wanted|tried|forgot)\b")
_EARLIER = re.compile(r"(?i)\b(?:already|yesterday|earlier|ago|last (?:week|month|night|year|\w+day))\b")
_FILLER = frozenset(
    "i see that commitment promise task reminder item one to do also and again now well".split()
)
_ADVERBS = frozenset("already just also finally actually have had 've now both".split())
_DONE_AFTER = re.compile(
    r"(?i)^(?P<what>.+?)\s+(?:is|are|was|were|has(?: already)? been|have(?: already)? been)\s+"
    r"(?:already |now |all |marked as |marked )*"
    r"(?:done|complete|completed|finished|closed|taken care of|dealt with|settled|off (?:your|my|the|our) list"
    r"|ticked off|crossed off)(?P<rest>.*)$"
)
_DONE_BEFORE = re.compile(
    r"(?i)\b(?:you|i|we)(?:'ve| have)? (?:already |just )?(?:finished|completed|closed|ticked off|crossed off) "
    r"(?P<what>.+)$"
)
_OPEN_AFTER = re.compile(
    r"(?i)^(?P<what>.+?)\s+(?:(?:is|are|remains?)\s+(?:still\s+)?(?:open|pending|outstanding|undone|unfinished"
    r"|on (?:your|my|the|our) list)|(?:is|are) (?:still )?not (?:yet )?(?:done|finished|closed)(?: yet)?)\s*[.!]*$"
)
_STILL_TO = re.compile(
    r"(?i)\b(?:you|i|we)(?:'ve)?\s+(?:still (?:need|have|have got|plan|got) to|have yet to|still must)\s+(?P<what>.+)$"
)
_NOT_YET = re.compile(
    r"(?i)\b(?:you|i|we)\s+(?:still )?(?:haven't|have not|didn't|did not)\s+(?P<what>.+?)\s*(?P<yet>\byet\b)?[.!]*$"
)
_DUE_AFTER = re.compile(r"(?i)^(?P<what>.+?)\s+(?:is|are)\s+(?:still )?due\s+(?:on |by |at )?(?P<when>.+)$")
_DEADLINE = re.compile(
    r"(?i)^the deadline (?:for|of|to)\s+(?P<what>.+?)\s+(?:is|are)\s+(?:on |by |at )?(?P<when>.+)$"
)
_OVERDUE = re.compile(r"(?i)^(?P<what>.+?)\s+(?:is|are)\s+(?:already |now )?overdue\b")
_MAY = re.compile(
    r"(?i)\b(?:already|yesterday|earlier|ago|last|done|completed?|finished|closed|taken care|dealt with|settled|list"
    r"|ticked|crossed|open|pending|outstanding|un(?:done|finished)|still|yet|due|overdue|deadline|you(?:'ve)?)\b"
    r"|\[[ xX]\]|[✅✓✔☑☐]"
)


def may_claim(answer: str) -> bool:
    """Whether a closer look is worth its time."""
    return bool(pieces.search(_MAY, answer))


def check(answer: str, known: Sequence[Known], said: Sequence[str], now: datetime) -> list[Wrong]:
    """The claims of an answer that do not hold.

    ``said`` is what the person said lately, this message first: the ledger may not know of it yet. ``now`` is in the
    mind's time zone, in which days are read.
    """
    plain = _uncited(answer.replace("’", "'"))
    asked = [text.replace("’", "'") for text in said]
    found: dict[int, Wrong] = {}
    for unit in _units(plain):
        for wrong in (
            *_wrongly_done(unit, known, asked),
            *_wrongly_open(unit, known, asked),
            *_wrongly_due(unit, known, asked, now),
        ):
            found.setdefault(wrong.opened_seq, wrong)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Unit:
    """A line of a list, or a clause; without quotation marks, and with nothing in place of what is quoted."""

    text: str
    unquoted: str
    is_line: bool


def known_of(*states: Snapshot) -> list[Known]:
    """The commitments of a mind; of more than one state, all that it may mean."""
    found: dict[Known, None] = {}
    for commitments in (state.commitments for state in states):
        found.update(
            (Known(one.text, one.opened_seq, OPEN, moment(one.due_ns) if one.due_ns else None), None)
            for one in commitments.in_order()
        )
        found.update((Known(one.text, one.opened_seq, DONE), None) for one in commitments.lately_done)
    return list(found)


async def warnings(
    answer: str, states: Sequence[Snapshot], said: Sequence[str], now: datetime
) -> list[Warning]:
    """Of an answer's claims that do not hold in any of the states: what changed while it was spoken may be meant."""
    here = now.astimezone(zone(states[0].profile.time_zone))
    # A long answer takes its time, and days are read by a library that takes most of a second to load.
    found = await asyncio.to_thread(_wrong, answer, states, said, here)
    return [Warning(code=CODE, message=one.text, seqs=[one.opened_seq]) for one in found]


def _wrong(answer: str, states: Sequence[Snapshot], said: Sequence[str], now: datetime) -> list[Wrong]:
    return check(answer, known_of(*states), said, now) if may_claim(answer) else []


def doubted(event: Event) -> set[int]:
    """Where the commitments were opened of which an answer said what the ledger does not know."""
    if event.kind != "assistant_message":
        return set()
    return {seq for one in event.body.assistant_message.warnings if one.code == CODE for seq in one.seqs}


def _uncited(answer: str) -> str:
    # After the last bracket no citation ends: what only begins as one is not looked through for its end.
    cited, bracket, rest = answer.rpartition("]")
    return _CITATION.sub("", cited + bracket) + rest


def _units(answer: str) -> Iterator[_Unit]:
    for line in answer.splitlines():
        item = _LINE.sub("", line).strip()
        bare = pieces.sub(_QUOTES, lambda _: "", item)
        if len(bare) <= MAX_CLAUSE and _is_listed(bare):
            yield _Unit(bare, "", is_line=True)
        for match in _SENTENCE.finditer(item):
            sentence = match.group().strip()
            if not sentence.endswith("?") and not _is_hedged(sentence):
                yield from (
                    _Unit(_QUOTES.sub("", clause).strip(), _QUOTED.sub(" … ", clause).strip(), is_line=False)
                    for clause in pieces.split(_CLAUSE, sentence)
                    if clause.strip() and len(clause) <= MAX_CLAUSE
                )


def _is_hedged(sentence: str) -> bool:
    """In other words than those that it quotes."""
    return bool(pieces.search(_HEDGED, pieces.sub(_QUOTED, lambda _: "…", sentence)))


def _is_listed(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_CHECKED, _UNCHECKED, _LISTED, _LISTED_DUE))


def _wrongly_done(unit: _Unit, known: Sequence[Known], said: Sequence[str]) -> Iterator[Wrong]:
    claimed = _matching(unit, known, _says_done)
    if any(one.status == DONE for one in claimed):
        return
    for one in claimed:
        if not any(score(text, one.text) for text in said):
            yield Wrong(one.opened_seq, f"the answer says that “{one.text}” is done; the ledger has it open")


def _wrongly_open(unit: _Unit, known: Sequence[Known], said: Sequence[str]) -> Iterator[Wrong]:
    claimed = _matching(unit, known, _says_open)
    if any(one.status == OPEN for one in claimed):
        return
    for one in claimed:
        if not any(_names_all(words_of(text), one.text) and "?" not in text for text in said[:1]):
            yield Wrong(one.opened_seq, f"the answer says that “{one.text}” is open; the ledger has it done")


def _wrongly_due(unit: _Unit, known: Sequence[Known], said: Sequence[str], now: datetime) -> Iterator[Wrong]:
    listed = _LISTED_DUE.match(unit.text) if unit.is_line else None
    match = listed or (None if unit.is_line else _DUE_AFTER.match(unit.text) or _DEADLINE.match(unit.text))
    late = None if unit.is_line else _OVERDUE.match(unit.text)
    if _NEGATED.search(unit.text) or not (match or late):
        return
    what = (match or late)["what"]  # type: ignore[index]
    claimed = [one for one in known if one.status == OPEN and one.due and _is_name_of(what, one.text)]
    if not claimed or any(due(text, now) for text in said[:1]):
        # The person may just have moved it.
        return
    when = due(_months(match["when"]), now) if match else None
    if match and when is None:
        return
    if any(_agrees(one.due, when, now) for one in claimed if one.due):
        return
    for one in claimed:
        told = f"{one.due.astimezone(now.tzinfo):%d %b %Y}" if one.due else ""
        yield Wrong(
            one.opened_seq, f"the answer says another time for “{one.text}”; the ledger has it due {told}"
        )


def _agrees(known: datetime, when: datetime | None, now: datetime) -> bool:
    """Whether a day is the one that is known, here or in UTC; without a day, whether it is past."""
    if when is None:
        return known < now
    return when.date() in (known.astimezone(now.tzinfo).date(), known.astimezone(UTC).date())


def _matching(unit: _Unit, known: Sequence[Known], says: Callable[[_Unit, str], bool]) -> list[Known]:
    return [one for one in known if parts_of(one.text)[1] and says(unit, one.text)]


def _says_done(unit: _Unit, promise: str) -> bool:
    if unit.is_line:
        return any(
            match and _is_name_of(match["what"], promise)
            for match in (_CHECKED.match(unit.text), _listed(unit.text, done=True))
        )
    if _NEGATED.search(unit.text):
        return False
    after, before = _DONE_AFTER.match(unit.text), _DONE_BEFORE.search(unit.text)
    if (
        after
        and not re.match(r"(?i)\s*(?:by|until)\b", after["rest"])
        and _is_name_of(after["what"], promise)
    ):
        return True
    return bool(before and _is_name_of(before["what"], promise)) or _is_told_as_past(unit.unquoted, promise)


def _is_told_as_past(clause: str, promise: str) -> bool:
    """ "You called Ana", "I've already called Ana": what was done before, by one of the two who talk."""
    verb, about = parts_of(promise)
    words, past = words_of(clause), past_of(verb)
    for at, word in enumerate(words):
        subject = [other for other in words[:at] if other not in _ADVERBS][-1:]
        if word not in past or not subject or not _names(words[at + 1 :], about):
            continue
        if subject[0] in {"you", "you've"}:
            return True
        if subject[0] in {"i", "we", "i've", "we've"} and _EARLIER.search(clause):
            return True
    return False


def _says_open(unit: _Unit, promise: str) -> bool:
    if unit.is_line:
        return any(
            match and _is_name_of(match["what"], promise)
            for match in (_UNCHECKED.match(unit.text), _listed(unit.text, done=False))
        )
    after = _OPEN_AFTER.match(unit.text)
    if after and _is_name_of(after["what"], promise):
        return True
    verb, about = parts_of(promise)
    still, not_yet = _STILL_TO.search(unit.unquoted), _NOT_YET.search(unit.unquoted)
    if still and words_of(still["what"])[:1] == [verb] and _names(words_of(still["what"])[1:], about):
        return True
    if not_yet and (not_yet["yet"] or " still " in f" {unit.unquoted} "):
        words = words_of(not_yet["what"])
        return words[:1] != [] and words[0] in past_of(verb) | {verb} and _names(words[1:], about)
    return False


def _listed(text: str, *, done: bool) -> re.Match[str] | None:
    match = _LISTED.match(text)
    is_done = match is not None and match["how"].lower() in {
        "done",
        "complete",
        "completed",
        "finished",
        "closed",
    }
    return match if match and is_done == done else None


def _is_name_of(what: str, promise: str) -> bool:
    """Whether words name a commitment and nothing else: "calling Ana" is "call Ana", "the call with Ben" is not."""
    words = words_of(what)
    verb, _ = parts_of(promise)
    own = {*words_of(promise), *_forms(verb)}
    is_nothing_else = all(
        word in SMALL or word in _FILLER or any(same(word, other) for other in own) for word in words
    )
    return is_nothing_else and _names_all(words, promise)


def _names_all(words: Sequence[str], promise: str) -> bool:
    verb, about = parts_of(promise)
    return not _forms(verb).isdisjoint(words) and _names(words, about)


def _names(words: Sequence[str], about: Sequence[str]) -> bool:
    return all(any(same(one, word) for word in words) for one in about)


def _forms(verb: str) -> set[str]:
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
    return {verb, f"{verb}s", f"{stem}ing", f"{verb}{verb[-1:]}ing", *past_of(verb)}


_SHORT_MONTHS = {
    month[:3]: month
    for month in (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    )
}  # fmt: skip


def _months(when: str) -> str:
    """With whole names of months: the prompt has short ones."""
    return re.sub(rf"\b({'|'.join(_SHORT_MONTHS)})\b\.?", lambda match: _SHORT_MONTHS[match[1]], when)
