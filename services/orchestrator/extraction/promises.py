"""Promises in a message, with their due times. Pure.

An answer promises where its writer says so of itself ("I'll …", "we're going to …", "let me … on Monday"); a person
asks to be reminded ("remind me …", "don't let me forget …", "set a reminder …"). What is reported, quoted, offered,
asked or supposed is no promise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from services.orchestrator.extraction import dialogue, pieces, words
from services.orchestrator.extraction import promise_patterns as said
from services.orchestrator.extraction.due import DAY_BEGINS, due, times


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that somebody said would be done."""

    text: str
    due: datetime | None


def may_promise(text: str, *, reminders_only: bool) -> bool:
    """Whether a closer look is worth its time."""
    return bool(pieces.search(said.ASK if reminders_only else said.WILL, words.plain(text)))


def promises(text: str, now: datetime, *, reminders_only: bool, names: Collection[str] = ()) -> list[Promise]:
    """Promises in an answer, or only what a person asks to be reminded of; due times against the clock ``now``.

    ``names``: of the mind, and of who talks to it: a line that begins with one is no line of a script.
    """
    found: dict[str, Promise] = {}
    straight = words.plain(text)
    masked = words.own(_by_writer(straight, names, is_answer=not reminders_only))
    is_example = False
    for start, end in words.sentences(masked):
        sentence, own = straight[start:end], masked[start:end]
        if reminders_only and (is_example or said.ON_WORDS.match(masked, end)):
            is_example = False
            continue
        is_example = reminders_only and bool(said.WORKED_ON_NEXT.match(own))
        for promise in (_asked if reminders_only else _promised)(sentence, own, now):
            found.setdefault(commitment_id(promise.text), promise)
    return list(found.values())


def _by_writer(text: str, names: Collection[str], *, is_answer: bool) -> str:
    """The text, as long as it was, without what somebody else says in it."""
    if is_answer:
        return dialogue.without_speech(dialogue.without_drafts(words.without_letters(text)), names)
    # A reminder that is lost is worse than one too many.
    return dialogue.by_person(text, names, is_reminder=True)


def commitment_id(text: str, others: int = 0) -> str:
    """The same for the same words, whatever their case and punctuation.

    ``others``: how many that were opened with these words are still open, and say something else by now.
    """
    key = words.key(text) or text
    distinct = f"{key}\x00{others}" if others else key
    return f"c-{hashlib.sha256(distinct.encode()).hexdigest()[:12]}"


def _promised(sentence: str, own: str, now: datetime) -> Iterator[Promise]:
    done = 0
    for match in islice(said.WILL.finditer(own), words.MAX_CLAUSES):
        before = own[: match.start()]
        if match.start() < done or not _is_said_for_oneself(before, is_elided=bool(match["elided"])):
            continue
        begin = match.start("what")
        what, end = _cut(sentence, own, begin)
        if match["can"]:
            will = said.AND_WILL.search(own, begin, begin + said.MAX_WORDS)
            what, end = (sentence[begin : will.start()], will.end()) if will else ("", end)
        is_told = said.IF_LIKED.search(own, begin) or words.SAID_BY.search(own, begin)
        if not what or is_told or said.NO_PROMISE.match(what):
            continue
        aside = due(match["aside"] or "", now)
        if match["aside"] and not aside:
            continue
        when = aside or due(_time_before(before), now, then=what)
        # "I'll explain:" is done at once, and "let me think", too.
        is_now = match["is"] or (match["let"] and not said.LATER.search(what)) or own[end : end + 1] == ":"
        is_now = is_now or bool(said.BELOW.search(what))
        if not when and (is_now or said.NO_PROMISE_ALONE.match(what)):
            continue
        done = end
        yield Promise(what, when)


def _is_said_for_oneself(before: str, *, is_elided: bool) -> bool:
    """Whether what leads to "I'll" leaves the promise the writer's own, and one that is made."""
    boundary = _last_clause(before)
    last = before[boundary:].strip()
    if is_elided:
        return bool(said.I_HAVE.match(last)) or bool(said.WILL_BY_ITSELF.fullmatch(last))
    if _is_reported(before, boundary):
        return False
    if said.ASSURED.fullmatch(last):
        return True
    if said.CONDITION.match(_clause_before(before, boundary).strip()) or said.CONDITION.match(last):
        return False
    return bool(said.TEMPORAL.match(last)) or not said.NOT_MINE.search(_after_and(last))


def _is_reported(before: str, boundary: int) -> bool:
    """Whether the colon of a boundary leads to words that are another's, or only spoken of."""
    lead = before[:boundary].rstrip(" ,:(")
    return before[boundary - 1 : boundary] == ":" and bool(
        said.REPORTED.search(lead) or said.WORKED_ON.match(lead)
    )


def _last_clause(before: str) -> int:
    """Where the clause begins that a text ends with."""
    return max((match.end() for match in said.CLAUSE.finditer(before)), default=0)


