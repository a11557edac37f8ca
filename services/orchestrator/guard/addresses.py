"""Postal addresses: a street with a number, and a place or a reason to think that somebody lives there."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from operator import attrgetter

from services.orchestrator.extraction import pieces
from services.orchestrator.guard.spans import Span, before, words

_CAP = r"[A-ZÀ-ÖØ-ÞŁŚŻŹĆŠŽČ][\w'’.-]{0,30}"
_SMALL = (
    r"(?:de|da|do|das|dos|del|della|dei|di|des|du|la|las|los|el|le|les|l'|of|the|van|von|der|den|am|an|"
    r"zum|zur|im|in|auf)"
)
_NAME = (
    rf"(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))(?: (?:{_SMALL} ){{0,2}}(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th))){{0,4}}"
)
_NUMBER = r"(?:[A-Z]-)?\d{1,5}(?:[-/]\d{1,4})?(?: ?[A-Za-z](?!\w)(?: \d{1,3})?)?(?: bis| ter)?"
_UNIT = r"(?:(?:Flat|Apt|Apartment|Unit|Suite|Studio|Room|Floor|#)\.? ?#?\w{1,5},? )?"
_TYPE = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Av|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq|"
    r"Terrace|Way|Close|"
    r"Crescent|Cres|Gardens?|Grove|Hill|Row|Mews|Park|Parkway|Pkwy|Circle|Highway|Hwy|View|Bend|Walk|Quay|"
    r"Green|Rise|Gate|"
    r"Parade|Esplanade|Trail|Loop|Alley|Heights|Wharf|Yard|Broadway|Pike|Turnpike|Run|Path|Point|Mount|"
    r"Vale|Fields?|Meadows?)"
)
_UK = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_US = r"[A-Z]{2},? \d{5}(?:-\d{4})?"
_CA = r"(?:[A-Z]{2},? )?[A-Z]\d[A-Z] ?\d[A-Z]\d"
_AU = r"(?:NSW|VIC|QLD|SA|WA|TAS|NT|ACT),? \d{4}"
_IE = r"(?:[A-Z]\d\d|D6W) ?[A-Z\d]{4}"
_POSTCODE = (
    r"(?:[A-Z]{1,2}-)?(?:\d{5}(?:-\d{3})?|\d{4}-\d{3}|\d{4} ?[A-Z]{2}|\d{4}|\d{3} \d{2}|\d{2}-\d{3}|"
    r"\d{3}-\d{4}|\d{6}|[A-Z]\d{4}(?:[A-Z]{3})?)"
)
"""Digits before the name of a town, as in most of Europe."""
_TOWN = rf"{_CAP}(?:[ -](?:{_SMALL}[ -]){{0,2}}{_CAP}){{0,3}}"
_SEP = r"(?:, ?| - | – |\n| )"
_PLACE = (
    rf"(?:{_SEP}(?:{_TOWN}, )?{_TOWN}{_SEP}(?:{_UK}|{_IE}|{_US}|{_CA}|{_AU}|\d{{4,7}})(?!\w)"
    rf"|{_SEP}{_POSTCODE} {_TOWN}"
    rf"|{_SEP}(?:{_UK}|{_CA}|\d{{5}}(?:-\d{{3,4}})?)(?!\w))"
)
_FLOOR = (
    r"(?:,? (?:m\.? ?\d{1,3}|\d{1,2}(?:[ºª°]|st|nd|rd|th|er|\.)(?: (?:floor|andar|étage|piso|Stock|OG))?(?: \w{1,6})?|"
    r"Apt|Flat|Unit|Suite|#|lgh)\.? ?\w{0,5})?"
)
_ENGLISH = rf"{_UNIT}{_NUMBER},? {_NAME}"
_TYPED = (
    rf"{_UNIT}{_NUMBER},? (?:{_CAP} |\d{{1,3}}(?:st|nd|rd|th) |(?:the|of) ){{0,3}}(?:{_CAP} |"
    rf"\d{{1,3}}(?:st|nd|rd|th) ){_TYPE}\.?(?: (?:North|South|East|West|NE|NW|SE|SW|N|S|E|W))?(?!\w)"
)
_COMPOUND = (
    rf"{_CAP}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|gatan|vägen|gade|vej|"
    rf"veien|gata|vei|straat|laan|plein|gracht|"
    rf"kade|dijk|katu|tie|utca|út)(?: {_NUMBER})"
    rf"|(?:{_CAP} ){{1,3}}(?:gate|gata|vei|veg|vej|gade|plass|allé) {_NUMBER}"
    rf"|{_CAP} (?:Straße|Strasse|Str\.|Weg|Platz|Allee|Ring|Damm|Ufer|Chaussee|utca|út) {_NUMBER}"
)
_ROMANCE = (
    r"(?:Rua|R\.|Avenida|Av\.|Avda\.?|Travessa|Largo|Praça|Praceta|Estrada|Calçada|Alameda|Calle|C/|"
    r"Carrer|Plaza|Plaça|Paseo|Ronda|Camino|Via|Viale|"
    r"Piazza|Corso|Vicolo|Largo|Strada|Rue|Boulevard|Bd|[Cc]hemin|Chaussée|Impasse|Quai|Place|Cours|Allée|ul\.|ulica|"
    r"Ulica|al\.|aleja|Str\.|Strada|Bulevardul|Unter den|An der|Am|Im|Auf der|Zum|Zur)"
    rf" (?:{_SMALL} ?){{0,2}}{_CAP}(?:[ -](?:{_SMALL} ?){{0,2}}{_CAP}){{0,4}},?(?: n[.ºo°]{{1,2}})? {_NUMBER}"
)
_FRENCH = (
    rf"{_NUMBER},? (?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|allée|quai|cours|route|passage|"
    rf"square) (?:{_SMALL} ?){{0,2}}{_CAP}(?:[ -](?:{_SMALL} ?){{0,2}}{_CAP}){{0,4}}"
)
_BOX = r"(?:P\.? ?O\.? ?Box|Postfach|Apartado|Postbus) \d{1,6}"
_START = r"(?<![\w,./-])(?<!\d )"
_WITH_PLACE = re.compile(
    rf"{_START}(?:{_BOX}|{_COMPOUND}|{_ROMANCE}|{_FRENCH}|{_TYPED}|{_ENGLISH}){_FLOOR}{_PLACE}", re.NOFLAG
)
_STREET = re.compile(
    rf"{_START}(?:{_BOX}|{_COMPOUND}|{_ROMANCE}|{_FRENCH}|{_TYPED}){_FLOOR}(?:, {_TOWN}(?: \d{{1,2}})?){{0,3}}(?!\w)"
)
_IN_TWO_PLACES = re.compile(rf"{_START}{_TYPED}{_FLOOR}, {_TOWN}, {_TOWN}(?: \d{{1,2}})?(?!\w)")
"""With a district and its town, or a town and its country."""
_ANY_STREET = re.compile(
    rf"{_START}{_CAP}(?: {_CAP}){{0,2}} {_NUMBER}, (?:\d{{3}} \d{{2}}|\d{{2}}-\d{{3}}|\d{{5}}"
    rf"|\d{{4}} [A-Z]{{2}}) {_TOWN}(?: \d{{1,2}})?(?!\w)"
)
"""Of a street whose name says nothing: with a number, a long postcode and a town."""
_SMALL_GERMAN = re.compile(
    rf"{_START}(?:[a-zäöüß-]{{2,30}}(?:straße|strasse|str\.|allee|platz|weg|gasse|ring|damm)"
    r"|[a-zäöüß-]{2,30} (?:straße|strasse|str\.?|allee|platz|weg|gasse)) \d{1,4} ?[a-z]?(?:/\d{1,4})?"
    r",? \d{4,5} [a-zäöüß]{3,30}(?!\w)"
)
_SMALL_TYPE = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|crescent|court|ct|place|terrace|way|gardens|grove"
    r"|square)"
)
_SMALL_ENGLISH = re.compile(
    rf"(?<![\w,./-])\d{{1,5}}[a-z]? (?:[a-z']{{2,20}} ){{1,3}}{_SMALL_TYPE},? (?:[a-z']{{2,20}},? ){{0,3}}"
    r"(?:[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|(?:[a-z]{2},? )?\d{5}|[a-z]\d[a-z] ?\d[a-z]\d|(?:nsw|vic|qld|tas) \d{4})"
    r"(?!\w)"
)
"""In small letters, of which only a postcode tells enough."""
_LIVED_IN = words(
    r"live[sd]?", r"living", r"lives?", r"reside[sd]?", r"address(?:es)?", r"mov(?:e|ed|ing)", r"home", r"house",
    r"flat", r"apartment", r"place",
    r"stay(?:s|ed|ing)?", r"deliver(?:y|ed|ies)?", r"ship(?:ped|ping)?", r"send", r"sent", r"post(?:ed)?", r"mail",
    r"parcel", r"package", r"pick(?: \w+)? up",
    r"pick-?up", r"pick me up", r"drop(?: \w+)? off", r"collect", r"come (?:to|by|over)", r"visit", r"taxi", r"cab",
    r"uber", r"courier", r"movers", r"neighbou?rs?", r"wohn(?:e|t|en)",
    r"adresse", r"morada", r"endereço", r"dirección", r"indirizzo", r"viv[eo]", r"moro", r"mora", r"habite",
    r"rent(?:s|ed|ing)?", r"bought", r"landlord",
    r"invoice", r"billing", r"letter", r"lease", r"tenant", r"resident", r"at mine", r"my", r"our", r"her", r"his",
    r"their", r"m(?:r|rs|s|iss)\.?", r"dr\.?", r"practice", r"i['’]?m at", r"i am at", r"we['’]?re at",
)  # fmt: skip
_KNOWN_STREET = re.compile(
    rf"{_START}(?:{_CAP}(?: {_CAP}){{0,2}} {_NUMBER}, \d{{4}} {_TOWN}"
    r"|\d{1,5}[a-z]? (?:[a-z0-9']{2,20} ){1,3}"
    r"(?:street|road|avenue|ave|lane|close|crescent|drive|court|terrace|grove|gardens))(?!\w)"
)
"""What is an address only where somebody lives or gets post."""
_IN_FIELDS = re.compile(
    r"(?<!\w)(?:street|address(?: line)?(?: ?1)?|straße|strasse|straat|rue|calle|via|rua|ulica)[ \t]*[:=][ \t]*"
    r"[^\n:=]{2,60}\n(?:[^\n]{0,60}\n){0,4}?[^\n:=]{0,20}(?:zip|post ?code|plz|code postal|postnummer|c\.?p\.?|cap)"
    r"[\w ]{0,8}[:=][ \t]*[\w -]{3,10}"
    r"(?:\n(?:city|town|ort|stad|ville|plaats|ciudad|città|cidade)[ \t]*[:=][ \t]*[^\n]{2,40})?",
    re.IGNORECASE,
)
"""An address in the fields of a form, one a line."""
_TELLING = (
    (_WITH_PLACE, ()),
    (_ANY_STREET, ()),
    (_IN_TWO_PLACES, (", ",)),
    (_SMALL_GERMAN, ("str", "allee", "platz", "weg", "gasse", "ring", "damm")),
    (_SMALL_ENGLISH, ()),
    (_IN_FIELDS, ("\n",)),
)
"""What is an address wherever it stands, each with letters of which some are in every one."""
_NEAR = 80
_START_OF = attrgetter("start")


def addresses(text: str) -> Iterator[Span]:
    """Streets with number and town; without a town, where somebody lives, gets post or is fetched."""
    telling = (
        Span("address", match.start(), match.end())
        for pattern, needs in _TELLING
        if not needs or any(need in text for need in needs)
        for match in pieces.finditer(pattern, text)
    )
    found = sorted(telling, key=_START_OF)
    yield from found
    for pattern in (_STREET, _KNOWN_STREET):
        known = found.copy()
        for match in pieces.finditer(pattern, text):
            span = Span("address", match.start(), match.end())
            if not _is_among(span, known) and _LIVED_IN.search(before(text, match.start(), _NEAR)):
                insort(found, span, key=_START_OF)
                yield span


def _is_among(span: Span, ascending: Sequence[Span]) -> bool:
    """Whether it overlaps one of some that begin in their order."""
    at = bisect_left(ascending, span.start, key=_START_OF)
    return any(span.overlaps(one) for one in ascending[max(0, at - 2) : at + 1])
