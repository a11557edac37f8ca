"""What a sentence states in passing, beside what it is about: "As a coeliac, I …", "Pia, my tutor, …". English. Pure.

Each is told as a clause of its own, since the rest may be a question, a wish or somebody else's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.orchestrator.extraction.lexicon import JOBS, NAME, RELATION, STANDS, STATUS, is_name

_MINE = r"(?:[Mm]y|[Oo]ur)"
_NO_PERSON = (
    r"(?:reminder|starter|disclaimer|matter|number|letter|precursor|dinner|offer|winter|answer|chapter|refresher"
    r"|customer|newcomer|beginner|filler|teaser|taster|pointer|marker|primer|stopper|layer|color|factor|error|mirror"
    r"|constant|variant|result|restaurant|instant|rule|treat|reader|listener|buyer|user)"
)
_PERSONAL = (
    r"(?:\w{2,}(?:er|or|ist|ian|eer|yst|aholic|ant|phobe)"
    rf"|{JOBS}|{STANDS}|{RELATION}|[A-Z]\w+|coeliac|celiac|insomniac|introvert|extrovert|owl|hermit|minor|adult)"
)
_WHO_IS = re.compile(
    rf"(?P<who>{_MINE} [a-z-]+(?: [A-ZÀ-Þ][\w-]+)?|[A-ZÀ-Þ][a-zß-ÿ-]+), who(?:'s| is) (?P<what>[^,]{{3,60}}),\s+"
)
"""What is said of somebody in passing: "Ines, who is fifteen, …"."""
_AS = re.compile(
    rf"(?:^|[,;] |\b(?:but|and|so) )(?:[Ss]peaking )?[Aa]s (?P<what>an? (?:(?:[\w'-]+ ){{1,3}}?user"
    rf"|(?:[\w'-]+ ){{0,3}}?(?!{_NO_PERSON}\b){_PERSONAL})"
    r"(?: (?:of|in|from|at|with|on) [\w' -]{2,40})?),? "
    r"(?!I (?:want|should|can (?:view|delete|create|edit|see|log|add|manage|access))\b)"
    r"(?=(?:I|i|[Ii]'m|im|[Mm]y)\b|(?:can|do|should|may|must|could|am|would|will) [Ii]\b)"
)
"""As what one speaks: "As a wheelchair user, I …"; as a rule one speaks as nobody."""
_BEING = re.compile(
    rf"(?:^|[,;] )[Bb]eing (?P<what>(?:an? (?:[\w'-]+ ){{0,3}}?(?!{_NO_PERSON}\b){_PERSONAL}\b[^,]{{0,30}}"
    rf"|(?:allergic|intolerant) to [^,]{{3,30}}|from [A-Z][^,]{{2,30}}"
    rf"|(?:\w+ )?(?:{STATUS}|vegan|vegetarian|teetotal)\b[^,]{{0,30}})), (?=(?:I|i|im|[Ii]'m)\b)"
)
"""What one is, of which what follows comes: "Being colour-blind, I can't …"."""
_AS_SOMEONE = re.compile(
    r"(?:^|[,;] )[Aa]s (?:someone|somebody) (?:(?P<has>with)|who(?:'s| (?P<verb>is|has|lives"
    r"|works))) (?P<what>[^,]{3,50}), "
    r"(?=(?:I|i|im|[Ii]'m|my)\b)"
)
_WITH_MY = re.compile(
    r"(?:^|[,;] )[Ww]ith (?:my|our) (?P<what>(?:bad|dodgy|weak|replacement|artificial|gammy) \w+|asthma"
    r"|arthritis|diabetes"
    r"|epilepsy|migraines), (?=(?:I|i)\b)"
)
_PARTICIPLE = re.compile(
    r"^(?P<how>[Bb]orn|[Rr]aised|[Bb]rought up|[Gg]rowing up)(?P<what> (?:and raised )?in [^,]{3,40}), (?=(?:I|i|my)\b)"
)
"""Whence one comes: "Born in Lima, I …"."""
_TRADE = re.compile(
    r"^(?P<what>(?:[Aa]n? )[a-z -]{3,40}? by (?:trade|profession|training)), (?=(?:I|i|my)\b)"
)
_SINCE = re.compile(
    r"(?:^|[,;] |\b(?:but|and|so) |\b[Ii]t(?:'s| has|s) been (?:[\w-]+ ){1,3}?)(?:(?:[Ee]ver )?[Ss]ince"
    r"|[Nn]ow that) "
    rf"(?P<what>(?:I|i|we|{_MINE} [a-z]+|(?-i:[A-ZÀ-Þ])[a-zß-ÿ]+|[a-z]+ and i)(?:'ve|'s"
    rf"|ve)? (?!last\b)[^,;.?!]{{3,60}}?)"
    r"(?=[,;.!?]|$| (?<!and )(?:I|i|im|i'm|my|our|the|we|it|everything|life|things|nothing)\b)"
)
"""What is so before something else is: "Since I left Lidl I sleep better"."""
_HAVING = re.compile(
    r"^[Hh]aving (?:(?:just|finally|recently) )?(?P<what>[a-z]+ [^,]{2,60}), (?=(?:I|i|we)\b)"
)
_VERB = (
    r"(?=(?:is|was|has|had|will|can|just|says|thinks|wants|needs|does|got|won't|isn't|never|always|keeps|[a-z]{3,}ed"
    r"|[a-z]{3,}(?<!s)s)\b)"
)
_A_THING_OF_MINE = re.compile(
    rf"(?:^|[,;] )(?P<who>{_MINE} [a-z-]+(?: [a-z-]+)?), (?P<what>an? [^,]{{3,50}}), {_VERB}"
)
"""What kind of a thing or a person one's own is: "My car, an old Saab, failed …"."""
_SOMEBODY_OF_MINE = re.compile(
    rf"(?P<name>{NAME}), (?P<what>{_MINE} (?:[a-z'-]+ ){{0,3}}{RELATION}(?: (?:from|at|in"
    rf"|of) [\w -]{{2,30}})?), {_VERB}"
)
"""Who somebody is of whom something is told: "Pia, my violin teacher, thinks …"."""
_WHO_DOES = re.compile(
    rf"\b(?:{_MINE}|[Aa]n?) (?:[a-z-]+ ){{0,3}}?{RELATION}(?: is| called| named"
    rf"|,)? (?P<name>{NAME}), who (?P<said>(?:plays"
    r"|works|lives|teaches|studies|speaks|runs|owns|keeps|builds|makes|collects)\b[^,.;]{2,60})"
)
"""What somebody does who has just been named: "a flatmate, Oksana, who plays the accordion"."""


