"""National identity, tax and social security numbers, by the rules of their countries.

Check digits come from python-stdnum. Where a format and its check digit are strong together (a Spanish DNI, an Italian
codice fiscale) they are enough; where one number in ten would pass (nine digits with one check digit), a word for it
must stand near.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from stdnum import verhoeff
from stdnum.ar import dni as ar_dni
from stdnum.at import vnr
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ch_ssn
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr, stnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.il import idnr as il_idnr
from stdnum.in_ import pan
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.lt import asmens
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import itin, ssn
from stdnum.za import idnr as za_idnr

from services.orchestrator.extraction import pieces
from services.orchestrator.guard.spans import Span, after, before, plain, stems, words

_NEAR = 60
_AFTER = 30
_GENERAL = (
    r"national (?:id|identity|identification|insurance)(?: card| number| no\.?)*",
    r"identity (?:card|number|document)",
    r"id (?:card|number|no\.?|code)", r"personal (?:id|identity|identification|code|number)(?: number| code)*",
    r"social (?:security|insurance)(?: number| no\.?)*",
    r"tax(?:payer)? (?:id|number|identification|file number|code)(?: number)*",
    r"citizen(?:'s)? (?:card|number|id)", r"resident(?:'s)? (?:card|registration|number)(?: number)*",
    r"birth number",
    r"insurance number", r"personalausweis", r"documento de identidad", r"carte d'identité", r"carta d'identità",
    r"steuernummer", r"sozialversicherungsnummer",
)  # fmt: skip

_D = r"[-\u2010-\u2015]"
"""A dash between the groups of a number."""
_S = r"[ .\u00a0\u2010-\u2015-]?"
"""What may stand there."""
_G = r"[ \u00a0-]"
"""What must, where digits alone say too little."""
_PASSPORT = (r"passports?", "reisepass(?:nummer)?", "passeport", "pasaporte", "passaporte")
_A_PASSPORT = rf"(?<!\w)(?:{'|'.join(_PASSPORT)})(?:['\u2019]s)?(?!\w|\.\w|-(?!n[uor]))"
_ITS_NUMBER = (
    rf"(?:{_A_PASSPORT}(?:[^,;.]{{0,40}} (?:the|its|whose|with))?,?(?: (?:its|the|with|new|old|under|has|details))*"
    r"[ -]?\(?(?:(?:number|num|nummer|numéro|número)s?\b|n[or]s?\b\.?|№|#|n[º°])|(?<!\w)reisepassnummer)"
)
_OTHERS = r"(?: ?(?:[a-z]{0,3}\d{6,9}[a-z]?|\d\d \d{7})(?:,| and|, and| or|/))*"
_IS = r"(?:[\s:=(,]|\b(?:is|was|es|est|ist|é)\b){0,4}$"
_AFTER_ITS_NUMBER = re.compile(rf"{_ITS_NUMBER}{_OTHERS}{_IS}", re.IGNORECASE)
_AFTER_PASSPORT = re.compile(
    rf"{_ITS_NUMBER}(?:(?!\b(?:call|phone|tel|text|commit|request|page)\b)[^,;\d]){{0,40}}$"
    rf"|{_A_PASSPORT}(?: details)?:?{_OTHERS}{_IS}|{_AFTER_ITS_NUMBER.pattern}",
    re.IGNORECASE,
)
_BEFORE_PASSPORT = re.compile(
    rf" ?(?:\(|(?:is|was|as|=|[-\u2013:]) )(?:(?:my|his|her|our|their|the|an?|\w+'s) )?(?:\w+ )?{_A_PASSPORT}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scheme:
    """How the numbers of one kind are written and checked."""

    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    words: re.Pattern[str] | None = None
    """One of these must stand near; None: format and check digits are enough."""
    words_of_groups: re.Pattern[str] | None = None
    """One of these, where the digits stand in groups as those of telephone numbers do; None: those above."""
    lead: re.Pattern[str] | None = None
    """How what stands before must end, unless the number is said to be a passport's after it; None: anyhow."""
    stems: tuple[str, ...] = ()
    """One of these is in each text with one of the words."""