def _clause_before(before: str, boundary: int) -> str:
    earlier = before[: max(boundary - 1, 0)]
    return earlier[_last_clause(earlier) :]


def _after_and(clause: str) -> str:
    """What follows the last "and" of a clause: who says "do this and I'll do that" promises the latter."""
    parts = re.split(r"(?:^| )(?:and|but|(?<!be )so|then)(?: |$)", clause, flags=re.I)
    return parts[-1]


def _time_before(before: str) -> str:
    """The words right before that may say when."""
    boundary = _last_clause(before)
    clause = _after_and(before[boundary:].strip())
    if said.TEMPORAL.match(clause):
        return clause
    earlier = _clause_before(before, boundary).strip() if not clause else ""
    return earlier if said.TEMPORAL.match(earlier) or said.PLAN.match(earlier) else ""


def _cut(sentence: str, own: str, begin: int) -> tuple[str, int]:
    """What is to be done, and where its words end."""
    stop = said.CUT.search(own, begin + 1, begin + said.MAX_WORDS)
    end = stop.start() if stop else min(len(sentence), begin + said.MAX_WORDS)
    return said.LAST.sub("", words.without_smileys(sentence[begin:end]).strip(" ,.!?…\n\t")), end


def _asked(sentence: str, own: str, now: datetime) -> Iterator[Promise]:
    done = 0
    for match in islice(said.ASK.finditer(own), words.MAX_CLAUSES):
        before = own[: match.start()]
        is_done = (match["verb"] or match["act"]) and said.I_DID.search(before)
        if match.start() < done or not _is_asked(before) or is_done:
            continue
        begin, between = match.end(), ""
        after = own[begin : begin + said.MAX_WORDS]
        if match["keep"]:
            link = re.match(r" (?:to|about|that)?\b ?", after, re.I)
            begin += link.end() if link else 0
        elif match["sure"] or match["note"]:
            begin += 1
        elif match["act"]:
            begin = match.start()
        else:
            begin, between = _link(after, begin, now, needs_time=bool(match["tell"]))
            if not begin:
                continue
        if need := said.NEED_TO.match(own, begin):
            begin = need.end()
        elif match["note"] and said.STATES.match(own, begin):
            continue
        what, done = _cut(sentence, own, begin)
        if match["act"]:
            between = own[match.end() : done].strip(" ,.!?")
            between = said.FOR_HOUR.sub("at ", between) if match["wake"] else between
            if not due(between, now):
                continue
        day_begins = said.ALARMS_BEGIN if match["wake"] else DAY_BEGINS
        told = f"{between} {_time_before(before).lower()}"
        rest = own[match.end() : done].partition(between)[2] if between else what
        when = due(told, now, then=rest, day_begins=day_begins)
        if what and not (words.SAID_BY.search(own, match.end()) or _is_on_words(own, match.end())):
            yield Promise(what, when)


def _is_asked(before: str) -> bool:
    """Whether the words before "remind me" ask for it: nobody else is asked, and nothing is told of it."""
    boundary = _last_clause(before)
    if _is_reported(before, boundary) or said.SUPPOSED.match(before):
        return False
    clause = _after_and(before[boundary:].strip(said.AROUND_CLAUSE))
    if said.POLITE.fullmatch(clause) or said.TEMPORAL.match(clause):
        return not clause.lower().endswith("you") or bool(said.POLITE_YOU.search(clause))
    return bool(said.YOU_COULD.search(clause) and not said.NOT_NOW.search(clause))


def _is_on_words(own: str, begin: int) -> bool:
    """Whether the same sentence goes on to ask about its own words: "… - how do I say that in Japanese?"."""
    clauses = islice(said.CLAUSE.finditer(own, begin, begin + said.MAX_WORDS), words.MAX_CLAUSES)
    return any(said.ON_WORDS.match(own, clause.end()) for clause in clauses)


def _link(after: str, begin: int, now: datetime, *, needs_time: bool) -> tuple[int, str]:
    """Where begins what to be reminded of, and the words before it, which may say when; 0 where there is none."""
    told = times(after[: said.MAX_LINK])
    starts_with_time = any(not after[:start].strip(" ,") for start, _ in told)
    only_when = 0, ""
    for match in said.LINK.finditer(after[:80]):
        between = after[: match.start()].strip(" ,")
        at = match.start("link") if match["link"] else match.start()
        if any(start < at < end for start, end in told):
            continue
        if said.ASKS_BACK.match(between) and not (starts_with_time or said.AT_ARRIVAL.match(between)):
            return 0, ""
        if needs_time and not (between and due(between, now)):
            return 0, ""
        link = (match["link"] or ":").lower()
        if link == "not":
            return begin + match.start("link"), between
        rest = after[match.end() :].strip()
        found = begin + match.end() + 1, between
        if link == "for" and any(start in (at, at + len("for ")) for start, _ in told):
            only_when = found
            continue
        if link == "of" and not (due(between, now) or due(rest, now)):
            return 0, ""
        return found
    return only_when