def in_passing(sentence: str) -> Iterator[str]:
    """The clauses that it states in passing."""
    for pattern in (_WHO_IS, _A_THING_OF_MINE):
        if (match := pattern.search(sentence)) and not match["what"].endswith(("'s", " of")):
            yield f"{match['who']} is {match['what']}"
    yield from _of_the_speaker(sentence)
    if match := _SINCE.search(sentence):
        yield match["what"]
    if match := _HAVING.search(sentence):
        yield f"I {match['what']}"
    if (match := _SOMEBODY_OF_MINE.search(sentence)) and is_name(match["name"]):
        yield f"{match['name']} is {match['what']}"


def _of_the_speaker(sentence: str) -> Iterator[str]:
    if match := _AS_SOMEONE.search(sentence):
        has = match["has"] or match["verb"] == "has"
        verb = "have" if has else {"lives": "live", "works": "work"}.get(match["verb"] or "", "am")
        yield f"I {verb} {match['what']}"
    if match := _WITH_MY.search(sentence):
        yield f"I have {'' if match['what'].split()[0].endswith(('a', 's')) else 'a '}{match['what']}"
    if match := _PARTICIPLE.match(sentence):
        how = match["how"].lower()
        yield f"I {'grew up' if how == 'growing up' else f'was {how}'}{match['what']}"
    if match := _TRADE.match(sentence):
        yield f"I am {match['what'][0].lower()}{match['what'][1:]}"
    for pattern in (_AS, _BEING):
        if match := pattern.search(sentence):
            yield f"I am {match['what']}"


def after_a_name(sentence: str) -> Iterator[str]:
    """What it adds about somebody whom it names."""
    if (match := _WHO_DOES.search(sentence)) and is_name(match["name"]):
        yield f"{match['name']} {match['said']}"