def _scheme(pattern: str, is_valid: Callable[[str], bool], *near: str, general: bool = True) -> Scheme:
    """``general`` says that a word for any such number will do, as well as those for this one."""
    bounded = re.compile(rf"(?<![\w.,+-])(?=({pattern})(?![\w]|[.,-]\d))", re.IGNORECASE)
    if not near:
        return Scheme(bounded, is_valid)
    those = (*near, *(_GENERAL if general else ()))
    return Scheme(bounded, is_valid, words(*those), stems=stems(*those))


def _grouped(count: int, is_valid: Callable[[str], bool], *near: str) -> Scheme:
    """So many digits, in groups or not."""
    scheme = _scheme(rf"\d(?:{_S}\d){{{count - 1}}}", is_valid, *near)
    return replace(scheme, words_of_groups=words(*near))


def _passport(pattern: str, lead: re.Pattern[str] = _AFTER_PASSPORT) -> Scheme:
    """Without check digits and among programmers' words: where it stands must say what it is."""
    return replace(_scheme(pattern, _always, *_PASSPORT, general=False), lead=lead)


def _is_nino(number: str) -> bool:
    """United Kingdom: HMRC's National Insurance Manual, NIM39110."""
    prefix = number[:2].upper()
    return (
        prefix not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
        and not set(prefix) & set("DFIQUV")
        and prefix[1] != "O"
    )


def _is_aadhaar(number: str) -> bool:
    """India: UIDAI, twelve digits with Verhoeff's check digit, the first from 2 on."""
    digits = re.sub(r"\D", "", number)
    return digits[0] not in "01" and verhoeff.is_valid(digits)


def _always(_number: str) -> bool:
    return True


