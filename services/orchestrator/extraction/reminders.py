"""What a person asks to be reminded of ("remind me …", "don't let me forget …", "set a reminder …"). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from services.orchestrator.extraction import promise, words
from services.orchestrator.extraction import reminder_patterns as said
from services.orchestrator.extraction.due import DAY_BEGINS, due, times, without_time
from services.orchestrator.extraction.promise import MAX_WORDS, Promise


def asked(straight: str, masked: str, now: datetime) -> Iterator[Promise]:
    """What is asked for in a text; ``masked`` is the same without what is not its writer's own.

    A sentence that is only spoken of ("how would you say that in German?") asks for nothing.
    """
    is_example, earlier = False, ""
    for start, end in words.sentences(masked):
        sentence, own = straight[start:end], masked[start:end]
        if is_example or said.ON_WORDS.match(masked, end):
            is_example = False
            continue
        is_example = bool(said.WORKED_ON_NEXT.match(own))
        yield from _in_sentence(sentence, own, earlier, now)
        earlier = own


def _in_sentence(sentence: str, own: str, earlier: str, now: datetime) -> Iterator[Promise]:
    """``earlier``: the sentence before it."""
    done = 0
    for match in islice(said.ASK.finditer(own), words.MAX_CLAUSES):
        before = own[: match.start()]
        is_done = (match["verb"] or match["act"] or match["keep"]) and said.I_DID.search(before)
        if match.start() < done or not _is_asked(before) or is_done:
            continue
        if match["remind"] and (meant := _meant(before, own[match.end() :], earlier, now)):
            yield meant
            continue
        told = promise.time_before(before)
        begin, between = _begin(match, own, now, is_timed=bool(told))
        if not begin and not match["act"]:
            continue
        what, done = promise.cut(sentence, own, begin)
        if match["act"]:
            between = own[match.end() : done].strip(" ,.!?")
            if match["wake"]:
                between = said.RING_AT.sub("at ", said.FOR_SPAN.sub("in ", between))
            if not due(between, now):
                continue
        day_begins = said.ALARMS_BEGIN if match["wake"] else DAY_BEGINS
        rest = own[match.end() : done].partition(between)[2] if between else what
        when = _ahead(between, f"{earlier} {before}", now)
        when = when or due(f"{between} {told.lower()}", now, then=rest, day_begins=day_begins)
        if what and not (words.SAID_BY.search(own, match.end()) or _is_on_words(own, match.end())):
            yield from _each(what, when, now, is_list=bool(match["many"]))


def _each(what: str, when: datetime | None, now: datetime, *, is_list: bool) -> Iterator[Promise]:
    """Errands that are named in one breath, each with its own time; all as one where one has none."""
    parts = (said.ITEMS if is_list else said.AND_THEN).split(what)
    parts = [said.ONE_FOR.sub("", part).strip() for part in parts]
    if len(parts) < 2 or not all(said.ERRAND.search(without_time(part)) and due(part, now) for part in parts):
        yield Promise(what, when)
        return
    for part in parts:
        yield Promise(_after_its_time(part), due(part, now))


def _after_its_time(errand: str) -> str:
    """Without the words that say when, where "to" leads from them to the errand: "on Friday to book the hotel"."""
    end = next((end for start, end in times(errand) if not start), 0)
    link = said.TO_DO.match(errand, end) if end else None
    return errand[link.end() :] if link else errand


def _begin(match: re.Match[str], own: str, now: datetime, *, is_timed: bool) -> tuple[int, str]:
    """Where what is asked for begins, and the words before it that may say when; 0 where nothing is asked for.

    ``is_timed``: whether the words before "remind me" say when.
    """
    begin, between = match.end(), ""
    if match["act"]:
        return match.start(), ""
    if match["keep"]:
        link = said.AFTER_KEEP.match(own, begin)
        begin = link.end() if link else begin
    elif match["sure"] or match["note"]:
        begin += 1
    else:
        after = own[begin : begin + MAX_WORDS]
        begin, between = _link(after, begin, now, needs_time=bool(match["tell"]), is_timed=is_timed)
    if begin and (need := said.NEED_TO.match(own, begin)):
        return need.end(), between
    return (0, "") if match["note"] and said.STATES.match(own, begin) else (begin, between)


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


def _meant(before: str, after: str, earlier: str, now: datetime) -> Promise | None:
    """What was said right before "remind me", where nothing else is named to be reminded of.

    A time after these words says when; "an hour before" counts from the time that was said.
    """
    start, end = next(iter(times(after[: said.MAX_LINK])), (0, 0))
    forerun = said.FORERUN.match(after.strip(" ,"))
    rest = after.strip(" ,")[forerun.end() :] if forerun else after[:start] + after[end:]
    if not said.REFERS.fullmatch(rest):
        return None
    errand = before[: promise.last_clause(before)].strip(" ,-–—:;(") or earlier.strip(" .!\n")
    if said.NO_ERRAND.match(errand) or promise.TEMPORAL.match(errand) or len(errand) > MAX_WORDS:
        return None
    need = said.NEED_TO.match(errand)
    errand = errand[need.end() :] if need else errand
    if not (need or times(errand)) and (said.OF_SOMEBODY.match(errand) or not (end or forerun)):
        return None
    when = _ahead(forerun[0], errand, now) if forerun else None
    return Promise(errand, when or due(after[start:end], now, then=errand))


def _ahead(between: str, said_before: str, now: datetime) -> datetime | None:
    """When it is "the night before" what was said last; None where that is no such time, or tells none."""
    forerun = said.FORERUN.match(between)
    named = times(said_before) if forerun else []
    if not (forerun and named):
        return None
    start, end = named[-1]
    when = due(said_before[start:end], now)
    far = said.A_WEEK.sub("a ", said.SIDE.sub("before", forerun["long"]))
    return (
        due(f"{far} {when:%H:%M on %Y-%m-%d}" if said.OF_HOURS.search(far) else f"{far} {when:%Y-%m-%d}", now)
        if when
        else None
    )


def _link(after: str, begin: int, now: datetime, *, needs_time: bool, is_timed: bool) -> tuple[int, str]:
    """Where begins what to be reminded of, and the words before it, which may say when; 0 where there is none.

    ``is_timed``: whether the words before "remind me" say when.
    """
    told = times(after[: said.MAX_LINK])
    starts_with_time = any(not after[:start].strip(" ,") for start, _ in told)
    only_when = 0, ""
    for match in said.LINK.finditer(after[:80]):
        between = after[: match.start()].strip(" ,")
        at = match.start("link") if match["link"] else match.start()
        if any(start < at < end for start, end in told):
            continue
        if said.ASKS_BACK.match(between) and not (
            starts_with_time or said.AT_ARRIVAL.match(between) or said.FORERUN.match(between)
        ):
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
        if link == "of" and between and not due(between, now):
            continue
        if link == "of" and not (between or is_timed or times(rest)):
            return 0, ""
        return found
    return only_when if only_when[0] else _after_time(after, begin, told)


def _after_time(after: str, begin: int, told: list[tuple[int, int]]) -> tuple[int, str]:
    """The same where no word leads from when to what: "remind me tomorrow bins"."""
    end = next((end for start, end in told if not after[:start].strip(" ,")), 0)
    bare = said.BARE.match(after, end) if end else None
    return (begin + bare.end(), after[:end].strip(" ,")) if bare else (0, "")
