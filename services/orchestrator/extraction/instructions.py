"""Standing instructions: what a person wants from now on, from explicit words only. Pure.

What makes an instruction a standing one is said with it: from when on ("from now on", "in future", "by default"), how
often ("always", "never", "whenever …", "every time"), in what ("in your answers", "each reply"), or that something is
to end ("stop …ing", "no more …", "don't … any more"). What is asked for once, told, quoted or asked about is none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from itertools import islice, zip_longest

from services.orchestrator.extraction import dialogue, words
from services.orchestrator.extraction import instruction_forms as forms
from services.orchestrator.extraction import instruction_patterns as said
from services.orchestrator.extraction.verbs import is_imperative

_MAX_TELLING = 100
"""Letters before a clause in which those are that make it somebody else's: "he said, …"."""
_NEAR_ADVERB = 10
"""Letters with which nobody has said yet what is to be done always or never."""
_MAX_FROM_NOW = 80
"""Letters of what says from when on something is to be done."""
_MAX_LATER = 300
"""Letters of an instruction with which no sentence begins: of each clause of a long one its end is looked at."""


def directives(text: str, called: Collection[str] = ()) -> list[str]:
    """The instructions in a message, in its words.

    ``called``: what the mind is called, and who talks to it: a line that begins with one is the writer's own.
    """
    straight = words.plain(text)
    own = words.own(dialogue.by_person(straight, called))
    found: dict[str, None] = {}
    places = list(words.sentences(own))
    for (start, end), (after, last_after) in zip_longest(places, places[1:], fillvalue=(0, 0)):
        is_standing = forms.stands(own[after:last_after])
        for first, last in _in_sentence(own[start:end], start, is_standing=is_standing):
            found.setdefault(_trimmed(straight[first:last]))
    return list(found)


def directive_id(text: str) -> str:
    """The same for the same words, whatever their case and punctuation."""
    return f"d-{hashlib.sha256(words.key(text).encode()).hexdigest()[:12]}"


def _in_sentence(sentence: str, offset: int, *, is_standing: bool) -> Iterator[tuple[int, int]]:
    """Where the instructions of a sentence lie in the text. ``is_standing``: what it bids is said to be for good."""
    body = _without_stops(sentence)
    if before := forms.before_stands(body):
        body, is_standing = before, True
    if body.endswith("?"):
        body = body.rstrip("?!. ")
        tagged = said.TAG.sub("", body)
        if tagged == body and not (said.ASKS.search(body) and said.REQUEST.search(body)):
            return
        body = tagged
    done = 0
    for begin, joint in _beginnings(body):
        before = body[:begin]
        is_first = not before.strip(" \"'-*•\x00")
        is_joined = joint == "and" and not (is_first or _follows_one(body[done:begin], done))
        if begin < done or (is_joined and not said.STARTS.match(body, begin)):
            continue
        is_next = bool(done) and not body[done:begin].strip(" ,")
        if not (is_first or is_next) and _is_told(before[-_MAX_TELLING:].rstrip()):
            continue
        is_free = (
            is_first or joint != "," or len(before.split(maxsplit=3)) <= 2 or said.REASON_FIRST.match(body)
        )
        found = _instruction(body[begin : None if is_first else begin + _MAX_LATER], is_free=bool(is_free))
        if not found and joint == "so" and said.SINCE_NOW.search(before) and is_imperative(body[begin:]):
            found = 0, len(body) - begin
        if found:
            first, last = found
            done = begin + last
            yield offset + begin + first, offset + done
    if is_standing and not done:
        begin = _after_politeness(body, next(_beginnings(body))[0])
        if forms.is_bidden(body[begin:]):
            yield offset + begin, offset + len(body)


def _is_told(lead: str) -> bool:
    """Whether what follows is said by somebody else: "my teacher says: …"."""
    is_reason = lead.endswith(",") and said.REASON_FIRST.match(lead)
    is_speech = lead.endswith((":", ",")) and not is_reason and said.TELLS.search(lead.rstrip(" ,:"))
    return bool(is_speech or said.MADE_RULES.search(lead))


