"""Of what kind a home or an employer is, so that only its like takes its place: a flat takes none of a town. Pure."""

from __future__ import annotations

import re

from services.memory.endings import SUBJECT

TOWN, REGION, PART, DWELLING, AREA, MOVED = "town", "region", "part", "dwelling", "area", "moved "
NAMED, THAT, SOME, ANY, NONE = "named", "that", "some", "any", "none"
_REGIONS = frozenset(
    (
        "england|scotland|wales|ireland|northern ireland|britain|great britain|uk|united kingdom|europe|asia|africa"
        "|america|south america|north america|latin america|scandinavia|essex|kent|surrey|sussex|devon|cornwall|dorset"
        "|norfolk|suffolk|yorkshire|lancashire|cumbria|somerset|hampshire|cheshire|midlands|highlands|cotswolds"
        "|usa|us|states|united states|canada|mexico|alabama|alaska|arizona|arkansas|california|colorado|connecticut"
        "|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts"
        "|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico"
        "|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota"
        "|tennessee|texas|utah|vermont|virginia|wisconsin|wyoming|ontario|british columbia|alberta|new england|midwest"
        "|australia|queensland|tasmania|new south wales|new zealand|germany|austria|switzerland|france|italy|spain"
        "|portugal|belgium|netherlands|holland|denmark|sweden|norway|finland|iceland|poland|czechia|czech republic"
        "|slovakia|slovenia|croatia|serbia|bosnia|hungary|romania|bulgaria|greece|cyprus|malta|estonia|latvia|lithuania"
        "|ukraine|russia|turkey|albania|bavaria|saxony|hesse|styria|tyrol|carinthia|tuscany|sicily|sardinia|lombardy"
        "|andalusia|catalonia|galicia|brittany|normandy|provence|flanders|wallonia|crete|alps|balkans|algarve"
        "|algeria|egypt|morocco|tunisia|ghana|kenya|nigeria|senegal|south africa|tanzania|uganda|zimbabwe|ethiopia"
        "|argentina|brazil|chile|colombia|costa rica|ecuador|panama|peru|uruguay|venezuela|cuba|jamaica|china|india"
        "|indonesia|israel|japan|kuwait|lebanon|malaysia|pakistan|philippines|qatar|south korea|korea|sri lanka|taiwan"
        "|thailand|uae|emirates|vietnam|bangladesh|nepal|iran|iraq|saudi arabia|jordan|syria|north|south|east|west"
    ).split("|")
)
_PARTS = frozenset(
    (
        "brooklyn|manhattan|queens|bronx|harlem|staten island|hackney|camden|croydon|brixton|islington|lambeth|soho"
        "|southwark|peckham|kreuzberg|neukölln|mitte|prenzlauer berg|friedrichshain|charlottenburg|wedding|montmartre"
        "|trastevere|schwabing|altona|city centre|city center|centre|center|old town|suburbs|outskirts|east end"
        "|west end"
    ).split("|")
)
_DWELLING = re.compile(
    r"\b(?P<head>flat|apartment|house|studio|cottage|bungalow|dorm|houseboat|caravan|villa|maisonette|loft|mansion"
    r"|penthouse|duplex|townhouse|room|place|home|building|block|tower|terrace|basement|attic|dormitory|commune|van)\b"
)
_ANY_DWELLING = frozenset({"room", "place", "home", "building", "block", "tower", "basement", "attic"})
"""In each of which one may live in whatever else one lives in."""
_ALIKE = {
    "apartment": "flat",
    "studio": "flat",
    "dormitory": "dorm",
    "bungalow": "house",
    "townhouse": "house",
}
_AREA = re.compile(
    r"\b(?P<head>city|town|village|suburbs?|countryside|country|coast|seaside|island|street|area|neighbourhood|farm"
    r"|quarter|district|neighborhood|valley|mountains|hills|woods|forest|beach|sea|middle|outskirts|heart)\b"
)
_EMPLOYERS = (NAMED, THAT, SOME, ANY)
_TAKEN = {
    TOWN: (TOWN,), REGION: (REGION,), PART: (PART,), NAMED: (NAMED, THAT), THAT: (NAMED, THAT, SOME)
}  # fmt: skip
"""Of which kinds one takes the place of another."""
_TAKEN_BY_MOVE = {
    REGION: (TOWN, REGION, PART, DWELLING, AREA),
    TOWN: (TOWN, PART, DWELLING, AREA),
    AREA: (TOWN, PART, DWELLING, AREA),
    PART: (PART, DWELLING, AREA),
    **dict.fromkeys(_EMPLOYERS, _EMPLOYERS),
}
"""Of which kinds one does that is said to have begun."""
_OF_TIMES = re.compile(
    r" (?:(?:on|at|over|during) (?:the )?(?:weekends?|weekdays|holidays)|on (?:\w+ )?(?:mon|tues|wednes|thurs|fri"
    r"|satur|sun)days?(?: \w+s?)?|(?:in|during) (?:the|my|his|her|their) (?:mornings?|evenings?|afternoons?|nights?"
    r"|week|holidays|spare time|free time|summers?|winters?)|(?:in|during|over) (?:spring|summer|autumn|winter)"
    r"|at nights?|part[- ]time|on the side|as a (?:side|second|extra) (?:job|gig|hustle)"
    r"|(?:once|twice|\w+ times|\w+ (?:days?|nights?|evenings?"
    r"|hours?|months?)) an? (?:week|month|year)|every (?:\w+day|weekend|summer|winter|week|month)"
    r"|as (?:a|an) (?:\w+ )?(?:volunteer|side job)|for half (?:of )?the year|half (?:of )?the (?:year|time|week)"
    r"|occasionally|sometimes|now and then|from time to time|too|as well|for fun|for free|for charity)\b",
    re.IGNORECASE,
)
"""When something is so that is not so at all times: who works there on Sundays works elsewhere on Mondays."""
_SEASONS = (
    r"(?:(?:late|early|mid)[ -])?(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december|spring|summer|autumn|fall|winter)|mornings?|evenings?|afternoons?|nights?|weekends?|weekdays"
    r"|holidays?|lunch|breakfast|dinner|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|heat|cold|rain|dark|snow"
    r"|christmas|easter"
)
_MOVES = re.compile(
    rf"\b(?:moved|relocated|joined|now (?:works?|lives?))\b|^{SUBJECT} (?:works?|lives?) .+ now$",
    re.IGNORECASE,
)
"""It is so from then on, whatever was so until then."""
_LIMITED = re.compile(
    rf"^{SUBJECT} (?:does|do|is|am|are|can) not .*?(?: (?:in|on|at|during) (?:the )?(?:{_SEASONS})\b"
    r"| (?:during|when|while|unless|before|after|without|every|each) \S)",
    re.IGNORECASE,
)
"""What is not so then may be so at other times: who does not love Rome in August may love it."""
_NOT_BY_TRADE = re.compile(
    r"^(?:an? |the |part of )?(?:[\w-]+ )?(?:volunteer|team|freelancer|contractor|temp|couple|pair|group|employee"
    r"|favou?r|usual|unit|well)(?=$| (?:at|for|in|with|of|on|to)\b)",
    re.IGNORECASE,
)
"""As what one works beside what one is."""
_NOT_EMPLOYERS = re.compile(
    r"^(?:an? |the |my |his |her |their |our )?(?:[\w-]+ ){0,3}?(?:desk|computer|pace|speed|moment|weekends?|office"
    r"|heights?|level|times?|hours?|shifts?|living|week|month|rate|wage|salary|distance|thesis|table|screen|laptop|night"
    r"|counter|till|check-?out|reception|front|back|cause"
    r"|future|good|best|teams?|department|division|branch|same (?:place|company|firm))$",
    re.IGNORECASE,
)
"""At or for what one works, whoever pays for it."""
_NAME = re.compile(r"(?:the )?[A-ZÀ-Þ0-9]|(?P<whose>(?:the|my|our|his|her|their)) ")
_OF_ANY_SORT = re.compile(
    r"\b(?:company|firm|business|corporation|organi[sz]ation|employer|start-?up|agency|place|office|team|shop|chain|giant"
    r"|manufacturer|supplier)\b"
)
"""What an employer with any name may be."""
_ARTICLE = re.compile(r"(?:an?|some|one of)\b ?", re.IGNORECASE)
_AT_END = re.compile(r",? (?:now|these days|at the moment|currently)$", re.IGNORECASE)
_THE = re.compile(r"^the ", re.IGNORECASE)
_NAMED_WITHIN = re.compile(r" (?:in|at|outside|near|of) (?P<place>(?:the )?[A-ZÀ-Þ][^,]*)$")


