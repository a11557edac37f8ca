"""The languages in which people ask to be answered. Pure."""

from __future__ import annotations

TONGUE = (
    r"(?:afrikaans|albanian|arabic|armenian|basque|bengali|bosnian|bulgarian|burmese|cantonese|catalan|chinese|croatian"
    r"|czech|danish|dutch|english|esperanto|estonian|farsi|filipino|finnish|flemish|french|frisian|gaelic|galician"
    r"|georgian|german|greek|gujarati|hebrew|hindi|hungarian|icelandic|indonesian|irish|italian|japanese|kannada|kazakh"
    r"|klingon|korean|kurdish|latin|latvian|lithuanian|luxembourgish|macedonian|malay|malayalam|maltese|mandarin|maori"
    r"|marathi|mongolian|nepali|norwegian|pashto|persian|polish|portuguese|punjabi|romanian|romansh|russian|sanskrit"
    r"|scots|serbian|slovak|slovene|slovenian|somali|spanish|swahili|swedish|swiss german|tagalog|tamil|telugu|thai"
    r"|tibetan|turkish|ukrainian|urdu|vietnamese|welsh|xhosa|yiddish|yoruba|zulu)"
)
