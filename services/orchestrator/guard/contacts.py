"""E-mail addresses and telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
import pytz

from services.orchestrator.extraction import pieces
from services.orchestrator.guard.spans import Span, before, words

LONGEST_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""
_LOCAL = re.compile(r"[\w!#$%&*+=?^`{|}~.'-]+")
_DOMAIN = re.compile(
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?!(?:png|jpe?g|gif|svg|webp)\b)[^\W\d_]{2,24}(?![\w-]|\.\w)"
)
"""With a top-level domain, which the end of a picture's name, as of ``icon@2x.png``, is not."""
_EDGES = "'.*=&?|{}`"
"""May stand within a local part, and around an address as quotes, markup or a query do."""
_PATH = re.compile(r":(?!\d{1,5}(?:/|\b))[\w.~-]{0,80}/|:[\w.~-]{1,80}\.git\b")
"""Of a remote copy; digits alone are a port, and an address may stand before one as before any other colon."""
_REMOTE = re.compile(r":(?!\d{1,5}(?:/|\b))[\w.~/-]")
_COPYING = re.compile(r"(?<![\w.-])(?:scp|rsync|sftp|ssh|git) (?:(?!\w[.] )[^,;!?\n])*$")
_LOGGING_IN = re.compile(r"(?<![\w.-])(?:ssh|sftp) (?:-\S+ (?:\d+ )?)*$")
"""Commands in small letters, as a shell wants them, with nothing of a sentence up to the address."""
_GIT = re.compile(r"git@[\w.-]+[:/][\w.~-]")
_SCHEME = re.compile(r"://$")
_PASSWORD = re.compile(r"://[^\s/:]*:[^\s/]*$")


def emails(text: str) -> Iterator[Span]:
    """Addresses with a domain, not the ``user@host:dir/file`` of a remote copy nor the password of a URL."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at)
        start = _local_part(text, at)
        if domain and start < at and not _is_location(text, start, domain.end()):
            yield Span("email", start, domain.end())
        at = text.find("@", at + 1)


def _local_part(text: str, at: int) -> int:
    match = _LOCAL.match(text[max(0, at - LONGEST_LOCAL_PART) : at][::-1])
    part = match[0][::-1] if match else ""
    part = part.rpartition("=")[2].lstrip(_EDGES)
    return at - len(part) if part and part[-1] != "." else at


def _is_location(text: str, start: int, end: int) -> bool:
    if _PATH.match(text, end) or _GIT.match(text, start):
        return True
    token = text[max(0, start - 80) : start]
    if _LOGGING_IN.search(token) or (_REMOTE.match(text, end) and _COPYING.search(token)):
        return True
    return bool(_PASSWORD.search(token) or (_SCHEME.search(token) and text[end : end + 1] in (":", "/")))


_SEPARATOR = r"[ ./\-\u00a0\u2010-\u2015]"
_INTERNATIONAL = re.compile(
    r"(?<![\w+])(?:\+|\(\+|(?<!\d[ -])00(?=[1-9]))"
    rf"\(?\d(?:{_SEPARATOR}{{0,2}}[()]{{0,2}}{_SEPARATOR}?\d){{6,15}}(?![\w@])"
)
_NORTH_AMERICAN = re.compile(
    r"(?<![\w.+/-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?![\w@]|[.-]\d)"
)
_WITH_TRUNK_PREFIX = re.compile(
    rf"(?<![\w.,+/:-])(?<!\d )\(?0\d{{1,5}}\)?(?:{_SEPARATOR}{{0,2}}\d){{4,10}}(?![\w@]|[.,:/-]\d)"
)
_ANY = re.compile(rf"(?<![\w.,+/:#-])(?<!\d )\(?\d(?:[()]?{_SEPARATOR}?[()]?\d){{5,12}}(?![\w@]|[.,:/-]\d)")
_TRUNK_REGIONS = (
    "GB",
    "DE",
    "FR",
    "NL",
    "IT",
    "AU",
    "IE",
    "AT",
    "CH",
    "BE",
    "SE",
    "JP",
    "ZA",
    "IN",
    "FI",
    "TR",
)
"""Large countries in which a national number is written with a 0 before it."""
_CALLED = words(
    r"tel(?:\.|ephone|efon|éfono|efone|efono)?", r"(?:tele|cell|mobile )?phones?", r"mobile", r"cell", r"mob", r"ph",
    r"fax", r"handy", r"móvil", r"telemóvel", r"celular", r"portable", r"numéro", r"whats ?app", r"signal",
    r"telegram",
    r"sms", r"text(?:ed|ing|s)?", r"call(?:ed|ing|s)?(?: \w+){0,2}(?: back)?", r"ring(?:ing|s)?", r"rang",
    r"dial(?:l?ed|l?ing)?",
    r"reach(?:ed|able)?", r"voice ?mail", r"landline", r"extension", r"direct line", r"hotline", r"pager",
    r"(?:my|his|her|their|our|your|\w+'s|the|new|old|home|work|office|contact) (?:number|line)",
)  # fmt: skip
_NUMBERED = words(
    r"order", r"tracking", r"reference", r"ref", r"invoice", r"ticket", r"serial", r"part", r"isbn", r"issn", r"sku",
    r"version", r"licen[cs]e", r"booking", r"parcel", r"case", r"item", r"model", r"barcode", r"account", r"id",
    r"timestamp", r"code", r"batch", r"flight", r"policy",
)  # fmt: skip
_ROUND = re.compile(r"0{5}$")
_DATE = re.compile(
    r"(?:19|20)\d\d([-./ ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./ ])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"
)
"""What is written as numbers are, and is a day."""
_COUNTS = re.compile(
    r" ?(?:times|(?:[nµm]?s|seconds|[kmg]?i?b|[kmg]?hz|bytes|bits|cycles|ticks|rows|records|lines|words|tokens"
    r"|users|people|visits|visitors|views|requests|downloads|iterations|items|files|points|steps|copies))(?!\w)",
    re.IGNORECASE,
)
"""After a number of so many, which is none that one can call: "it calls malloc 1234567 times"."""
_NEAR = 45
MOST_TRIED = 1_000
"""Candidates of one form in one text that are looked at closely."""


@lru_cache(maxsize=1_024)
def region_of(time_zone: str, language: str) -> str | None:
    """The country of a mind by the subtag of its language (``pt-BR``), else by its time zone; None where neither says.

    ISO 3166 codes, as phonenumbers has them; the zones of a country are those of the tz database.
    """
    subtag = language.replace("_", "-").partition("-")[2].upper()
    if subtag in phonenumbers.SUPPORTED_REGIONS:
        return subtag
    countries = [code for code, zones in pytz.country_timezones.items() if time_zone in zones]
    return countries[0] if len(countries) == 1 else None


def phones(text: str, region: str | None) -> Iterator[Span]:
    """Numbers with a country code; national ones that are valid where they belong, and others beside a"
    " word for it."""
    for pattern, end_of in (
        (_INTERNATIONAL, _is_international),
        (_NORTH_AMERICAN, _is_north_american),
        (_WITH_TRUNK_PREFIX, _has_trunk_prefix),
        (_ANY, _is_said_to_be_one),
    ):
        for tried, match in enumerate(pieces.finditer(pattern, text)):
            # Beyond any message that a person writes the effort ends, and what looks like a number counts as one.
            if _DATE.fullmatch(match[0]):
                continue
            if end := match.end() if tried > MOST_TRIED else end_of(text, match, region):
                yield Span("phone", match.start(), end)


