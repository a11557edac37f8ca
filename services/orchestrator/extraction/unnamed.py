"""Words that take the mind's name away and give it no other: "your name isn't Nova any more". Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

from services.orchestrator.extraction import words
from services.orchestrator.extraction.name_after import is_taken_back
from services.orchestrator.extraction.name_reading import Message, clause_of, is_meant

_NO_MORE = r"(?: any ?more| any longer| from (?:now|today)(?: on)?)"
_NAME = r"(?P<{group}>[^\W\d_][\w'-]*(?: [^\W\d_][\w'-]*){{0,3}}?)"
_LAST = r"(?=\s*(?:[.!,;:]|$| (?:ok|okay|please|pls|and|because|so|thanks)\b))"


def _name(group: str) -> str:
    return _NAME.format(group=group)


_DENIED = re.compile(
    r"(?<![\w'-])(?:"
    rf"your name (?:is no longer {_name('no_longer')}"
    rf"|(?:isn't|isnt|is not|'s not|shall not be|won't be|can't be) {_name('is_not')}{_NO_MORE})"
    rf"|you(?:'re| are) no longer (?:called |named |known as |my )?{_name('are_no_longer')}"
    rf"|you(?:'re| are)(?:n't| not) (?:called |named |known as )?{_name('are_not')}{_NO_MORE}"
    rf"|(?:i|we)(?:'ll| will) (?:no longer call you {_name('call_no_longer')}"
    rf"|(?:not|never) call you {_name('call_not')}{_NO_MORE})"
    rf"|(?:i|we) won't call you {_name('wont_call')}{_NO_MORE}"
    rf"|(?:stop|quit) calling yourself {_name('stop')}{_NO_MORE}?"
    rf"|(?:don't|dont|do not|never) call yourself {_name('never')}(?:{_NO_MORE}| ever again| again)"
    rf"|(?:drop|forget|lose|give up) the name {_name('drop')}"
    r"|you (?:no longer have|have no longer) (?:an?|any|your) name"
    rf"|you (?:(?:don't|dont|do not|won't) (?:have|need) (?:an?|any)|(?:have|need) no) name{_NO_MORE}"
    r"|from now on,? you (?:have no|don't have a|shall have no|need no) name"
    r"|(?:i'm|i am|we're|we are|i hereby|i) tak(?:e|ing) (?:your name (?:away|back)|(?:away|back) your name)"
    rf"|you(?:'re| are) nameless(?: again|{_NO_MORE}| now)"
    r"|(?:drop|forget|lose|give up|clear|delete|remove) your name"
    rf"){_LAST}",
    re.I,
)
_NEW_NAME = re.compile(r"\W*(?:but |and )?(?:it's|it is|you're|you are|now)\b", re.I)
"""After a name that is denied, where another one follows."""


_LED = re.compile(
    r"(?:(?:please|pls|just|ok|okay|now|so|well|actually|from now on|henceforth|you (?:can|should|must|may)"
    r"|i want you to|i'd like you to|can you|could you)\b ?){1,4}",
    re.I,
)
"""What may stand before it in its clause: a bid."""


def unnamed(text: str, called: Collection[str] = ()) -> str | None:
    """The name that a message takes from the mind; empty where it names none, None where it takes none away.

    ``called``: what the mind is called, and who talks to it: a line that begins with one is the writer's own.
    """
    message = Message(text, called)
    taken: str | None = None
    for start, end in words.sentences(message.text):
        sentence = message.text[start:end].rstrip()
        for match in islice(_DENIED.finditer(sentence), words.MAX_CLAUSES):
            is_first = not re.search(r"\w", clause_of(sentence[: match.start()])) or _is_led(sentence, match)
            if (
                is_first
                and not sentence.endswith("?")
                and is_meant(sentence, match)
                and not _NEW_NAME.match(sentence, match.end())
                and not is_taken_back(message.text[start + match.end() :])
            ):
                taken = next((name for name in match.groups() if name), "")
    return taken


def _is_led(sentence: str, match: re.Match[str]) -> bool:
    """Whether nothing but a bid stands before it: "please forget your name"."""
    return bool(_LED.fullmatch(clause_of(sentence[: match.start()]).strip()))