_MIXED = r"(?=\w*\d[A-Z]+\d)(?=(?:[A-Z]*\d){4})(?!\d+[Xx]\d+)[A-Z\d]{8,9}"
"""Digits and letters in turn; hashes look like it, but for their small letters."""
_NINE = rf"\d{{3}}{_S}\d{{3}}{_S}\d{{3}}"
SCHEMES = (
    _scheme(rf"\d{{3}}{_D}\d{{2}}{_D}\d{{4}}", ssn.is_valid),
    _scheme(rf"\d{{3}}{_S}\d{{2}}{_S}\d{{4}}", ssn.is_valid, "ssn", r"social(?: security)?"),
    _scheme(rf"9\d\d{_S}\d\d{_S}\d{{4}}", itin.is_valid, "itin"),
    _scheme(rf"[a-z]{{2}}{_S}\d\d{_S}\d\d{_S}\d\d{_S}[a-d]", _is_nino),
    _scheme(r"\d{3}[ .\u00a0]?\d{3}[ .\u00a0]?\d{4}", nhs.is_valid, "nhs"),
    _scheme(r"\d{2} ?\d{3} ?\d{3}[ -]?[a-z]|\d{2}[.]\d{3}[.]\d{3}-?[a-z]", dni.is_valid),
    _scheme(rf"\d{{2}}{_S}\d{{3}}{_S}\d{{3}}{_S}[a-z]", dni.is_valid, "dni", "nif", "documento"),
    _scheme(r"[xyz][ -]?\d[.]?\d{3}[.]?\d{3}[ -]?[a-z]", nie.is_valid),
    _scheme(_NINE, nif.is_valid, "nif", "contribuinte", "número fiscal", "fiscal number"),
    _scheme(r"\d{8} ?\d ?[a-z]{2} ?\d", cc.is_valid),
    _scheme(
        rf"[1-478]{_S}\d\d{_S}(?:0[1-9]|1[0-2]|[2-9]\d){_S}(?:\d\d|2[ab]){_S}\d{{3}}{_S}\d{{3}}{_S}\d\d",
        nir.is_valid,
    ),
    _scheme(r"\d\d \d{3} \d{3} \d{3}", idnr.is_valid),
    _grouped(11, idnr.is_valid, r"steuer-?id(?:nr)?", "idnr", "identifikationsnummer", r"tin"),
    _scheme(r"\d{2,3}/\d{3}/\d{4,5}", stnr.is_valid, r"steuernummer", r"steuer-?nr"),
    _scheme(r"\d{2,3} \d{3} \d{4,5}", stnr.is_valid, r"steuernummer", r"steuer-?nr", general=False),
    _scheme(r"\d\d ?\d{6} ?[a-z] ?\d{3}", _always, r"rentenversicherungsnummer", r"sozialversicherungsnummer",
        r"rvnr", r"svnr"),
    _scheme(rf"[a-z]{{6}}{_S}\d\d[a-z]\d\d{_S}[a-z]\d{{3}}[a-z]", codicefiscale.is_valid),
    _scheme(rf"\d{{4}}{_S}\d\d{_S}\d{{3}}|{_NINE}", bsn.is_valid, "bsn", "burgerservicenummer", "sofinummer",
        "citizen service number"),
    _scheme(r"\d\d[.]\d\d[.]\d\d[- ]\d{3}[. ]\d\d", nn.is_valid),
    _grouped(11, nn.is_valid, "rijksregisternummer", "registre national", "national register number",
        "national number"),
    _scheme(r"(?:19|20)?\d{6}[-+]\d{4}", personnummer.is_valid),
    _scheme(r"(?:19|20)?\d{6} ?\d{4}", personnummer.is_valid, "personnummer", "personal number"),
    _scheme(rf"\d{{6}}{_S}\d{{4}}", cpr.is_valid, "cpr", r"cpr-?nummer", r"personnummer"),
    _grouped(11, fodselsnummer.is_valid, "fødselsnummer", "fodselsnummer", "personnummer", "birth number"),
    _scheme(r"\d{6}[-+a-fu-y]\d{3}[0-9a-z]", hetu.is_valid),
    _grouped(11, pesel.is_valid, "pesel"),
    _scheme(r"\d{6}/\d{3,4}", rc.is_valid),
    _grouped(13, cnp.is_valid, "cnp", "cod numeric personal"),
    _grouped(10, egn.is_valid, "egn", "егн"),
    _grouped(11, oib.is_valid, "oib"),
    _grouped(11, amka.is_valid, "amka", "αμκα"),
    _grouped(11, asmens.is_valid, "asmens kodas", "isikukood"),
    _grouped(10, vnr.is_valid, "svnr", r"sv-?nummer", "versicherungsnummer", "sozialversicherungsnummer"),
    _scheme(rf"756{_S}\d{{4}}{_S}\d{{4}}{_S}\d\d", ch_ssn.is_valid),
    _scheme(r"\d{7}[a-w][abhw]?", pps.is_valid),
    _scheme(r"\d{7} [a-w][abhw]?", pps.is_valid, "ppsn?", general=False),
    _grouped(11, tckimlik.is_valid, r"tc(?:kn)?", "kimlik", r"t\.c\."),
    _grouped(9, il_idnr.is_valid, "teudat zehut", "israeli id"),
    _grouped(8, il_idnr.is_valid, "teudat zehut", "israeli id"),
    _scheme(r"\d{3}[.]\d{3}[.]\d{3}-\d\d", cpf.is_valid),
    _grouped(11, cpf.is_valid, "cpf"),
    _scheme(r"\d{2}[.]?\d{3}[.]?\d{3}", ar_dni.is_valid, "dni", "documento"),
    _scheme(r"\d{2} \d{3} \d{3}", ar_dni.is_valid, "dni", "documento", general=False),
    _scheme(r"\d{1,2}[.]\d{3}[.]\d{3}-[\dk]", rut.is_valid),
    _scheme(rf"\d{{7,8}}-[\dk]|\d{{1,2}}{_S}\d{{3}}{_S}\d{{3}}{_S}[\dk]", rut.is_valid, "rut", "run"),
    _scheme(r"[a-z]{4}\d{6}[hmx][a-z]{5}[0-9a-z]\d", curp.is_valid),
    _scheme(_NINE, sin.is_valid, "sin", "social insurance"),
    _scheme(rf"\d{{3}}{_S}\d{{3}}{_S}\d{{2,3}}", tfn.is_valid, "tfn", "tax file"),
    _scheme(rf"\d{{4}}{_S}\d{{4}}{_S}\d{{4}}", _is_aadhaar, "aadhaar", "aadhar", "adhaar", "adhar", "uidai"),
    _scheme(r"[a-z]{3}p[a-z]\d{4}[a-z]", pan.is_valid, "pan", "permanent account"),
    _scheme(r"\d{6} ?\d{8} ?\d{3}[\dx]", ric.is_valid),
    _scheme(r"\d{6}-\d{7}", rrn.is_valid),
    _scheme(rf"\d{{6}}{_S}\d{{4}}{_S}\d{{3}}", za_idnr.is_valid, "id", "south african", "rsa"),
    _scheme(r"[stfgm] ?\d{7} ?[a-z]", _always, "nric", "fin", "singapore"),
    _passport(rf"(?-i:{_MIXED})"),
    _passport(_MIXED.replace("A-Z", "a-z"), _AFTER_ITS_NUMBER),
    _passport(rf"(?-i:[A-Z]{{1,3}}){_G}\d{{6,9}}|\d\d{_G}\d{{7}}|\d{{4}}{_G}\d{{6}}|\d{{3}}{_G}\d{{3}}{_G}\d{{3}}"),
    _passport(r"[a-z]{0,3}\d{6,9}[a-z]?"),
    _scheme(r"[a-z]{0,3}\d{6,9}[a-z]?", _always, *_GENERAL, general=False),
    _scheme(r"[a-z]{5} ?\d{6} ?[a-z]{2}\d ?[a-z]{2}|[a-z]\d{7,12}|[a-z]{1,2}\d{6,8}", _always,
        r"driv(?:er|ing)(?:'?s)? licen[cs]e(?: number| no\.?)?"),
)  # fmt: skip
_SPEAKING = [scheme for scheme in SCHEMES if scheme.words is None]
_ANY_SPEAKING = re.compile(
    rf"(?<!\w)(?=[a-z]{{0,6}}{_S}\d)(?:{'|'.join(scheme.pattern.pattern for scheme in _SPEAKING)})",
    re.IGNORECASE,
)
"""Where one of those begins whose format says what they are."""
_HAS_DIGITS = re.compile(r"\d(?:\W?\w){4}")