def _is_international(text: str, match: re.Match[str], _region: str | None) -> int:
    """What follows a number may look like more of it: the longest beginning that is possible counts."""
    written, end = match[0], match.end()
    while sum(c.isdigit() for c in written) >= 7:
        plain = re.sub(r"^\(?00", "+", written)
        if _is_possible(plain):
            return end
        shorter = re.sub(rf"{_SEPARATOR}*[()]*\d+\)?$", "", written)
        if shorter == written:
            break
        end -= len(written) - len(shorter)
        written = shorter
    return 0


def _is_possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(number: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number_for_region(phonenumbers.parse(number, region), region)
    except phonenumbers.NumberParseException:
        return False


def _is_north_american(text: str, match: re.Match[str], _region: str | None) -> int:
    is_one = any(_is_valid(match[0], region) for region in ("US", "CA")) or _is_called(text, match)
    return match.end() if is_one and not _is_numbered(text, match) else 0


def _has_trunk_prefix(text: str, match: re.Match[str], region: str | None) -> int:
    digits = sum(c.isdigit() for c in match[0])
    if not 8 <= digits <= 12 or _is_numbered(text, match):
        return 0
    is_grouped = digits < len(match[0])
    regions = {region} if region else set()
    if is_grouped or _is_called(text, match):
        regions |= set(_TRUNK_REGIONS)
    is_one = _is_called(text, match) or any(_is_valid(match[0], each) for each in regions)
    return match.end() if is_one else 0


def _is_said_to_be_one(text: str, match: re.Match[str], region: str | None) -> int:
    digits = sum(c.isdigit() for c in match[0])
    is_amount = _ROUND.search(match[0]) or _COUNTS.match(text, match.end())
    if not 7 <= digits <= 13 or is_amount or _is_numbered(text, match):
        return 0
    is_one = _is_called(text, match) or (
        region is not None and digits < len(match[0]) and _is_valid(match[0], region)
    )
    return match.end() if is_one else 0


def _is_called(text: str, match: re.Match[str]) -> bool:
    return bool(_CALLED.search(before(text, match.start(), _NEAR)))


def _is_numbered(text: str, match: re.Match[str]) -> bool:
    near = before(text, match.start(), _NEAR)
    numbered = [found.end() for found in _NUMBERED.finditer(near)]
    called = [found.end() for found in _CALLED.finditer(near)]
    return bool(numbered) and numbered[-1] > (called[-1] if called else 0)
