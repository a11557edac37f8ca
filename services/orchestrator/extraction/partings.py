"""What is over for a person, as people say it: "Carrefour is history", "the divorce came through". English. Pure.

What is read is a clause with contractions written out. Each is told in one of few ways, so that what was said before it
can be known to be over.
"""

from __future__ import annotations

import re

from services.orchestrator.extraction import lexicon, telling
from services.orchestrator.extraction import parting_rules as rules
from services.orchestrator.extraction.fact import USER, Fact, Type
from services.orchestrator.extraction.lexicon import is_name


def ended(clause: str) -> Fact | None:
    """What a clause says to be over, or to be so instead of something else."""
    start = rules.LEAD.match(clause)
    said = clause[start.end() :] if start else clause
    return next((fact for read in _READERS if (fact := read(said, clause))), None)


def _done_with(said: str, clause: str) -> Fact | None:
    match = next(
        (found for rule in (rules.HISTORY, rules.DONE_WITH, rules.NO_MORE) if (found := rule.match(said))),
        None,
    )
    if not match:
        return None
    text = f"{_capital(rules.LESSONS.sub('', match['what']))} is over for the user."
    return _fact("event", match["what"], text, clause)


def _no_pleasure(said: str, clause: str) -> Fact | None:
    match = rules.NOTHING_TO_ME.match(said) or rules.NO_LONGER_PLEASES.match(said)
    text = f"{_capital(match['what'])} no longer pleases the user." if match else ""
    return _fact("preference", match["what"], text, clause) if match else None


def _can(said: str, clause: str) -> Fact | None:
    if match := rules.CAN_AGAIN.match(said):
        text = f"The user can {match['verb'].lower()} {match['what']} again."
        return _fact("fact", match["what"], text, clause)
    match = rules.CAN_NOW.match(said)
    return _fact("fact", match["what"], f"The user can {match['what']}.", clause) if match else None


def _in_other_circumstances(said: str, clause: str) -> Fact | None:
    if match := rules.IN_OTHER_CIRCUMSTANCES.match(said):
        told, is_present = match["said"].removesuffix(" now"), match["said"].startswith("am ")
        type_: Type = "fact" if is_present else "event"
        return _fact(type_, told, telling.of_user(told, is_present=is_present), clause)
    if match := rules.MINE_OVER.match(said):
        text = f"The user's {match['what']} {match['how']}{_dated(clause)}."
        return _fact("event", match["what"], text, clause)
    if match := rules.GROUP_OVER.match(said):
        text = f"The user's {match['group'] or 'band'} {match['how']}{_dated(clause)}."
        return _fact("event", match["how"], text, clause)
    return None


def _married(said: str, clause: str) -> Fact | None:
    if match := rules.DIVORCE.match(said):
        name = match["name"] if match["name"] and is_name(match["name"]) else ""
        return _fact("event", "divorced", f"The user got divorced{name and ' from '}{name}.", clause)
    if match := rules.LEFT_ME.match(said):
        who, how = match["who"], match["how"]
        return _fact("event", how, f"The user's {who} {how} the user.", clause, of=who)
    if match := rules.WEDDING_OFF.match(said):
        name = match["name"] if match["name"] and is_name(match["name"]) else ""
        text = f"{name and f'{name} and '}the user called off the wedding."
        return _fact("event", "called off the wedding", _first(text), clause, of=name or USER)
    return None


def _apart(said: str, clause: str) -> Fact | None:
    match = rules.APART.match(said)
    name = (match["name"] or match["name2"] or match["name3"]) if match else ""
    if not match or not is_name(name):
        return None
    if " parted ways" in match.group():
        return _fact("event", "parted ways", f"{name} and the user parted ways.", clause, of=name)
    if match["name2"] or match["name3"] or " and " in match.group():
        return _fact("event", "broke up", f"{name} and the user broke up.", clause, of=name)
    return None


def _together(said: str, clause: str) -> Fact | None:
    match = rules.TOGETHER.match(said)
    if not match or (match["what"] == "together" and not (match["since"] or match["since2"])):
        return None
    if name := match["name"] or match["name2"]:
        return Fact("relationship", name, "dating", f"The user is dating {name}.") if is_name(name) else None
    return _fact("fact", "in a relationship", "The user is in a relationship.", clause)


def _at_work(said: str, clause: str) -> Fact | None:
    if (match := rules.IN_CHARGE.match(said)) and match["new"] and is_name(match["name"]):
        return Fact("relationship", match["name"], "manager", f"{match['name']} is the user's new manager.")
    if (match := rules.SEAT_NOW.match(said)) and "now" in clause.lower().split():
        seat, who = match["seat"], match["who"]
        return _fact("relationship", who, f"The user's new {seat} is {who}.", clause, of=seat)
    if (match := rules.TOOK_OVER.match(said)) and is_name(match["name"]) and is_name(match["was"]):
        text = f"{match['name']} took over from {match['was']}{_dated(clause)}."
        return _fact("event", match["said"], text, clause, of=match["name"])
    return None


def _born(said: str, clause: str) -> Fact | None:
    if (match := rules.ARRIVED.match(said)) and _is_a_birth(match):
        who = (
            re.sub(r"^(?:our|my) ", "", match["what"], flags=re.IGNORECASE)
            .replace("Baby", "baby")
            .removeprefix("the ")
        )
        return _fact("event", "born", f"The user's {who} was born{_dated(clause)}.", clause, of=who)
    return None


def _of_others(said: str, clause: str) -> Fact | None:
    if (match := rules.BURIED.match(said)) and is_name(
        name := match["name"] or match["name2"] or match["name3"]
    ):
        return _fact("event", "died", f"{name} died{_dated(clause)}.", clause, of=name)
    if (match := rules.PUT_DOWN.match(said)) and is_name(name := _named(match)):
        how = "rehomed" if match["name3"] else "put down"
        return _fact("event", how, f"{name} was {how}{_dated(clause)}.", clause, of=name)
    return None


def _named(match: re.Match[str]) -> str:
    return next(filter(None, match.groupdict().values()))


_READERS = (
    _done_with, _no_pleasure, _can, _in_other_circumstances, _married, _apart, _together, _at_work, _born, _of_others
)  # fmt: skip


def _is_a_birth(match: re.Match[str]) -> bool:
    """Whether who arrived was born: grown sons arrive, too."""
    return bool(
        "born" in match["how"]
        or re.search(r"(?i)\b(?:baby|little|newborn|tiny|one)\b", match["what"])
        or re.search(
            r"(?i)\b(?:weeks? (?:early|late)|kilos?|kg|lbs?|pounds|grams|ounces|healthy)\b",
            match["when"] or "",
        )
    )


def _fact(type_: Type, what: str, text: str, clause: str, *, of: str = USER) -> Fact:
    return Fact(type_, of, what, text, lexicon.when(clause))


def _dated(clause: str) -> str:
    when = lexicon.when(clause)
    return f" {when[0].lower()}{when[1:]}" if when else ""


def _first(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _capital(words: str) -> str:
    return telling.of_other("", words).rstrip(".")
