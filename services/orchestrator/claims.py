"""What an answer claims of commitments, checked against the ledger: that one is done, open, or due at some time. Pure.

Only what is said outright is a claim, and only where it names the whole of what the commitment is about: a warning that
is wrong is worse than none. "I've sent the report" is no claim of what the ledger knows but news, and evidence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from pmm.mind.v1.events_pb2 import Event, Warning
from services.orchestrator.extraction import pieces
from services.orchestrator.extraction.due import due
from services.orchestrator.extraction.evidence import Done, parts_of, past_of, words_of
from services.orchestrator.named_commitments import DONE, OPEN, Known, Promises, is_name_of, names, names_all
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.times import moment
from services.runtime.scripts import plainly_asked
from services.runtime.times import zone

MAX_CLAUSE = 400
"""Characters of a clause that is looked at: nobody speaks of one commitment at such length."""
MAX_WARNINGS = 20
"""Of one answer; all of them must fit its event."""
CODE = "WRONG_COMMITMENT_STATUS"


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
    r"|ticked|crossed|open|to do|pending|outstanding|un(?:done|finished)|still|yet|due|overdue|deadline|you(?:'ve)?)\b"
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
    plain = _uncited(plainly_asked(answer).replace("’", "'"))
    asked = [plainly_asked(text).replace("’", "'") for text in said]
    lines, promises, lately = dict.fromkeys(plain.splitlines()), Promises(known), _Lately(asked, now)
    found: dict[int, Wrong] = {}
    for line in lines:
        # Few lines name any: of the others no more is looked at than their words.
        if promises.named_in(line, _unquoted(line)):
            for unit in _units(line):
                named = promises.named_in(unit.text, unit.unquoted)
                for wrong in _wrong_in(unit, named, lately, found):
                    found.setdefault(wrong.opened_seq, wrong)
    return list(found.values())


class _Lately:
    """What the person said lately, and what the mind is told by it, which is looked up once."""

    def __init__(self, said: Sequence[str], now: datetime) -> None:
        self.now = now
        self._said = said

    @cached_property
    def _done(self) -> list[Done]:
        return [Done(text) for text in self._said]

    @cached_property
    def names_time(self) -> bool:
        """Whether the last message names one."""
        return any(due(text, self.now) for text in self._said[:1])

    def is_done(self, promise: str) -> bool:
        """Whether they said that something was done."""
        return any(done.score(promise) for done in self._done)

    def is_asked_for(self, promise: str) -> bool:
        """Whether the last message names it, and asks nothing."""
        return any("?" not in text and names_all(words, promise) for text, words in self._words)

    @cached_property
    def _words(self) -> list[tuple[str, list[str]]]:
        return [(text, words_of(text)) for text in self._said[:1]]


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
    return [Warning(code=CODE, message=one.text, seqs=[one.opened_seq]) for one in found[:MAX_WARNINGS]]


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


def _units(line: str) -> Iterator[_Unit]:
    item = _LINE.sub("", line).strip()
    bare = _unquoted(item)
    if len(bare) <= MAX_CLAUSE and _is_listed(bare):
        yield _Unit(bare, "", is_line=True)
    for match in _SENTENCE.finditer(item):
        sentence = match.group().strip()
        if not sentence.endswith("?") and not _is_hedged(sentence):
            yield from (
                _Unit(_unquoted(clause).strip(), _QUOTED.sub(" … ", clause).strip(), is_line=False)
                for clause in pieces.split(_CLAUSE, sentence)
                if clause.strip() and len(clause) <= MAX_CLAUSE
            )


def _unquoted(text: str) -> str:
    """Without the marks around what is quoted."""
    return pieces.sub(_QUOTES, lambda _: "", text)


def _is_hedged(sentence: str) -> bool:
    """In other words than those that it quotes."""
    return bool(pieces.search(_HEDGED, pieces.sub(_QUOTED, lambda _: "…", sentence)))


def _is_listed(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_CHECKED, _UNCHECKED, _LISTED, _LISTED_DUE))


def _wrong_in(
    unit: _Unit, named: Sequence[Known], lately: _Lately, found: Mapping[int, Wrong]
) -> Iterator[Wrong]:
    if not all(one.opened_seq in found for one in named):
        yield from _wrongly_done(unit, named, lately)
        yield from _wrongly_open(unit, named, lately)
        yield from _wrongly_due(unit, named, lately)


def _wrongly_done(unit: _Unit, named: Sequence[Known], lately: _Lately) -> Iterator[Wrong]:
    claimed = [one for one in named if _says_done(unit, one.text)]
    if any(one.status == DONE for one in claimed):
        return
    for one in claimed:
        if not lately.is_done(one.text):
            yield Wrong(one.opened_seq, f"the answer says that “{one.text}” is done; the ledger has it open")


def _wrongly_open(unit: _Unit, named: Sequence[Known], lately: _Lately) -> Iterator[Wrong]:
    claimed = [one for one in named if _says_open(unit, one.text)]
    if any(one.status == OPEN for one in claimed):
        return
    for one in claimed:
        if not lately.is_asked_for(one.text):
            yield Wrong(one.opened_seq, f"the answer says that “{one.text}” is open; the ledger has it done")


def _wrongly_due(unit: _Unit, named: Sequence[Known], lately: _Lately) -> Iterator[Wrong]:
    now = lately.now
    listed = _LISTED_DUE.match(unit.text) if unit.is_line else None
    match = listed or (None if unit.is_line else _DUE_AFTER.match(unit.text) or _DEADLINE.match(unit.text))
    late = None if unit.is_line else _OVERDUE.match(unit.text)
    if _NEGATED.search(unit.text) or not (match or late):
        return
    what = (match or late)["what"]  # type: ignore[index]
    claimed = [one for one in named if one.status == OPEN and one.due and is_name_of(what, one.text)]
    if not claimed or lately.names_time:
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


def _says_done(unit: _Unit, promise: str) -> bool:
    if unit.is_line:
        return any(
            match and is_name_of(match["what"], promise)
            for match in (_CHECKED.match(unit.text), _listed(unit.text, done=True))
        )
    if _NEGATED.search(unit.text):
        return False
    after, before = _DONE_AFTER.match(unit.text), _DONE_BEFORE.search(unit.text)
    if after and not re.match(r"(?i)\s*(?:by|until)\b", after["rest"]) and is_name_of(after["what"], promise):
        return True
    return bool(before and is_name_of(before["what"], promise)) or _is_told_as_past(unit.unquoted, promise)


def _is_told_as_past(clause: str, promise: str) -> bool:
    """ "You called Ana", "I've already called Ana": what was done before, by one of the two who talk."""
    verb, about = parts_of(promise)
    words, past = words_of(clause), past_of(verb)
    for at, word in enumerate(words):
        subject = [other for other in words[:at] if other not in _ADVERBS][-1:]
        if word not in past or not subject or not names(words[at + 1 :], about):
            continue
        if subject[0] in {"you", "you've"}:
            return True
        if subject[0] in {"i", "we", "i've", "we've"} and _EARLIER.search(clause):
            return True
    return False


def _says_open(unit: _Unit, promise: str) -> bool:
    if unit.is_line:
        return any(
            match and is_name_of(match["what"], promise)
            for match in (_UNCHECKED.match(unit.text), _listed(unit.text, done=False))
        )
    after = _OPEN_AFTER.match(unit.text)
    if after and is_name_of(after["what"], promise):
        return True
    verb, about = parts_of(promise)
    still, not_yet = _STILL_TO.search(unit.unquoted), _NOT_YET.search(unit.unquoted)
    if still and words_of(still["what"])[:1] == [verb] and names(words_of(still["what"])[1:], about):
        return True
    if not_yet and (not_yet["yet"] or " still " in f" {unit.unquoted} "):
        words = words_of(not_yet["what"])
        return words[:1] != [] and words[0] in past_of(verb) | {verb} and names(words[1:], about)
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
