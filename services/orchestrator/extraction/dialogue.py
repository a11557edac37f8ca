"""What others say in a text: the lines of a script, a chat or subtitles, and words that are drafted for somebody. Pure.

Everything here takes time in proportion to the text, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from services.orchestrator.extraction.common import COMMON
from services.orchestrator.extraction.given_names import GIVEN_NAMES
from services.orchestrator.extraction.not_names import NOT_NAMES
from services.runtime.scripts import QUESTION_MARKS

MASK = "\x00"
_WHO = r"(?P<who>[A-ZÀ-Þ][\w.'’-]{0,20}(?: (?!\d{1,2}[:.]\d)[A-ZÀ-Þ\d][\w.'’-]{0,20}){0,2})"
_CLOCK = r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: ?[AaPp]\.?[Mm]\b\.?)?"
_SAYS = r"(?:said|says|wrote|writes|texted|texts|asked|asks|replied|answered|messaged)(?: (?:me|us))?"
_SPEAKER = re.compile(
    r"(?:[^\w<\n]|\d|\b[AaPp][Mm]\b){0,40}(?:<(?P<nick>[\w.-]{1,30})>(?= )"
    rf"|{_WHO}(?: ?[^\w\s:|()*<>]{{1,4}})? ?(?:\([^()\n]{{1,40}}\)|(?:,? |[(\[]){_CLOCK}[)\]]?|{_SAYS})?"
    r"(?:[*_]{0,2}:[*_]{0,2}(?= |$)| \||(?<=\w)>(?= )))"
)
"""At the beginning of a line: ``Tom:``, ``**Dr. Weiss** (smiling):``, ``[10:42] Tom:``, ``Tom, 10:42:``,
``Tom wrote:``, ``<tom>``, ``Tom>``, ``| Tom |``.
"""
_SMALL_SPEAKER = re.compile(r"[ \t]{0,8}(?P<who>[a-zß-ÿ][\w'’-]{1,20}):(?= )")
_HEADING = re.compile(
    rf"[ \t]*{_WHO}[ \t]*[,—–-]?[ \t]*(?:(?:Today|Yesterday) at {_CLOCK}"
    r"|[(\[]?\d{1,2}[:.]\d\d(?:[:.]\d\d| ?[AaPp]\.?[Mm]\.?)[)\]]?)[ \t]*"
)
"""The line above what somebody says, as chat programs copy it: ``Tom 10:42 AM``, ``Tom — Yesterday at 10:42``."""
_MARKS_SPEECH = re.compile(r"[:|>\n]|\d\.\d")
"""A sign of these is in every line that says who speaks, or there are several lines."""
_TOPICS = frozenset(
    """
    about absolutely action actions addendum address advice afterwards age agenda ages agreed ai aim allergies allergy
    alright also announcement answer anyway application applications appointment appointments aside ask assistant
    attachment attention attn availability background backstory backup bank basically bcc bills bio biography birthday
    bonus book books bot bottom breakfast btw budget budgeting bug bugs bulletin call calls career caution caveat cc
    certainly changes chat chatgpt chores city clarification cleaning clue code color colour commitment commitments
    conclusion condition conditions confession confirmed cons contact contacts context contract cooking correction cost
    costs country current currently danger date day deadline deal decision decor decorations default defaults degree
    deliveries delivery dentist deployment design dessert details diagnosis diet dinner disclaimer disclosure dislikes
    diy docs documents done dose draft drafts drinks due duty edit education email employer end errand errands eta event
    events example examples exception exercise experience explanation fact false family favor favorites favour
    favourites fear fears feedback final finally finance finances first fitness flight flights followup food for format
    frankly fri fw fwd fyi game garden gate gender gift gifts goal goals greeting groceries guests gym hack haha heading
    headline health height hint hiring history hmm hobbies hobby home homework honestly hotel hotels i idea ideas idk
    imo important in indeed info ingredients instruction instructions insurance interests interview intro introduction
    invoice invoices issue item items job jobs joke kitchen language languages lastly later laundry learning length
    letter level life likes list loan location login logistics lol luckily luggage lunch mailbox mains marketing
    marriage math maths me meals meanwhile medical medication meeting meetings memo menu message milestone minus mode
    mon month mood mortgage moving music name nationality nb news next nickname nicknames no nope note noted notes now
    occupation offer ok okay omg on option options order origin other otp our outcome outline outlook overview p.s
    packing papers paperwork part party passion passport password payment payments personal personality pets phase
    photos pin plan plans platform playlist plot plus point policy poll position post preference preferences
    presentation price pricing priority problem profession profile progress project promise pros ps psa purpose q1 q2 q3
    q4 question quick quirks quote random rant re reading reality reason recap recipe recipes ref reference relationship
    relationships release religion remember reminder reminders rent repairs reply report reports request requests
    research residence response result results review reviews role rsvp rule rules sadly safety sales sat savings
    scenario schedule school score seat seats second secret security sent seriously serves setting settings shipping
    shopping short situation size skills sleep so sorry sources speaking specifically spoiler stage start starter state
    statement status step steps story strengths studies study style subject suggestion sum summary survey symptoms task
    tasks tax taxes team temperature tense testing tests thanks then therapy third thu thur tickets timeline tip tips
    title tldr today todo todos tomorrow tone tonight topic total train trains transport travel trip truth tue tues
    twist ugh understood unfortunately units upd update updates upshot urgent username usually vent venue verb verdict
    vibe visa vote warning weaknesses weather website wed wedding week weight what when where why wifi wish wishes work
    workout workplace worry wow writing year yep yes yesterday you your yup
    """.split()
)
"""What a line may be headed by that is nobody: "Flights: I'll watch the prices"."""
_ERRAND = re.compile(
    r"(?:(?:ing|tion|ment|ance|ity|ology|ness|ship)s?|\b(?:alarm|allotment|bath|bed|bike|bin|bins|boiler|bread|bus|cake"
    r"|choir|dishes|ferry|football|garage|hairdresser|mot|nursery|optician|physio|plumber"
    r"|candle|car|carpet|cash|cat|cheese|church|class|coffee|cough|cream|diet|dog|dress|eggs|eyes|fish"
    r"|flowers|fridge|fruit|fuel|gas|glasses|grass|haircut|heater|hoover|hospital|jab|jam|juice|key|keys|kitchen|lawn"
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


def without_speech(text: str, own: Collection[str] = ()) -> str:
    """An answer, as long as it was, with NUL for each letter of a line that says who speaks it, and of what a
    screenplay, a chat or subtitles have below such a line.

    ``own``: names under which the writer may speak, or is spoken to: where all speakers are of these, only who speaks
    is left out.
    """
    return _without_speech(text, own, _spoken)


def by_person(text: str, own: Collection[str] = (), *, is_reminder: bool = False) -> str:
    """The same of a person's message, where what is to be done may head a line, too: "Milk: remind me to buy it".

    ``is_reminder``: whether reminders are looked for, of which small letters may head any: "garage: remind me to call".
    Who speaks is written so only where it is a common name.
    """

    def spoken(line: str) -> re.Match[str] | None:
        match = _by_anybody(line)
        if match and is_reminder and match.re is _SMALL_SPEAKER and match["who"] not in GIVEN_NAMES:
            return None
        return None if match and _ERRAND.search(_speaker(match)) else match

    return _without_speech(text, own, spoken)


def quoted_speaker(text: str, own: Collection[str] = ()) -> str:
    """Who says all that a person's message states, where somebody else does, of several the first; empty where the
    person has a say in it. A question about it is none: "Ben: I live in Rome.\n\nWhat does he mean?".
    """
    masked = by_person(text, own)
    if MASK not in masked:
        return ""
    left = masked.replace(MASK, " ").strip()
    if left and not left.endswith(QUESTION_MARKS):
        return ""
    first = next((match for line in text.split("\n") if (match := _by_anybody(line))), None)
    return _speaker(first) if first else ""


def _without_speech(text: str, own: Collection[str], spoken: Callable[[str], re.Match[str] | None]) -> str:
    if not _MARKS_SPEECH.search(text):
        return text
    lines = text.split("\n")
    speakers = {at: match for at, line in enumerate(lines) if (match := spoken(line))}
    cues = sum(map(_is_cue, lines))
    if not speakers and cues < _FEWEST_CUES and not any(map(_TIMED.match, lines)):
        return text
    names = {part.casefold() for name in own for part in (name, name.split(" ", 1)[0])}
    if speakers and all(_speaker(match).casefold() in names for match in speakers.values()):
        for at, match in speakers.items():
            lines[at] = " " * match.end() + lines[at][match.end() :]
        speakers = {}
    others = list(speakers)
    is_below = False
    for at, line in enumerate(lines):
        if is_below and line.strip():
            others.append(at)
        else:
            is_heading = at in speakers and speakers[at].re is _HEADING
            is_below = is_heading or bool(_TIMED.match(line)) or (cues >= _FEWEST_CUES and _is_cue(line))
    return _masked(lines, others)


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


def _spoken(line: str) -> re.Match[str] | None:
    """Who speaks a line, or those below it, where it says so."""
    return _named(_SPEAKER.match(line) or _HEADING.fullmatch(line))


def _by_anybody(line: str) -> re.Match[str] | None:
    """The same, whoever speaks may be written small."""
    return _spoken(line) or _named(_SMALL_SPEAKER.match(line))


def _named(match: re.Match[str] | None) -> re.Match[str] | None:
    """A line's heading, where it may name somebody."""
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
