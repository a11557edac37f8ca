"""Extraction by a model: what it is asked, the shape of its answer, and what of the answer the message bears out. Pure.

A model may say what was never said. So each thing that it finds comes with the words of the message that hold it, and
is dropped where the message does not have these words, or says something else with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from services.orchestrator.extraction.due import due
from services.orchestrator.extraction.fact import USER, Fact, Type
from services.orchestrator.extraction.found import EXPLICIT, SUGGESTED, Found
from services.orchestrator.extraction.lexicon import NO_NAMES
from services.orchestrator.extraction.promise import Promise, commitment_id
from services.orchestrator.extraction.words import stem
from services.orchestrator.terms import Said
from services.runtime.scripts import plainly_asked

MAX_CHARACTERS = 8_000
"""A longer message is read by rules: it is pasted rather than said, and may not fit into the model's context."""
MAX_TOKENS = 2_048
"""Of an answer: more than its shape has room for, at two and a half characters a token."""
MIN_CONFIDENCE = 0.5
"""A name of which the model is less sure is not even proposed."""
_TYPES: tuple[Type, ...] = ("fact", "preference", "event", "relationship")

_ANSWER_INSTRUCTION = (
    "You read one answer of an assistant and list the promises in it: what it says that it will do. Give each in "
    "the "
    "answer's own words, copied exactly, beginning with the verb, and the words that say by when, or an empty "
    "string. "
    "List nothing that it does not promise. Answer with JSON only."
)
_MESSAGE_INSTRUCTION = (
    "You read one message of a person to an assistant and list what is worth remembering. Copy every quote exactly "
    "from the message; make nothing up; leave a list empty where the message holds nothing for it. Take nothing from "
    "questions, from what is only imagined, quoted or supposed, or from small talk."
)
_LISTS: Mapping[str, str] = {
    "names": 'a name that the message gives to the assistant ("assistant") or that the person says is theirs ("user"), '
    "with the words that give it and how sure you are, from 0 to 1 in tenths.",
    "promises": "what the person asks to be reminded of, beginning with the verb, and the words that say when.",
    "instructions": 'what the person wants in every answer from now on ("always …", "from now on …").',
    "facts": 'what is so of the person or of somebody around them. quote: the words that say it; subject: "user", or '
    "the name or relation as the message has it; object: what is said of them, copied; sentence: one plain sentence in "
    'the third person that stands by itself, with "The user" for the person; when: the words that say when, or '
    "an empty string; importance: from 0 (trivia) to 1 (vital) in tenths.",
}
_JSON_ONLY = "Answer with JSON only."


def _text(length: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": length}


def _list(items: Mapping[str, Any], at_most: int) -> dict[str, Any]:
    return {"type": "array", "maxItems": at_most, "items": dict(items)}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


_SHARE = {"enum": [tenth / 10 for tenth in range(11)]}
"""Not any number between: a guided model may go on with digits for ever."""
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "names": _list(
        _object(quote=_text(80), of={"enum": ["assistant", "user"]}, name=_text(40), confidence=_SHARE), 2
    ),
    "promises": _list(_object(what=_text(160), due=_text(40)), 6),
    "instructions": _list(_text(160), 4),
    "facts": _list(
        _object(
            quote=_text(160),
            type={"enum": list(_TYPES)},
            subject=_text(40),
            object=_text(80),
            sentence=_text(160),
            when=_text(40),
            importance=_SHARE,
        ),
        8,
    ),
}
_BESIDE_RULES = ("names", "facts")
"""What is asked of a message that rules read, too."""