def is_limited(sentence: str) -> bool:
    """Whether a sentence denies something for some times or circumstances only."""
    return " not " in sentence and _LIMITED.match(sentence) is not None


def of(attribute: str, value: str, sentence: str) -> str:
    """Of what somebody lives in, works at or works as, as the sentence tells it; of anything else none is known."""
    if attribute not in ("lives", "works", "occupation"):
        return ""
    if _OF_TIMES.search(sentence):
        return NONE
    if attribute == "occupation":
        return NONE if _NOT_BY_TRADE.match(value) else NAMED
    kind = _home(_AT_END.sub("", value)) if attribute == "lives" else _employer(value)
    return f"{MOVED}{kind}" if kind != NONE and _MOVES.search(sentence) else kind


def _home(value: str) -> str:
    name = _THE.sub("", value.partition(",")[0]).lower().strip()
    if name in _REGIONS:
        return REGION
    if name in _PARTS:
        return PART
    if re.match(r"(?:the )?[A-ZÀ-Þ]", value):
        return TOWN
    of_it = re.split(r" (?:in|at|with|near|on|from|by|next|outside|of) ", value, maxsplit=1)[0].lower()
    if (match := _DWELLING.search(of_it)) and not re.search(r"\b(?:parent|mum|mom|dad|famil)", of_it):
        head = match["head"]
        return f"{DWELLING} {'' if head in _ANY_DWELLING else _ALIKE.get(head, head)}"
    if match := _AREA.search(of_it):
        return f"{AREA} {match['head']}"
    return NONE


def _employer(value: str) -> str:
    if _NOT_EMPLOYERS.match(_AT_END.sub("", value)):
        return NONE
    if not (match := _NAME.match(value)):
        return (ANY if _OF_ANY_SORT.search(value) else SOME) if _ARTICLE.match(value) else NONE
    return THAT if match["whose"] else NAMED


def takes_place(new: str, old: str) -> bool:
    """Whether one of the one kind takes the place of one of the other."""
    if not new or not old:
        return True
    if NONE in (new, old):
        return False
    was, _, had = old.removeprefix(MOVED).partition(" ")
    kind, _, head = new.removeprefix(MOVED).partition(" ")
    if kind == was == DWELLING:
        return new.startswith(MOVED) or bool(head and had and head != had)
    return was in (_TAKEN_BY_MOVE if new.startswith(MOVED) else _TAKEN).get(kind, ())


def named_within(value: str) -> str:
    """The town that a home is said to be in: "a flat in Leeds"; empty where none is."""
    match = None if re.match(r"(?:the )?[A-ZÀ-Þ]", value) else _NAMED_WITHIN.search(value)
    return match["place"] if match else ""
