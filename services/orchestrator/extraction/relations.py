"""Who is what to whom, and no longer is. For English. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from services.orchestrator.extraction import changes, lexicon, running_out, telling
from services.orchestrator.extraction import relation_rules as rules
from services.orchestrator.extraction.fact import USER, Fact

_TAUGHT = re.compile(
    r"\b(?:[Mm]y|[Oo]ur) (?:(?:old|new|first|former|dear|\w+['’]s) )*(?!(?:favou?rite|dear|old|new|own|first"
    r"|former|very"
    r"|good|best|amazing|lovely|strict|nice)\b)(?P<what>[a-z]+) $"
)
_OWN = re.compile(r"\b(?:I|i|[Ww]e|[Mm]y|[Oo]ur)\b")


def relations(clause: str) -> Iterator[Fact]:
    """Who is what to the user."""
    if both := rules.BOTH.search(clause):
        text = f"{both['name']} and the user {both['said']}."
        yield Fact("relationship", both["name"], both["relation"], text, lexicon.when(clause))
        return
    if (wed := rules.WED.search(clause)) and lexicon.is_name(wed["name"]):
        yield related(wed["name"], wed["relation"], is_one_of_many=False)
    if (seat := rules.REPLACED.match(clause)) and lexicon.is_name(seat["name"]):
        yield related(seat["name"], seat["relation"], is_one_of_many=False, is_new=True)
    named = (rules.HAVE_NAMED, rules.CALLED) if _OWN.search(clause) else ()
    for pattern in (rules.RELATION_NAME, rules.NAME_RELATION, rules.MARRIED, rules.DATING, *named):
        for match in pattern.finditer(clause):
            names = [name for name in re.split(r",? and |, ", match["name"]) if lexicon.is_name(name)]
            for name in names:
                of = match.groupdict().get("of") or ""
                is_new = not of and bool(rules.IS_NEW.search(match.group() + clause[match.end() :][:4]))
                relation = _of_what(clause[: match.start("relation")], match["relation"])
                yield related(name, relation, of=of, is_one_of_many=len(names) > 1, is_new=is_new)
    for match in rules.OF_MINE.finditer(clause):
        name, relation = match["name"] or match["name2"], match["relation"] or match["relation2"]
        if lexicon.is_name(name):
            yield related(name, relation, is_one_of_many=False)
    for match in rules.OF_NAMED.finditer(clause):
        if lexicon.is_name(match["name"]) and lexicon.is_name(match["of"]):
            text = f"{match['name']} is {match['of']}'s {match['relation']}."
            yield Fact("relationship", match["name"], match["relation"], text)
    for match in rules.OF_SOMEBODY.finditer(clause):
        if lexicon.is_name(match["name"]):
            text = f"The user is {match['name']}'s {match['relation']}."
            yield Fact("relationship", match["name"], match["relation"], text)


def _of_what(before: str, relation: str) -> str:
    """What somebody is, with what they teach: "violin teacher"."""
    taught = _TAUGHT.search(before) if relation in ("teacher", "instructor") else None
    return f"{taught['what']} {relation}" if taught else relation


def is_told(fact: Fact, related: Sequence[Fact]) -> bool:
    """Whether a fact says who is what again: "the boss is Ana" beside "Ana is the boss"."""
    return any(
        one.object.endswith(fact.subject) and f"{fact.object},".startswith(f"is {one.subject},")
        for one in related
    )


def parted(clause: str) -> Fact | None:
    """Who is to the user no longer what they were."""
    if (parted := rules.PARTED.match(clause)) and lexicon.is_name(parted["name"]):
        said = changes.ANY_MORE.sub("", parted["said"]).replace(" not together", " no longer together")
        return Fact(
            "event", parted["name"], said, f"{parted['name']} and the user {said}.", lexicon.when(clause)
        )
    if (apart := rules.BOTH_PARTED.match(clause)) and all(
        map(lexicon.is_name, (apart["one"], apart["other"]))
    ):
        said = changes.ANY_MORE.sub("", apart["said"]).replace(" not together", " no longer together")
        text = f"{apart['one']} and {apart['other']} {said}."
        return Fact("event", apart["one"], said, text, lexicon.when(clause))
    if (left := rules.LEFT_BY.match(clause)) and lexicon.is_name(left["name"]):
        return Fact(
            "event",
            left["name"],
            left["said"],
            f"{left['name']} {left['said']} the user.",
            lexicon.when(clause),
        )
    if (former := rules.NO_LONGER_RELATED.match(clause)) and lexicon.is_name(former["name"]):
        text = f"{former['name']} is no longer the user's {former['relation']}."
        return Fact("relationship", former["name"], former["relation"], text)
    return None


def ran_out(clause: str) -> Fact | None:
    """Which contract or membership has ended by itself."""
    if not (ended := running_out.ran_out(clause)):
        return None
    of, what = ended
    mine = re.match(r"(?i)(?:my|our) ", of)
    subject = of[mine.end() :] if mine else of
    whose = f"the user's {subject}'s" if mine else f"{of or 'the user'}'s"
    return Fact("event", subject or USER, what, telling.of_other(whose, what), lexicon.when(clause))


def related(name: str, relation: str, *, is_one_of_many: bool, of: str = "", is_new: bool = False) -> Fact:
    """``is_new``: whether it is said of somebody who was not it before."""
    match relation:
        case "married" | "engaged" | "related":
            text = f"The user is {relation} to {name}."
        case "dating":
            text = f"The user is dating {name}."
        case _ if is_one_of_many:
            text = f"{name} is one of the user's {of}{relation}."
        case _ if is_new and lexicon.SEATS.fullmatch(relation):
            text = f"{name} is the user's new {relation}."
        case _:
            text = f"{name} is the user's {of}{relation}."
    return Fact("relationship", name, relation, text)
