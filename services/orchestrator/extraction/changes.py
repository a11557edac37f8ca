"""What changed in a life: what is so since something happened, and what is so no longer. For English. Pure.

What is read follows a subject, with contractions written out: "joined Siemens last week", "do not smoke any more".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.orchestrator.extraction import lexicon, telling
from services.orchestrator.extraction.fact_rules import ADVERBS
from services.orchestrator.extraction.lexicon import NAME
from services.orchestrator.extraction.organisations import is_employer_only, is_organisation
from services.orchestrator.extraction.places import is_place

_PLACE = (
    r"(?P<place>(?-i:(?:the )?[A-ZÀ-Þ][\w'’&.-]*\w"
    r"(?>(?:,? (?:(?:de|do|da|del|la|le|of|on|upon|and) )?[A-ZÀ-Þ][\w'’&-]*)*)))"
)
_SERVICE = (
    r"(?P<service>the (?:fire brigade|fire department|police|army|navy|air force|coast guard|civil service))"
)
_ROLE = r"(?P<role>an? [a-zÀ-ÿ][\w-]*(?: (?!(?:at|by|for|in|on|last|this|and|but|two)\b)[\w-]+){0,2})"
_RANK = (
    r"(?P<role>(?:an? )?(?!the\b)[A-Za-zÀ-ÿ][\w-]*"
    r"(?: (?!(?:at|last|this|and|but|in|on|two|recently)\b)[\w-]+){0,3})"
)
_AS = rf"(?: as {_ROLE})?"
_JOB = r"(?:(?:an?|my|his|her) )?(?:new )?(?:job|position|role)"
_HAS_BEEN = r"(?:was|were|been|got)"
_AGE = r"(?P<age>\d{1,3}|\w+ty(?:-\w+)?|\w+teen|six|seven|eight|nine|ten|eleven|twelve)"
_END = r"(?=$|,| (?:and|but|last|this|yesterday|today|recently|on|in|at|two|three|a few|an?) ?\b)"
_SINCE = tuple(
    (re.compile(rf"(?:(?:have|has) )?{ADVERBS}(?:now )?{pattern}", re.IGNORECASE), is_recent)
    for pattern, is_recent in (
        (
            rf"(?:moved|relocated|emigrated) (?:back )?(?:here )?(?:from (?P<was>.{{1,40}}?) )?to {_PLACE}",
            True,
        ),
        (
            r"(?:started|begun|began)"
            r"(?: (?:work|working|an? (?:\w+ )?(?:job|position|role)|(?:my|his|her) (?:\w+ )?job))?"
            rf" (?:at|for) {_PLACE}{_AS}",
            True,
        ),
        (rf"started (?:(?:work|working) )?(?:at|for|with) {_PLACE} as {_ROLE}", False),
        (rf"started (?:(?:work|working) )?as {_ROLE} (?:at|for|with) {_PLACE}", False),
        (rf"joined (?!{lexicon.NETWORKS}\b)(?:{_PLACE}|{_SERVICE})(?: in (?-i:[A-Z]\w+))?{_AS}{_END}", True),
        (rf"(?:got|found|landed|accepted) {_JOB} as {_ROLE} (?:at|with) {_PLACE}", False),
        (rf"(?:got|found|landed|accepted) {_JOB} (?:at|with) {_PLACE}{_AS}", False),
        (rf"{_HAS_BEEN} promoted to {_RANK}{_END}", False),
        (
            rf"{_HAS_BEEN} made (?P<role>(?:an? )?(?:[\w-]+ )?(?:partner|manager|director|head|lead|leader|chef|captain"
            rf"|supervisor|editor|professor|deputy)){_END}",
            False,
        ),
        (rf"{_HAS_BEEN} hired (?:by|at) {_PLACE}{_AS}", False),
        (rf"{_HAS_BEEN} hired as {_ROLE}(?: (?:by|at) {_PLACE})?", False),
        (rf"became (?P<what>an? [\w -]+?){_END}", True),
        (rf"turned {_AGE}{_END}", False),
        (
            rf"(?:moved|have moved|has moved) in with (?P<with>(?:my|our|his|her) [a-z-]+|(?-i:{NAME})){_END}",
            True,
        ),
        (
            rf"left .{{1,40}} (?:for|to take) (?:an? )?(?:new )?(?:job|position|role) (?:at|with) {_PLACE}",
            False,
        ),
        (r"got (?P<what>married|engaged|divorced)\b(?! to\b)", True),
    )
)
"""What somebody did of which the consequence is so still, and whether it takes words that say that it was of late."""
_TO_ANOTHER = re.compile(
    rf"(?:(?:have|has) )?{ADVERBS}"
    r"(?:(?:moved|transferred|(?P<switched>switched|changed))(?P<jobs> (?:jobs|employers|companies))? from"
    r"|(?P<left>left))"
    rf" (?P<was>[^,]{{1,40}}?) (?:to|for) {_PLACE}(?:,? (?:in|last|this) \w+(?= as an? ))?{_AS}{_END}",
    re.IGNORECASE,
)
"""From one employer to another."""
_HOME = re.compile(r"(?i)\b(?:home|house|flat|apartment|place|village|town|city|farm)$")
_PROFESSION = re.compile(rf"\b{lexicon.JOBS}$|(?:er|or|ist|ant|ian|ee|analyst|lead|head|nurse|intern)$")
"""As what one works somewhere, and hardly lives there."""
_DOES = {
    "smoking": "smokes", "vaping": "vapes", "running": "runs", "swimming": "swims", "jogging": "jogs",
    "cycling": "cycles", "climbing": "climbs", "dancing": "dances", "singing": "sings", "painting": "paints",
}  # fmt: skip
_DOES_WHAT = {"drinking": "drinks", "eating": "eats", "playing": "plays"}
_TOOK_UP = re.compile(
    rf"(?:(?:have|has) )?{ADVERBS}(?:started|begun|began|taken up|took up) "
    rf"(?P<doing>{'|'.join(_DOES)}|(?:{'|'.join(_DOES_WHAT)}) (?!(?:again|it|breakfast|lunch|dinner|early|late)\b)"
    r"(?P<what>(?:the )?[a-z]+))"
    r"(?: again(?=$|,| (?:and|but|last|this)\b)| recently$|,? (?:last|this) (?:week|month|year)$"
    r"| \w+ (?:weeks|months) ago$)",
    re.IGNORECASE,
)
"""What somebody does since, where that is said to be so again or of late."""
WED = re.compile(
    rf"{ADVERBS}(?i:(?:got (?P<relation>married|engaged) to|(?P<married>married))) (?P<name>{NAME})(?!['’\w-])"
)
_LONG_AGO = re.compile(
    rf"(?i)\b(?:in|since|back in|of) (?:(?:{lexicon.MONTHS}) )?(?:19|20)\d\d\b"
    r"|\byears ago\b|\bwhen (?:I|i|we|he|she) w|\bas a (?:child|kid)\b"
)
_LIVES = re.compile(r"(?i)\b(?:moved|relocated|emigrated)\b")

_OVER = re.compile(
    r"(?:(?P<be>am|are|is) (?:no longer|not (?=.*\bany ?(?:more|longer)$))|no longer"
    r"|(?P<do>do|does) not (?=.*\bany ?(?:more|longer)$)"
    r"|(?P<can>can not (?=(?:stand|bear|eat|drink) .*\bany ?(?:more|longer)$))) *(?P<rest>\S.*)",
    re.IGNORECASE,
)
_SINCE_WHEN = re.compile(
    r"(?P<have>have|has) not (?P<verb>been(?= (?:with|at) )|worked(?= (?:at|for|as) )|lived(?= (?:in|at|with) )"
    r"|smoked|vaped) (?P<rest>(?:.* )?since (?!(?:i|we|he|she|they|the)\b).+)",
    re.IGNORECASE,
)
"""Who has not been with them since March is with them no longer."""
_SO_NOW = {"worked": "work", "lived": "live", "smoked": "smoke", "vaped": "vape"}
_AFTER_ANY_MORE = re.compile(r"(?<=\bany)(?P<more> ?(?:more|longer)),.*", re.IGNORECASE)
ANY_MORE = re.compile(r",? any ?(?:more|longer)$", re.IGNORECASE)
WITH = re.compile(
    rf"(?:am|are|is) (?:(?:with|at) {_PLACE}"
    r"|with (?P<small>(?!(?:it|you|them|him|her|us|me|that|this|these|those|child|everyone|anyone)\b)[a-z][\w-]+))"
    r"(?=$|,| (?:since|as)\b)"
)
"""Where somebody works, or whom they are together with: worth saying once it is over only."""


def since(said: str) -> list[str]:
    """What is so since then, each as it is said of somebody else: "works at Siemens".

    It holds from when it was said: what was so until then is not known to the day.
    """
    if _LONG_AGO.search(said):
        return []
    is_recent = bool(lexicon.RECENT.search(said))
    if took := _TOOK_UP.match(said):
        doing = took["doing"].partition(" ")[0].lower()
        return [f"{_DOES_WHAT[doing]} {took['what']}" if took["what"] else _DOES[doing]]
    if (to := _TO_ANOTHER.match(said)) and lexicon.is_name(to["place"]) and _is_a_job(to):
        return list(_consequences({"place": to["place"], "role": to["role"]}, lives=False))
    for pattern, needs_recent in _SINCE:
        if (is_recent or not needs_recent) and (match := pattern.match(said)):
            found = match.groupdict()
            lives = bool(_LIVES.search(match.group()))
            where = found.get("place") or ""
            if lives and (found.get("was") or is_organisation(where)):
                return list(_moved(found["was"] or "", where))
            return list(_consequences(found, lives=lives))
    return []


def _moved(was: str, where: str) -> Iterator[str]:
    """Where who moved from there lives or works since; nothing where the names may be those of towns or of firms."""
    if is_organisation(where):
        yield f"works at {where}"
    elif is_place(where) or is_place(was) or _HOME.search(was):
        yield f"lives in {where}"


def _is_a_job(to: re.Match[str]) -> bool:
    """Whether one left an employer for another: the sentence says so, or the names do."""
    if to["jobs"] or (_PROFESSION.search(to["role"] or "") and not is_place(to["place"])):
        return True
    if to["left"]:
        # Siemens may have been left for the town of Berlin.
        return is_organisation(to["place"])
    return any(map(is_employer_only if to["switched"] else is_organisation, (to["was"], to["place"])))


def wed(said: str) -> tuple[str, str] | None:
    """Whom somebody got married or engaged to, and which; None where that is long ago."""
    match = None if _LONG_AGO.search(said) else WED.match(said)
    return (match["name"], (match["relation"] or "married").lower()) if match else None


def over(said: str) -> tuple[str, str] | None:
    """What was so, as the rules for facts read it, and how it is told that it is over; None where nothing is."""
    match = _OVER.match(_since_when(_AFTER_ANY_MORE.sub(r"\g<more>", said)))
    if not match:
        return None
    rest = ANY_MORE.sub("", match["rest"])
    if rest.endswith((" here", " there")):
        return None
    if (match["do"] or "").lower() == "does":
        rest = telling.third(rest)
    if match["can"]:
        return f"can not {rest}", f"can not {rest}"
    be = match["be"]
    return (f"{be} {rest}", f"{be} no longer {rest}") if be else (rest, f"no longer {rest}")


def _since_when(said: str) -> str:
    """ "Have not worked there since May" as "no longer work there since May"."""
    match = _SINCE_WHEN.match(said)
    if not match:
        return said
    is_other = match["have"].lower() == "has"
    if match["verb"].lower() == "been":
        return f"{'is' if is_other else 'am'} no longer {match['rest']}"
    verb = _SO_NOW[match["verb"].lower()]
    return f"no longer {telling.third(verb) if is_other else verb} {match['rest']}"


def _consequences(found: dict[str, str | None], *, lives: bool) -> Iterator[str]:
    place = found.get("place") or found.get("service")
    if place:
        yield f"{'lives in' if lives else 'works at'} {_dateless(place)}"
    if other := found.get("with"):
        yield f"lives with {_dateless(other)}"
    if role := found.get("role"):
        yield f"works as {_dateless(role)}"
    if what := found.get("what") or found.get("age"):
        yield f"is {_dateless(what)}"


def _dateless(words: str) -> str:
    return lexicon.TIME.sub("", words).strip(" ,")