def national_ids(text: str) -> Iterator[Span]:
    """Numbers that one of the schemes takes for its own, in the order of the schemes."""
    if not pieces.search(_HAS_DIGITS, text):
        return
    low = plain(text)
    formats = [match.start() for match in pieces.finditer(_ANY_SPEAKING, text)]
    for scheme in SCHEMES:
        end = 0
        for match in _candidates(scheme, text, low, formats):
            if match.start() >= end and _is_one(scheme, text, *match.span(1)):
                end = match.end(1)
                yield Span("national_id", match.start(), end)


def _candidates(scheme: Scheme, text: str, low: str, formats: Sequence[int]) -> Iterator[re.Match[str]]:
    """``low`` is the text in small letters, ``formats`` where a number may begin that needs no word beside it."""
    if scheme.words is None:
        yield from filter(None, (scheme.pattern.match(text, at) for at in formats))
    elif any(stem in low for stem in scheme.stems) and pieces.search(scheme.words, text):
        yield from pieces.finditer(scheme.pattern, text)


def _is_one(scheme: Scheme, text: str, start: int, end: int) -> bool:
    number = text[start:end]
    near = scheme.words if number.isalnum() else scheme.words_of_groups or scheme.words
    # The check digit first: it costs least, and nine in ten fail it.
    if not _is_valid(scheme, number):
        return False
    if near is None:
        return True
    said_before, said_after = before(text, start, _NEAR), after(text, end, _AFTER)
    if scheme.lead:
        return bool(scheme.lead.search(said_before) or _BEFORE_PASSPORT.match(said_after))
    return bool(near.search(said_before) or near.search(said_after))


def _is_valid(scheme: Scheme, number: str) -> bool:
    plain = re.sub(r"[\u2010-\u2015]", "-", re.sub(r"[\s.]", "", number))
    # With its dashes first: in some countries they say in which century one was born.
    return scheme.is_valid(plain) or ("-" in plain and scheme.is_valid(plain.replace("-", "")))
