"""Messages as patterns for names read them: hurried words written out, and names without quotes or pronouns. Pure."""

from __future__ import annotations

import re

_WRITTEN_OUT = {
    "ur": "your",
    "u": "you",
    "u r": "you are",
    "urself": "yourself",
    "nane": "name",
    "naem": "name",
    "nmae": "name",
    "youre": "you're",
    "lets": "let's",
    "im": "I'm",
    "its": "it's",
    "ill": "I'll",
    "id": "I'd",
}
_BARE = re.compile(
    r"(?<![\w.'-])(?:[Uu]r(?= (?:new )?name\b)|(?<=call )u|(?<=name )u|(?<=name for )u|(?<=calling )u"
    r"|(?<=naming )u|[Uu](?= (?:get"
    r"|have) (?:the|a) name\b)|[Uu](?= are (?:called|named|now)\b)|[Yy]oure"
    r"|[Uu] r(?= (?:called|named|now|gonna|going)\b)|[Uu](?= (?:can|may|could|should|must|will) (?:just )?call me\b)"
    r"|(?<=[Cc]an )u(?= (?:please |pls |plz )?call\b)|(?<=call )urself|(?<=name )urself"
    r"|(?<=[Mm]y )(?:nane|naem|nmae)|(?<=[Yy]our )(?:nane|naem|nmae)"
    r"|[Ll]ets(?= call\b| name\b)"
    r"|[Ii]m(?= (?:going to|gonna|calling u|naming u|calling you|naming you)\b)"
    r"|[Ii]ll(?= (?:call|name)\b)|[Ii]ts(?= me\b)"
    r"|[Ii]d(?= like to (?:call|name)\b)|(?<=named )u|(?<=called )u|(?<=christened )u|[Uu](?= to be (?:called|named)\b)"
    r"|(?<=refer to )u|(?<=rename )u|(?<=dub )u|(?<=christen )u|[Uu](?= (?:now )?go by\b)|[Uu](?= (?:shall|will"
    r"|can) (?:go by|be called)\b))(?![\w.'-])"
)
"""Words as people in a hurry write them, where a name may follow."""
_YOU_ARE_NOW = re.compile(
    r"(?<![\w.'-])[Uu]r(?= (?:(?!name\b)[\w'-]+(?: [\w'-]+)?(?: to (?:me|us))? now\b|(?:now |gonna be "
    r"|going to be )?(?:called|named)\b))"
)
_QUOTED_NAME = re.compile(
    r"\b(me|is|be|called|named|name|yourself|as|by|you|to"
    r"|i'm) [\"“'‘]([^\W\d_][\w'-]{0,30}(?: [^\W\d_][\w'-]{0,30}){0,2})[.,!]?[\"”'’](?!\w)",
    re.I,
)
_PRONOUNS = re.compile(r" \((?:she|he|they)/\w{2,6}(?:/\w{2,6})?\)", re.I)
"""What many write behind their name: "(she/her)"."""


def written_out(text: str) -> tuple[str, set[str]]:
    """The text, and the names of it that were quoted."""
    straight = _BARE.sub(lambda bare: _WRITTEN_OUT[bare[0].lower()], text)
    straight = _PRONOUNS.sub("", _YOU_ARE_NOW.sub("you're", straight))
    quoted = {name[2] for name in _QUOTED_NAME.finditer(straight)}
    return _QUOTED_NAME.sub(r"\1 \2", straight), quoted
