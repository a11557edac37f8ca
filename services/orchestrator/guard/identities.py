"""National identity, tax and social security numbers, by the rules of their countries.

Check digits come from python-stdnum. Where a format and its check digit are strong together (a Spanish DNI, an Italian
codice fiscale) they are enough; where one number in ten would pass (nine digits with one check digit), a word for it
must stand near.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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

from services.orchestrator.guard.spans import Span, after, before, words

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


@dataclass(frozen=True)
class Scheme:
    """How the numbers of one kind are written and checked."""

    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    words: re.Pattern[str] | None = None
    """One of these must stand near; None: format and check digits are enough."""


def _scheme(pattern: str, is_valid: Callable[[str], bool], *near: str) -> Scheme:
    bounded = re.compile(rf"(?<![\w.,+-])(?:{pattern})(?![\w]|[.,-]\d)", re.IGNORECASE)
    return Scheme(bounded, is_valid, words(*near, *_GENERAL) if near else None)


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


_S = r"[ .\u00a0-]?"
_NINE = rf"\d{{3}}{_S}\d{{3}}{_S}\d{{3}}"
_ELEVEN = r"\d{11}"
SCHEMES = (
    _scheme(r"\d{3}-\d{2}-\d{4}", ssn.is_valid),
    _scheme(r"\d{3} ?\d{2} ?\d{4}", ssn.is_valid, "ssn", r"social(?: security)?"),
    _scheme(r"9\d\d[ -]?\d\d[ -]?\d{4}", itin.is_valid, "itin"),
    _scheme(rf"[a-z]{{2}}{_S}\d\d{_S}\d\d{_S}\d\d{_S}[a-d]", _is_nino),
    _scheme(rf"\d{{3}}{_S}\d{{3}}{_S}\d{{4}}", nhs.is_valid, "nhs"),
    _scheme(r"\d{2}[. ]?\d{3}[. ]?\d{3}[ -]?[a-z]", dni.is_valid),
    _scheme(r"[xyz][ -]?\d{7}[ -]?[a-z]", nie.is_valid),
    _scheme(_NINE, nif.is_valid, "nif", "contribuinte", "número fiscal", "fiscal number"),
    _scheme(r"\d{8} ?\d ?[a-z]{2} ?\d", cc.is_valid),
    _scheme(r"[1-478] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[ab]) ?\d{3} ?\d{3} ?\d\d", nir.is_valid),
    _scheme(r"\d\d \d{3} \d{3} \d{3}", idnr.is_valid),
    _scheme(_ELEVEN, idnr.is_valid, r"steuer-?id(?:nr)?", "idnr", "identifikationsnummer", r"tin"),
    _scheme(r"\d{2,3}/\d{3}/\d{4,5}", stnr.is_valid, r"steuernummer", r"steuer-?nr"),
    _scheme(r"\d\d ?\d{6} ?[a-z] ?\d{3}", _always, r"rentenversicherungsnummer", r"sozialversicherungsnummer",
        r"rvnr", r"svnr"),
    _scheme(rf"[a-z]{{6}}{_S}\d\d[a-z]\d\d{_S}[a-z]\d{{3}}[a-z]", codicefiscale.is_valid),
    _scheme(rf"\d{{4}}{_S}\d\d{_S}\d{{3}}|{_NINE}", bsn.is_valid, "bsn", "burgerservicenummer", "sofinummer",
        "citizen service number"),
    _scheme(r"\d\d[.]\d\d[.]\d\d[- ]\d{3}[. ]\d\d", nn.is_valid),
    _scheme(_ELEVEN, nn.is_valid, "rijksregisternummer", "registre national", "national register number",
        "national number"),
    _scheme(r"(?:19|20)?\d{6}[-+]\d{4}", personnummer.is_valid),
    _scheme(r"(?:19|20)?\d{10}", personnummer.is_valid, "personnummer", "personal number"),
    _scheme(r"\d{6}[- ]?\d{4}", cpr.is_valid, "cpr", r"cpr-?nummer", r"personnummer"),
    _scheme(r"\d{6} ?\d{5}", fodselsnummer.is_valid, "fødselsnummer", "fodselsnummer", "personnummer",
        "birth number"),
    _scheme(r"\d{6}[-+a-fu-y]\d{3}[0-9a-z]", hetu.is_valid),
    _scheme(_ELEVEN, pesel.is_valid, "pesel"),
    _scheme(r"\d{6}/\d{3,4}", rc.is_valid),
    _scheme(r"[1-8]\d{12}", cnp.is_valid, "cnp", "cod numeric personal"),
    _scheme(r"\d{10}", egn.is_valid, "egn", "егн"),
    _scheme(_ELEVEN, oib.is_valid, "oib"),
    _scheme(_ELEVEN, amka.is_valid, "amka", "αμκα"),
    _scheme(_ELEVEN, asmens.is_valid, "asmens kodas", "isikukood"),
    _scheme(r"\d{4} ?\d{6}", vnr.is_valid, "svnr", r"sv-?nummer", "versicherungsnummer", "sozialversicherungsnummer"),
    _scheme(r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d\d", ch_ssn.is_valid),
    _scheme(r"\d{7}[a-w][abhw]?", pps.is_valid),
    _scheme(_ELEVEN, tckimlik.is_valid, r"tc(?:kn)?", "kimlik", r"t\.c\."),
    _scheme(r"\d{8,9}", il_idnr.is_valid, "teudat zehut", "israeli id"),
    _scheme(r"\d{3}[.]\d{3}[.]\d{3}-\d\d", cpf.is_valid),
    _scheme(_ELEVEN, cpf.is_valid, "cpf"),
    _scheme(r"\d{2}[.]?\d{3}[.]?\d{3}", ar_dni.is_valid, "dni", "documento"),
    _scheme(r"\d{1,2}[.]\d{3}[.]\d{3}-[\dk]", rut.is_valid),
    _scheme(r"\d{7,8}-[\dk]", rut.is_valid, "rut", "run"),
    _scheme(r"[a-z]{4}\d{6}[hmx][a-z]{5}[0-9a-z]\d", curp.is_valid),
    _scheme(rf"\d{{3}}{_S}\d{{3}}{_S}\d{{3}}", sin.is_valid, "sin", "social insurance"),
    _scheme(rf"\d{{3}}{_S}\d{{3}}{_S}\d{{2,3}}", tfn.is_valid, "tfn", "tax file"),
    _scheme(r"\d{4}[ -]?\d{4}[ -]?\d{4}", _is_aadhaar, r"a?adhaa?r", "uidai"),
    _scheme(r"[a-z]{3}p[a-z]\d{4}[a-z]", pan.is_valid, "pan", "permanent account"),
    _scheme(r"\d{17}[\dx]", ric.is_valid),
    _scheme(r"\d{6}-\d{7}", rrn.is_valid),
    _scheme(r"\d{6} ?\d{4} ?\d{3}", za_idnr.is_valid, "id", "south african", "rsa"),
    _scheme(r"[stfgm]\d{7}[a-z]", _always, "nric", "fin", "singapore"),
    _scheme(r"[a-z]{0,3}\d{6,9}[a-z]?", _always, r"passports?(?: number| no\.?| num)?", "reisepass(?:nummer)?",
        "passeport", "pasaporte", "passaporte"),
    _scheme(r"[a-z]{5}\d{6}[a-z]{2}\d[a-z]{2}|[a-z]\d{7,12}|[a-z]{1,2}\d{6,8}", _always,
        r"driv(?:er|ing)(?:'?s)? licen[cs]e(?: number| no\.?)?"),
)  # fmt: skip
_HAS_DIGITS = re.compile(r"\d(?:\W?\w){5}")


def national_ids(text: str) -> Iterator[Span]:
    """Numbers that one of the schemes takes for its own, in the order of the schemes."""
    if not _HAS_DIGITS.search(text):
        return
    for scheme in SCHEMES:
        for match in scheme.pattern.finditer(text):
            if _is_one(scheme, text, match):
                yield Span("national_id", match.start(), match.end())


def _is_one(scheme: Scheme, text: str, match: re.Match[str]) -> bool:
    near = scheme.words
    if near is not None and not (
        near.search(before(text, match.start(), _NEAR)) or near.search(after(text, match.end(), _AFTER))
    ):
        return False
    return scheme.is_valid(match[0])
