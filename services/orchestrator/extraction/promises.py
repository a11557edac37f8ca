"""Promises in a message, with their due times. Pure.

An answer promises where its writer says so of itself ("I'll …", "we're going to …", "let me … on Monday"); what a
person asks to be reminded of is in ``reminders``. What is reported, quoted, offered, asked or supposed is no promise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice

from services.orchestrator.extraction import dialogue, pieces, promise, reminder_patterns, reminders, words
from services.orchestrator.extraction import promise_patterns as said
from services.orchestrator.extraction.due import due
from services.orchestrator.extraction.promise import MAX_WORDS, Promise, commitment_id


def may_promise(text: str, *, reminders_only: bool) -> bool:
    """Whether a closer look is worth its time."""
    return bool(pieces.search(reminder_patterns.ASK if reminders_only else said.WILL, words.plain(text)))


def promises(text: str, now: datetime, *, reminders_only: bool, names: Collection[str] = ()) -> list[Promise]:
    """Promises in an answer, or only what a person asks to be reminded of; due times against the clock ``now``.

    ``names``: of the mind, and of who talks to it: a line that begins with one is no line of a script.
    """
    straight = words.plain(text)
    masked = words.own(_by_writer(straight, names, is_answer=not reminders_only))
    read = reminders.asked if reminders_only else _promised
    found: dict[str, Promise] = {}
    for one in read(straight, masked, now):
        found.setdefault(commitment_id(one.text), one)
    return list(found.values())


def _by_writer(text: str, names: Collection[str], *, is_answer: bool) -> str:
    """The text, as long as it was, without what somebody else says in it."""
    if is_answer:
        return dialogue.without_speech(dialogue.without_drafts(words.without_letters(text)), names)
    # A reminder that is lost is worse than one too many.
    return dialogue.by_person(text, names, is_reminder=True)


def _promised(straight: str, masked: str, now: datetime) -> Iterator[Promise]:
    for start, end in words.sentences(masked):
        yield from _in_sentence(straight[start:end], masked[start:end], now)


def _in_sentence(sentence: str, own: str, now: datetime) -> Iterator[Promise]:
    done = 0
    for match in islice(said.WILL.finditer(own), words.MAX_CLAUSES):
        before = own[: match.start()]
        if match.start() < done or not _is_said_for_oneself(before, is_elided=bool(match["elided"])):
            continue
        begin = match.start("what")
        what, end = promise.cut(sentence, own, begin)
        if match["can"]:
            will = said.AND_WILL.search(own, begin, begin + MAX_WORDS)
            what, end = (sentence[begin : will.start()], will.end()) if will else ("", end)
        is_told = said.IF_LIKED.search(own, begin) or words.SAID_BY.search(own, begin)
        if not what or is_told or said.NO_PROMISE.match(what):
            continue
        if match[0].lower().startswith("we") and said.WAIT_AND_SEE.match(what):
            continue
        aside = due(match["aside"] or "", now)
        if match["aside"] and not aside:
            continue
        when = aside or due(promise.time_before(before), now, then=what)
        # "I'll explain:" is done at once, and "let me think", too.
        is_now = match["is"] or (match["let"] and not said.LATER.search(what)) or own[end : end + 1] == ":"
        is_now = is_now or bool(said.BELOW.search(what))
        if not when and (is_now or said.NO_PROMISE_ALONE.match(what)):
            continue
        done = end
        yield Promise(what, when)


def _is_said_for_oneself(before: str, *, is_elided: bool) -> bool:
    """Whether what leads to "I'll" leaves the promise the writer's own, and one that is made."""
    boundary = promise.last_clause(before)
    last = before[boundary:].strip()
    if is_elided:
        return bool(said.I_HAVE.match(last)) or bool(said.WILL_BY_ITSELF.fullmatch(last))
    if promise.is_reported(before, boundary):
        return False
    if said.ASSURED.fullmatch(last):
        return True
    if said.CONDITION.match(promise.clause_before(before, boundary).strip()) or said.CONDITION.match(last):
        return False
    return bool(promise.TEMPORAL.match(last)) or not said.NOT_MINE.search(promise.after_and(last))
