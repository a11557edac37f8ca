"""What others say in a text: the lines of a script, a chat or subtitles, and words that are drafted for somebody. Pure.

Everything here takes time in proportion to the text, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from services.orchestrator.extraction.common import COMMON
from services.orchestrator.extraction.not_names import NOT_NAMES

MASK = "\x00"
_SPEAKER = re.compile(
    r"(?:[^\w<\n]|\d|\b[AaPp][Mm]\b){0,40}(?:<(?P<nick>[\w.-]{1,30})>(?= )"
    r"|(?P<who>[A-ZÀ-Þ][\w.'’-]{0,20}(?: [A-ZÀ-Þ\d][\w.'’-]{0,20}){0,2})"
    r" ?(?:\([^()\n]{1,40}\))?(?:[*_]{0,2}:[*_]{0,2}(?= |$)| \|))"
)
"""``Tom:``, ``**Dr. Weiss** (smiling):``, ``[10:42] Tom:``, ``<tom>``, ``| Tom |`` at the beginning of a line."""
_TOPICS = frozenset(
    """
    about absolutely action actions advice afterwards agenda agreed ai alright also answer application applications
    appointment appointments assistant attention background backup bank bills bonus book books bot bottom breakfast
    budget budgeting bug bugs call calls caution caveat certainly changes chat chatgpt chores clarification cleaning
    code commitment commitments conclusion confirmed contact contacts context contract cooking correction cost costs
    date day deadline deal decision decor decorations deliveries delivery dentist deployment design details
    disclaimer docs documents done draft drafts edit email errands example examples exception exercise explanation
    fact feedback final finally finance finances first fitness flight flights followup food for fyi garden gift
    gifts goal goals groceries guests gym health hint hiring homework hotel hotels idea ideas important in info
    ingredients insurance interview invoice invoices issue item items kitchen language languages lastly later
    laundry learning level list loan logistics luggage marketing math maths me meals meanwhile medication meeting
    meetings menu milestone mode month mortgage moving music next no note noted notes now offer ok okay on option
    options order other our outcome outline outlook overview p.s packing papers paperwork part party passport
    payment payments personal pets phase photos plan plans playlist point presentation pricing priority progress
    project promise ps q1 q2 q3 q4 question quick reading recap recipe recipes release remember reminder reminders
    rent repairs reply report reports research response result results review reviews rule safety sales savings
    schedule school seats second security shipping shopping short sleep so sorry sources stage status step steps
    story studies study subject suggestion summary task tasks tax taxes testing tests thanks then therapy
    third tickets timeline tip tips title tldr today todo todos tomorrow tonight topic total train trains transport
    travel trip understood update updates upshot urgent venue verdict visa warning weather website wedding week what
    when where why work workout writing year yes you your
    """.split()
)
"""What a line may be headed by that is nobody: "Flights: I'll watch the prices"."""
_ERRAND = re.compile(
    r"(?:(?:ing|tion|ment|ance|ity|ology|ness|ship)s?|\b(?:alarm|allotment|bath|bed|bike|bin|bins|boiler|bread|bus|cake"
    r"|candle|car|carpet|cash|cat|cheese|church|class|coffee|cough|cream|diet|dog|dress|eggs|eyes|fish"
    r"|flowers|fridge|fruit|fuel|gas|glasses|grass|haircut|heater|hoover|hospital|jab|jam|juice|key|keys|lawn"
    r"|lamp|letter|library|lunchbox|mail|market|meds|medicine|milk|mop|oil|oven|parcel|pasta|phone|piano"
    r"|pills?|plant|plants|post|printer|rice|roof|rubbish|salad|salt|shoes|shop|soap|socks|soup|stamps|sugar|suit"
    r"|tablets|tea|teeth|tomatoes|toothpaste|trash|tyres?|tires?|uniform|vaccine|vegetables|violin|vitamins?|wash|washer"
    r"|water|wine|yoga))$",
    re.I,
)
"""What a person may head a reminder with that is not who asks for it."""
_ROLES = frozenset(
    """
    boss brother child client colleague customer dad daddy daughter doctor dr engineer everybody everyone father
    friend guest guy husband kid lawyer man manager miss mom mother mr mrs ms mum mummy nurse officer owner parent
    partner person pilot prof robot saint sir sister son student teacher user vampire wife woman worker writer
    """.split()
)
"""Words that are no name, but say who speaks."""
_NO_SPEAKERS = (COMMON | NOT_NAMES) - _ROLES
_CUE = re.compile(r"[ \t]*[A-ZÀ-Þ][A-ZÀ-Þ.'’ -]{1,30}(?: ?\([\w.' ]{1,20}\))?[ \t]*")
"""The line of a screenplay that says who speaks below it."""
_TIMED = re.compile(r"[ \t]*(?:\d\d:)?\d\d:\d\d[.,]\d{3} --> ")
_DRAFT = re.compile(
    r"(?<![\w-])(?:drafts?|versions?|repl(?:y|ies)|messages?|templates?|wording|texts?|e-?mails?|letters?|poems?|lyrics"
    r"|songs?|verses?|scenes?|scripts?|dialogues?|conversations?|stor(?:y|ies)|examples?|translations?|quotes?|captions?"
    r"|posts?|tweets?|speech|toast|monologues?|excerpts?|passages?|transcripts?|subtitles|vows)\b[^.!?\n\x00]{0,60}:\W*$",
    re.I,
)
_NO_DRAFT = re.compile(r"\b(?:about|regarding|concerning|as for|as to|next|plan)\b", re.I)
"""Who answers "about your message: …" speaks for themselves."""
_HYPHENED = re.compile(r"-[a-z]")
"""Of "Heads-up", and not of "Jean-Luc"."""
_FEWEST_CUES = 2


def without_speech(text: str, *, fewest: int, own: Collection[str] = ()) -> str:
    """The text, as long as it was, with NUL for each letter of a line that says who speaks it, from so many lines on,
    and of what a screenplay or subtitles have below such a line.

    ``own``: names under which the writer may speak, or is spoken to: where all speakers are of these, only who speaks
    is left out.
    """
    lines = text.split("\n")
    speakers = {at: match for at, line in enumerate(lines) if (match := _spoken(line))}
    names = {name.casefold() for name in own}
    if speakers and all(_speaker(match).casefold() in names for match in speakers.values()):
        for at, match in speakers.items():
            lines[at] = " " * match.end() + lines[at][match.end() :]
        return without_speech("\n".join(lines), fewest=fewest)
    spoken = list(speakers)
    cues = sum(map(_is_cue, lines))
    is_below = False
    for at, line in enumerate(lines):
        if is_below and line.strip():
            spoken.append(at)
        else:
            is_below = bool(_TIMED.match(line)) or (cues >= _FEWEST_CUES and _is_cue(line))
    return _masked(lines, spoken) if len(spoken) >= fewest else text


def without_drafts(text: str) -> str:
    """The text, as long as it was, with NUL for each letter of a paragraph that is a draft by the line before it."""
    lines = text.split("\n")
    drafted: list[int] = []
    is_draft = False
    for at, line in enumerate(lines):
        if is_draft and line.strip():
            drafted.append(at)
        elif line.strip() or (drafted and drafted[-1] == at - 1):
            is_draft = line.rstrip().endswith(":") and _heads_draft(line[-200:])
    return _masked(lines, drafted)


def _heads_draft(line: str) -> bool:
    return bool(_DRAFT.search(line)) and not _NO_DRAFT.search(line)


def is_errand(line: str) -> bool:
    """Whether what heads a line may be what is to be done about it rather than who speaks: "Milk: remind me to …"."""
    match = _SPEAKER.match(line)
    return match is not None and bool(_ERRAND.search(_speaker(match)))


def _spoken(line: str) -> re.Match[str] | None:
    """Who speaks a line, where it says so."""
    match = _SPEAKER.match(line)
    if not match or _HYPHENED.search(match["who"] or ""):
        return None
    words = [word.strip(".'’").lower() for word in (match["who"] or "").split()]
    is_nobody = any(word in _TOPICS or (len(word) > 1 and word in _NO_SPEAKERS) for word in words)
    return None if is_nobody else match


def _speaker(match: re.Match[str]) -> str:
    return match["who"] or match["nick"]


def _is_cue(line: str) -> bool:
    return bool(_CUE.fullmatch(line)) and not _TOPICS.intersection(line.lower().split())


def _masked(lines: list[str], those: list[int]) -> str:
    for at in those:
        lines[at] = MASK * len(lines[at])
    return "\n".join(lines)