def _after_politeness(text: str, begin: int) -> int:
    polite = re.compile(said.POLITE, re.I).match(text, begin)
    return polite.end() if polite else begin


def _without_stops(sentence: str) -> str:
    """Without what it ends with, but for the mark that closes a quotation."""
    body = words.without_smileys(sentence).rstrip(" \n\t\"'.!…)")
    closed = said.QUOTED_LAST.search(sentence, max(0, len(body) - 2))
    return sentence[: closed.end()] if closed else body


def _follows_one(between: str, done: int) -> bool:
    """Whether an "and" joins to an instruction: "I forget things and never learn" tells of oneself."""
    return bool(done) and not between.strip(" ,").removeprefix("and")


def _beginnings(body: str) -> Iterator[tuple[int, str]]:
    """Where a clause may begin, and with what it is joined to the one before."""
    lead = len(body) - len(body.lstrip(" \"'-*•\t\n"))
    yield lead, ""
    for match in islice(said.CLAUSE.finditer(body, lead), words.MAX_CLAUSES):
        yield match.end(), (match["joint"] or match.group().strip()).lower()


def _instruction(clause: str, *, is_free: bool) -> tuple[int, int] | None:
    """Where in a clause, and what follows it, an instruction lies that begins with it."""
    for find in _FRAMES if is_free else (_starting, _always, _in_case, _not_any_more, _ending_from_now):
        if (found := find(clause)) is not None:
            first, rest = found
            cuts = (one.search(clause, rest) for one in (said.CUT, said.REASON, said.SINCE_WHY))
            last = _before_another(
                clause, rest, min((cut.start() for cut in cuts if cut), default=len(clause))
            )
            if not said.TOLD_AFTER.search(clause, rest, rest + 200):
                return first, last
            return None
    return None


def _before_another(clause: str, begin: int, end: int) -> int:
    """Where an instruction ends that is followed by another with its own word that it stands."""
    for joint in islice(said.ANOTHER.finditer(clause, begin, end), words.MAX_CLAUSES):
        then = clause[joint.end() : end]
        is_marked = said.ALWAYS.match(then) or (joint["also"] and said.IN_YOURS.search(then))
        is_other = (is_marked and is_imperative(then)) or said.CASE_UNBROKEN.match(then)
        if is_other and _instruction(clause[: joint.start()], is_free=True):
            return joint.start()
    return end


Found = tuple[int, int] | None
"""Where an instruction begins in its clause, and from where on it may be cut off."""


def _starting(clause: str) -> Found:
    """ "From now on, …"."""
    match = said.STARTS.match(clause)
    if not match:
        return None
    what = match["what"]
    polite = re.match(said.POLITE, what, re.I)
    begin = match.start("what") + (polite.end() if polite else 0)
    if re.match(r"mind \w+ing\b", clause[begin:], re.I):
        return begin + len("mind "), begin + len("mind ")
    rest = clause[begin:]
    first, comma, then = rest.partition(", ")
    is_strong = not match["from"].lower().startswith(("in ", "by ", "as "))
    is_told = is_imperative(rest) or re.match(r"no\b(?!.{0,60}\bfor me$)", rest, re.I)
    if is_told or (is_strong and _is_without_verb(rest)):
        return begin, begin
    if wanted := forms.wanted(rest):
        return begin + wanted, begin + wanted
    if not comma and (unbroken := said.CASE_UNBROKEN.match(rest)) and is_imperative(unbroken["then"]):
        return begin, begin + unbroken.start("then")
    is_case = comma and re.match(
        r"(?:every|each|when|whenever|if|before|after|at|on|in|for|unless)\b", first, re.I
    )
    return (begin, begin + len(first) + 2) if is_case and is_imperative(then) else None


def _is_without_verb(rest: str) -> bool:
    """ "No …", "shorter", "all prices in euros"."""
    is_noun = said.NOUNS.match(rest) and not rest.lower().startswith("no one")
    return bool(is_noun) or forms.is_verbless(said.TAG.sub("", _first_of(rest)))