_EXAMPLES: Sequence[tuple[str, Mapping[str, Any]]] = (
    (
        "Good morning, I'm Jonas! My brother Otto works at the bakery now. Remind me to water the plants on Sunday. "
        "From now on, keep your answers short.",
        {
            "names": [{"quote": "I'm Jonas", "of": "user", "name": "Jonas", "confidence": 0.9}],
            "promises": [{"what": "water the plants on Sunday", "due": "on Sunday"}],
            "instructions": ["keep your answers short"],
            "facts": [
                {
                    "quote": "My brother Otto",
                    "type": "relationship",
                    "subject": "Otto",
                    "object": "brother",
                    "sentence": "Otto is the user's brother.",
                    "when": "",
                    "importance": 0.7,
                },
                {
                    "quote": "Otto works at the bakery now",
                    "type": "fact",
                    "subject": "Otto",
                    "object": "works at the bakery",
                    "sentence": "Otto works at the bakery now.",
                    "when": "now",
                    "importance": 0.5,
                },
            ],
        },
    ),
    (
        "I can't stand coriander.",
        {
            "names": [],
            "promises": [],
            "instructions": [],
            "facts": [
                {
                    "quote": "I can't stand coriander",
                    "type": "preference",
                    "subject": "user",
                    "object": "coriander",
                    "sentence": "The user can't stand coriander.",
                    "when": "",
                    "importance": 0.5,
                }
            ],
        },
    ),
    (
        "What would you do if it rained tomorrow?",
        {"names": [], "promises": [], "instructions": [], "facts": []},
    ),
)
_ANSWER_EXAMPLES: Sequence[tuple[str, Mapping[str, Any]]] = (
    (
        "Good idea. I'll book the table for Friday and send you the address.",
        {
            "promises": [
                {"what": "book the table for Friday", "due": "for Friday"},
                {"what": "send you the address", "due": ""},
            ]
        },
    ),
    ("The table is booked already, and I am glad to hear it.", {"promises": []}),
)
"""A small model learns more from them than from what it is told. None is of a labelled set."""


def asked(text: str, *, is_answer: bool, is_english: bool) -> tuple[list[Said], Mapping[str, Any]]:
    """What the model is to read, after what it is told, and the JSON schema of what it answers.

    Of an English message only what rules are no good at is asked (``found.combined``): less to say is sooner said.
    """
    if is_answer:
        lists, told, examples = ("promises",), _ANSWER_INSTRUCTION, _ANSWER_EXAMPLES
    else:
        lists = _BESIDE_RULES if is_english else tuple(_LISTS)
        told = "\n".join([_MESSAGE_INSTRUCTION, *(f"{name}: {_LISTS[name]}" for name in lists), _JSON_ONLY])
        examples = _EXAMPLES
    shown = [Said("system", told)]
    for example, answer in examples:
        whole = json.dumps({name: answer[name] for name in lists}, separators=(",", ":"))
        shown += [Said("user", example), Said("assistant", whole)]
    return [*shown, Said("user", text)], _object(**{name: _SHAPES[name] for name in lists})


