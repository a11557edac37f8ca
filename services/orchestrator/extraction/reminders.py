"""What a person asks to be reminded of ("remind me …", "don't let me forget …", "set a reminder …"). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from services.orchestrator.extraction import promise, words
from services.orchestrator.extraction import reminder_patterns as said
from services.orchestrator.extraction.due import DAY_BEGINS, due, times
from services.orchestrator.extraction.promise import MAX_WORDS, Promise


def asked(straight: str, masked: str, now: datetime) -> Iterator[Promise]:
    """What is asked for in a text; ``masked`` is the same without what is not its writer's own.

    A sentence that is only spoken of ("how would you say that in German?") asks for nothing.
    """
    is_example = False
    for start, end in words.sentences(masked):
        sentence, own = straight[start:end], masked[start:end]
        if is_example or said.ON_WORDS.match(masked, end):
            is_example = False
            continue
        is_example = bool(said.WORKED_ON_NEXT.match(own))
        yield from _in_sentence(sentence, own, now)


def _in_sentence(sentence: str, own: str, now: datetime) -> Iterator[Promise]:
    done = 0
    for match in islice(said.ASK.finditer(own), words.MAX_CLAUSES):
        before = own[: match.start()]
        is_done = (match["verb"] or match["act"]) and said.I_DID.search(before)
        if match.start() < done or not _is_asked(before) or is_done:
            continue
        begin, between = match.end(), ""
        after = own[begin : begin + MAX_WORDS]
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
        what, done = promise.cut(sentence, own, begin)
        if match["act"]:
            between = own[match.end() : done].strip(" ,.!?")
            between = said.FOR_HOUR.sub("at ", between) if match["wake"] else between
            if not due(between, now):
                continue
        day_begins = said.ALARMS_BEGIN if match["wake"] else DAY_BEGINS
        told = f"{between} {promise.time_before(before).lower()}"
        rest = own[match.end() : done].partition(between)[2] if between else what
        when = due(told, now, then=rest, day_begins=day_begins)
        if what and not (words.SAID_BY.search(own, match.end()) or _is_on_words(own, match.end())):
            yield Promise(what, when)


def _is_asked(before: str) -> bool:
    """Whether the words before "remind me" ask for it: nobody else is asked, and nothing is told of it."""
    boundary = promise.last_clause(before)
    if promise.is_reported(before, boundary) or said.SUPPOSED.match(before):
        return False
    clause = promise.after_and(before[boundary:].strip(said.AROUND_CLAUSE))
    if said.POLITE.fullmatch(clause) or promise.TEMPORAL.match(clause):
        return not clause.lower().endswith("you") or bool(said.POLITE_YOU.search(clause))
    return bool(said.YOU_COULD.search(clause) and not said.NOT_NOW.search(clause))


def _is_on_words(own: str, begin: int) -> bool:
    """Whether the same sentence goes on to ask about its own words: "… - how do I say that in Japanese?"."""
    clauses = islice(promise.CLAUSE.finditer(own, begin, begin + MAX_WORDS), words.MAX_CLAUSES)
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