def _always(clause: str) -> Found:
    """ "Always …", "I want you to never …"."""
    match = said.ALWAYS.match(clause)
    if not match:
        return None
    what = match["what"]
    if said.IS_TITLE.search(what):
        return None
    is_shouted = what.upper() == what
    if (said.OTHER_THAN_VERBS.match(what) and not is_shouted) or "\x00" in what[:_NEAR_ADVERB]:
        return None
    if re.search(r"\b(?:you'll|you (?:will|can|may)|will you) $", clause[: match.start("what")], re.I):
        return None  # "You can always call me."
    is_wished = (
        clause[: match.start("what")]
        .lower()
        .endswith((" rather you ", " that you ", " if you ", " prefer you ", " mind ", " of you ", " of u "))
    )
    banned = re.match(rf"{said.BY_NO_MEANS},? (?:(?:should|must|may|are|can) you (?:to )?)?", what, re.I)
    if is_wished or is_imperative(what[banned.end() :] if banned else what):
        # "Always, always": the comma belongs to it.
        return match.start("what"), match.start("what") + 8
    return None


def _in_case(clause: str) -> Found:
    """ "Whenever …, …"; "when …, always …"."""
    match = said.CASE.match(clause)
    if not match or match["then"].lower().startswith("and "):
        return _in_case_unbroken(clause)
    polite = re.match(said.POLITE, match["then"], re.I)
    then = match["then"][polite.end() if polite else 0 :]
    is_told = (
        is_imperative(then)
        if match["every"] or match["often"]
        else bool(said.ALWAYS.match(then)) and is_imperative(then)
    )
    is_yours = bool(said.RECURS.search(clause, match.start("what"), match.start("then"))) and is_imperative(
        then
    )
    return (match.start("what"), match.start("then")) if is_told or is_yours else _in_case_unbroken(clause)


def _in_case_unbroken(clause: str) -> Found:
    """ "whenever i ask for code give me python"."""
    match = said.CASE_UNBROKEN.match(clause)
    if (
        match
        and match["what"].lower().startswith(("when ", "if "))
        and said.ONE_OFF.search(match["what"], 0, match.start("then") - match.start("what"))
    ):
        return None
    return (match.start("what"), match.start("then")) if match and is_imperative(match["then"]) else None


def _ending(clause: str) -> Found:
    """ "Answer in German from now on", "ask me whenever …", "start each answer with …"."""
    polite = re.match(said.POLITE, clause, re.I)
    begin = polite.end() if polite else 0
    if (we := said.WE.match(clause, begin)) and _ends_from_now(clause):
        begin = we.end()
    rest = clause[begin:]
    if said.REMEMBER.match(clause):
        return None
    if wanted := forms.wanted(rest):
        return (begin + wanted, begin + wanted) if _ends_from_now(rest) else None
    if forms.is_verbless(_trimmed(_first_of(rest))) and _ends_from_now(rest):
        return begin, begin
    if not (is_imperative(rest) or re.match(r"(?:no(?! one)|only|just|less|fewer|more) ", rest, re.I)):
        return None
    if _ends_from_now(rest) or said.OFTEN.search(rest):
        begin += _after_one_off(rest)
        return begin, begin
    is_told = is_imperative(rest) or re.match(r"(?:no|less|fewer|more) ", rest, re.I)
    return (begin, begin) if is_told and said.IN_YOURS.search(rest) else None


def _after_one_off(rest: str) -> int:
    """Where the standing one of two begins: "shorten this one and answer in Welsh from now on"."""
    joint = said.ANOTHER.search(rest)
    if (
        not joint
        or not said.ONE_OFF.search(rest, 0, joint.start())
        or said.SINCE_NOW.search(rest, 0, joint.start())
    ):
        return 0
    return joint.end() if joint["also"] and is_imperative(rest[joint.end() :]) else 0


def _ending_from_now(clause: str) -> Found:
    """ "Answer in German from now on", and nothing of which the words say less that it stands."""
    return _ending(clause) if _ends_from_now(clause) else None