def found(answer: str, text: str, now: datetime, *, is_answer: bool, model: str) -> Found:
    """What of a model's answer the message bears out. Raises ValueError where it is not of the shape."""
    try:
        read = cast(dict[str, Any], json.loads(answer))
        if not is_answer:
            read = {name: [] for name in _LISTS if name not in _BESIDE_RULES} | read
        message = _Message(text)
        promised = {commitment_id(one.text): one for one in message.promises(read["promises"], now)}
        if is_answer:
            return Found(promises=tuple(promised.values()))
        mind_name, confidence = message.mind_name(read["names"])
        return Found(
            mind_name=mind_name,
            mind_name_confidence=confidence,
            user_name=message.user_name(read["names"]),
            promises=tuple(promised.values()),
            instructions=tuple(dict.fromkeys(one for one in read["instructions"] if message.instructs(one))),
            facts=tuple(
                {
                    one.text: replace(one, model=model) for one in map(message.fact, read["facts"]) if one
                }.values()
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not of the shape that was asked for: {type(error).__name__}") from None


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_GIVES = re.compile(r"(?i)\b(?:you|your|yourself|call|named?)\b")
_IS_MINE = re.compile(r"(?i)\b(?:i|i'm|my|me|mine)\b")
_OF_TWO = re.compile(r"(?i)\b(?:i|me|my|mine|myself|we|us|our|ours|you|your|yours)\b")
"""What means somebody else once the message is not beside it."""
_NEGATION = re.compile(
    r"(?i)\b(?:not|never|no|nothing|none|without|avoids?|hates?|dislikes?|loathes?|detests?|\w+n['’]t|no longer|"
    r"used to|stopped)\b"
)
_PLAIN = frozenset(
    "the a an user user's is are was were has have had be been being of in on at to for from with by and or as that "
    "who which their "
    "they them his her she he him it its not does do did likes like loves love prefers prefer dislikes dislike "
    "enjoys enjoy hates "
    "hate called named name years old very own own's one can cannot no".split()
)
"""Words that a sentence may have of its own: they say nothing by themselves."""


class _Message:
    """A message, for asking whether it holds something."""

    def __init__(self, text: str) -> None:
        self._words = _words(text)
        self._plain = f" {' '.join(self._words)} "
        self._stems = frozenset(map(stem, self._words))
        self._asking = [
            f" {' '.join(_words(s))} "
            for s in _SENTENCE.findall(plainly_asked(text))
            if s.strip().endswith("?")
        ]

    def holds(self, quote: str) -> bool:
        """Whether it has these words in a row, in something that is no question."""
        plain = " ".join(_words(quote))
        if not plain or f" {plain} " not in self._plain:
            return False
        return not any(f" {plain} " in asking for asking in self._asking)

    def mind_name(self, names: Sequence[Mapping[str, Any]]) -> tuple[str, float]:
        """A name for the mind, and how sure it is."""
        for one in names:
            confidence = float(one["confidence"])
            if one["of"] == "assistant" and confidence >= MIN_CONFIDENCE and self._gives(one):
                is_explicit = confidence >= 0.9 and _GIVES.search(one["quote"])
                return one["name"].strip(), EXPLICIT if is_explicit else min(confidence, SUGGESTED)
        return "", 0.0

    def user_name(self, names: Sequence[Mapping[str, Any]]) -> str:
        """The person's own."""
        for one in names:
            is_sure = float(one["confidence"]) >= 0.9 and _IS_MINE.search(one["quote"])
            if one["of"] == "user" and is_sure and self._gives(one):
                return one["name"].strip()
        return ""

    def _gives(self, one: Mapping[str, Any]) -> bool:
        name = one["name"].strip()
        is_name = name[:1].isupper() and name.split()[0] not in NO_NAMES
        is_in_quote = f" {' '.join(_words(name))} " in f" {' '.join(_words(one['quote']))} "
        return is_name and is_in_quote and self.holds(one["quote"]) and not _NEGATION.search(one["quote"])

    def promises(self, promised: Sequence[Mapping[str, Any]], now: datetime) -> list[Promise]:
        """Those that it holds, with due times by our own rule from the words that were quoted."""
        found: list[Promise] = []
        for one in promised:
            what = one["what"].strip(" .,;!")
            if self.holds(what) and len(_words(what)) > 1:
                when = one["due"] if self.holds(one["due"]) else ""
                found.append(Promise(what, due(when, now, then=what)))
        return found

    def instructs(self, quote: str) -> bool:
        """Whether it holds an instruction."""
        return len(_words(quote)) > 1 and self.holds(quote)

    def fact(self, one: Mapping[str, Any]) -> Fact | None:
        """None where it does not say so."""
        quote, sentence, subject, what = (
            one[key].strip() for key in ("quote", "sentence", "subject", "object")
        )
        is_about = subject.lower() == USER or self.holds(subject)
        is_said = (
            bool(sentence)
            and self.holds(quote)
            and bool(_words(what))
            and f" {' '.join(_words(what))} " in f" {' '.join(_words(quote))} "
            and not _OF_TWO.search(sentence)
        )
        is_same = bool(_NEGATION.search(quote)) == bool(_NEGATION.search(sentence))
        own = {stem(word) for word in _words(sentence) if word not in _PLAIN}
        if one["type"] not in _TYPES or not (is_about and is_said and is_same and own and own <= self._stems):
            return None
        when = one["when"].strip() if self.holds(one["when"]) else ""
        subject = USER if subject.lower() == USER else subject
        importance = min(1.0, max(0.0, float(one["importance"])))
        return Fact(one["type"], subject, what, f"{sentence.rstrip('.')}.", when, importance)


def _words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]