def _ends_from_now(rest: str) -> bool:
    return _says_from_now(rest) or _says_from_now(_first_of(rest)) or bool(said.SINCE_WHY.search(rest))


def _says_from_now(rest: str) -> bool:
    end = rest[-_MAX_FROM_NOW:]
    return bool(said.ENDS.search(end) or said.ENDS.search(said.TAG.sub("", end)))


def _rule(clause: str) -> Found:
    """ "New rule: …", "remember for good: …"."""
    match = said.RULE.match(clause) or said.REMEMBER.match(clause)
    if not match:
        return None
    rest = clause[match.end() :]
    is_told = is_imperative(rest) or said.YOU_DO.match(rest) or forms.is_verbless(_first_of(rest))
    is_told = is_told or (re.match(r"(?:no|only|nothing) ", rest, re.I) and ", " not in rest)
    return (match.end(), match.end()) if is_told else None


def _wanted(clause: str) -> Found:
    """ "I want all your replies in English"."""
    match = said.WANTED.match(clause)
    return (match.start("what"), match.start("what")) if match else None


def _stopping(clause: str) -> Found:
    """ "Stop …ing …"."""
    match = said.STOP.match(clause)
    if not match:
        return None
    if match["verb"][0].isupper() and not clause.isupper():
        return None
    is_once = said.ONCE.search(match["rest"])
    is_manner = said.STOP_ALONE.match(match["verb"]) or (
        said.STOP_MANNER.match(match["verb"]) and match["rest"].strip(" ,")
    )
    is_manner = is_manner and not is_once
    return (
        (match.start("what"), match.start("rest"))
        if is_manner or said.GENERAL.search(match["rest"])
        else None
    )


def _enough(clause: str) -> Found:
    """ "Enough of the …", "avoid …ing"; "your answers should …"; "at the end of each answer …"."""
    if match := said.ENOUGH.match(clause):
        return None if said.ONCE.search(match["what"]) else (match.start("what"), match.start("what"))
    if match := said.RATHER.match(clause) or said.NO_EVER.match(clause) or said.IF_YOURS.match(clause):
        return match.start("what"), match.start("what")
    if (match := said.NEVER_TO.match(clause)) and is_imperative(match["act"]):
        return match.start("what"), match.start("what")
    if said.SHOULD.match(clause) or said.SHOULD_IN_YOURS.match(clause):
        return 0, 0
    match = said.RECURRING.match(clause)
    return (0, 0) if match and is_imperative(clause[match.end() :]) else None


def _no_more(clause: str) -> Found:
    """ "No more …"."""
    match = said.NO_MORE.match(clause)
    if not match:
        return None
    is_one = said.THINGS.search(match["thing"]) or re.search(rf"\bever$|{said.YOURS}", match["what"], re.I)
    return (match.start("what"), match.start("rest")) if is_one else None


def _first_of(what: str) -> str:
    """An instruction without what is said of it: "…, I never read them"."""
    cut = said.CUT.search(what)
    return what[: cut.start()] if cut else what


def _not_any_more(clause: str) -> Found:
    """ "Don't … any more"."""
    match = said.NOT_ANY_MORE.match(clause) or said.MUST_NOT.match(clause)
    if not match or not is_imperative(match["act"]):
        return None
    if not any(said.ANY_MORE.search(what.rstrip()) for what in (match["what"], _first_of(match["what"]))):
        return None
    if re.search(r"(?<!like )\b(?:that|this|it) (?:ever )?again$", match["what"], re.I):
        return None
    return match.start("what"), match.start("what") + 6


_FRAMES = (_rule, _starting, _always, _in_case, _stopping, _enough, _no_more, _not_any_more, _wanted, _ending)


def _trimmed(what: str) -> str:
    plain = what.strip(" ,.!?…\n\t")
    return said.TAG.sub("", said.SAYS_SINCE.sub("", said.TAG.sub("", plain))).strip(" ,.!")
