"""Names that are given in so many words: to the mind, or by a person as their own. Pure.

To be right comes before to find every one: a capitalised word alone is no name ("What about Paris in spring?"), nor is
one that is asked about, denied, supposed, quoted or told of somebody else. What a person wants to be called counts more
than what they are called, and either more than "I'm …"; among equals the last.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from services.orchestrator.extraction import mind_named, person_named, words
from services.orchestrator.extraction import name_patterns as said
from services.orchestrator.extraction.given_names import GIVEN_NAMES, UNMISTAKABLE
from services.orchestrator.extraction.name_after import corrected, is_taken_back
from services.orchestrator.extraction.name_reading import (
    Message,
    clause_of,
    given_before,
    holds_other_words,
    is_given,
    is_meant,
    name_at,
    name_before,
    small_before,
)
from services.orchestrator.extraction.not_names import is_no_name, is_rank

_NEXT = 60
"""Letters behind a name that may say that it was quoted."""


def mind_name(text: str, called: Collection[str] = ()) -> str:
    """The name that a message gives the mind, in so many words; empty where it gives none.

    ``called``: what the mind is called so far, and who talks to it: a line that begins with one is the writer's own.
    """
    message = Message(text, called)
    return _last(_mind_names(sentence, at) for sentence, at in _sentences(message)) or _last(
        [mind_named.around(message)]
    )


def user_name(text: str, called: Collection[str] = ()) -> str:
    """The name that a person says is theirs; empty where none is said. ``called``: as of ``mind_name``."""
    message = Message(text, called)
    found = [list(_user_names(sentence, at)) for sentence, at in _sentences(message)]
    flat = [one for names in [*found, list(person_named.around(message))] for one in names]
    flat = flat or [(1, name) for name in _mine(message)]
    best = max((weight for weight, _ in flat), default=0)
    return next((name for weight, name in reversed(flat) if weight == best), "")


def _mine(message: Message) -> Iterator[str]:
    """Names that are given beside the other's, over two sentences perhaps."""
    for match in islice(said.MINE.finditer(message.text), words.MAX_CLAUSES):
        if name := name_at(message, message.text, match.end()):
            yield name


def _last(found: Iterable[Iterator[str]]) -> str:
    names = [name for some in found for name in some]
    return names[-1] if names else ""


def _sentences(message: Message) -> Iterator[tuple[Message, tuple[int, int]]]:
    for start, end in words.sentences(message.text):
        yield message, (start, end)


def _mind_names(message: Message, at: tuple[int, int]) -> Iterator[str]:
    start, end = at
    sentence = message.text[start:end]
    for match in islice(said.MIND_NAMED.finditer(sentence), words.MAX_CLAUSES):
        name = _with_article(message, sentence, match.end())
        if (
            name
            and not _is_left_open(match, sentence[match.end() + len(name) :])
            and not said.ASKS_LEAVE.search(clause_of(sentence[: match.start()]) + match.group())
            and is_meant(sentence, match, is_request=_is_requested(match))
        ):
            yield from _standing(message, start + match.end() + len(name), name)
    for match in islice(said.MIND_IS.finditer(sentence), words.MAX_CLAUSES):
        name = name_at(message, sentence, match.end(), is_exact=True)
        # "From now on you will be brief" names nobody.
        may_be_decided = name[:1].isupper() or name in GIVEN_NAMES
        is_now = name and (
            said.FROM_NOW.match(sentence[match.end() + len(name) :])
            or (may_be_decided and said.DECIDED.search(sentence[: match.start()]))
        )
        is_asked = said.ASKED_BACK.match(sentence[match.end() + len(name) :])
        if is_now and not is_asked and is_meant(sentence, match):
            yield from _standing(message, start + match.end() + len(name), name)
    for match in islice(said.AND_YOU.finditer(sentence), words.MAX_CLAUSES):
        if not (is_no_name(match["mine"]) or is_no_name(match["yours"])) and is_meant(sentence, match):
            yield match["yours"]
    for match in islice(said.IT_IS_YOURS.finditer(sentence), words.MAX_CLAUSES):
        name = name_before(sentence[: match.start()])
        if name and is_meant(sentence, match) and not sentence.rstrip().endswith("?"):
            yield name


def _standing(message: Message, end: int, name: str) -> Iterator[str]:
    """A name that was given, or the one that it is corrected to; none where it is taken back. It ends there."""
    if not is_taken_back(message.text[end:]):
        yield corrected(message, end) or name


def _with_article(message: Message, sentence: str, begin: int) -> str:
    """A name, though it has an article: "The Oracle"."""
    if not sentence.startswith("The ", begin):
        return name_at(message, sentence, begin)
    rest = name_at(message, sentence, begin + 4)
    return f"The {rest}" if rest else ""


def _is_left_open(trigger: re.Match[str], after: str) -> bool:
    """Whether a naming is asked back, or is of somebody or something else."""
    if trigger["bid"]:
        clause = clause_of(trigger.string[: trigger.start()]).strip()
        return not said.BIDS.fullmatch(clause) or bool(said.OF_A_THING.match(after))
    if _is_requested(trigger):
        somebody = said.ANSWERS_SOMEBODY.search(trigger.group())
        return bool(somebody) and not (somebody["answer"] and said.ENDS_REQUEST.match(after))
    return trigger.group().lower().startswith("you") and bool(said.ASKED_BACK.match(after))


def _is_asked(after: str, name: str) -> bool:
    """Whether a name is asked about rather than said: "my name is Ben?"."""
    return after.lstrip(" \"'").removeprefix(name).startswith("?")


def _is_requested(trigger: re.Match[str]) -> bool:
    """Whether a question asks the mind to go by a name: "could you answer to the name Bert?"."""
    is_yours = trigger.group().lower().startswith("you ")
    return is_yours and bool(said.REQUESTED.fullmatch(clause_of(trigger.string[: trigger.start()])))


def _user_names(message: Message, at: tuple[int, int]) -> Iterator[tuple[int, str]]:
    """Names with their weights: what a person wants to be called, is called, and calls themselves by the way."""
    start, end = at
    sentence = message.text[start:end]
    for match in islice(said.CALL_ME.finditer(sentence), words.MAX_CLAUSES):
        clause = clause_of(sentence[: match.start()])
        is_asked = said.MAY_CALL.fullmatch(clause.strip()) and is_meant(sentence, match, is_request=True)
        is_asked = is_asked and not (match["passive"] and said.OF_OTHERS.match(clause))
        name = name_at(message, sentence, match.end(), may_be_form=True) if is_asked else ""
        after = message.text[start + match.end() + len(name) :][:_NEXT]
        if name and not (
            said.UNWANTED.match(sentence[match.end() + len(name) :]) or said.QUOTED_BEFORE.match(after)
        ):
            yield 3, name
    for name in (*_said_for_short(message, sentence), *_to_the_mind(message, sentence)):
        yield 3, name
    for match in islice(said.MY_NAME_AFTER.finditer(sentence), words.MAX_CLAUSES):
        name = name_before(sentence[: match.start()])
        if name and is_meant(sentence, match) and not sentence.rstrip().endswith("?"):
            yield 2, name
    named = [*islice(said.MY_NAME.finditer(sentence), words.MAX_CLAUSES), *said.THE_NAME.finditer(sentence)]
    for match in sorted(named, key=lambda one: one.start()):
        name = name_at(message, sentence, match.end()) if is_meant(sentence, match) else ""
        if name and not (
            _is_asked(sentence[match.end() :], name) or said.JAMES_BOND.match(sentence, match.end())
        ):
            whole = _with_first_name(name, sentence[match.end() + len(name) :])
            stands = _standing(message, start + match.end() + len(name), whole)
            yield from ((2, one) for one in stands if one)
    if (myself := said.MYSELF.match(sentence)) and (name := name_at(message, sentence, myself.end())):
        yield 1, name
    for match in islice(said.BORN.finditer(sentence), words.MAX_CLAUSES):
        if is_meant(sentence, match) and (name := name_at(message, sentence, match.end())):
            yield 1, name
    for name in (
        *_i_am(message, start, sentence),
        *_this_is(message, start, end),
        *_here(message, start, sentence),
    ):
        yield 1, name


def _with_first_name(name: str, after: str) -> str:
    """All of a name of which the surname is said first: "the name's Bianchi, Rosa Bianchi"."""
    if said.SPELLED_OUT.match(name):
        whole = re.match(r", ([^\W\d_]+)", after)
        return whole[1] if whole and whole[1].lower() == name.replace("-", "").lower() else ""
    match = said.SURNAME_FIRST.match(after)
    return match["all"] if match and match["last"] == name else name


def _said_for_short(message: Message, sentence: str) -> Iterator[str]:
    """ "You can just say Max"."""
    for match in islice(said.SAY.finditer(sentence), words.MAX_CLAUSES):
        name = name_at(message, sentence, match.end(), is_exact=True, may_be_small=False)
        after = sentence[match.end() + len(name) :]
        # "Just say Bingo", "you could say Bingo" alone are no more than what they say.
        is_plain = bool(match["just"]) and match.group().lower().startswith(("you", "feel"))
        is_for_short = is_plain or bool(after.strip(" .!?\n"))
        is_first = not clause_of(sentence[: match.start()]).strip()
        if (
            name
            and is_first
            and is_for_short
            and said.AFTER_SAY.match(after)
            and is_meant(sentence, match, is_request=True)
        ):
            yield name


def _to_the_mind(message: Message, sentence: str) -> Iterator[str]:
    """ "I'm Captain to you"."""
    for match in islice(said.I_AM.finditer(sentence), words.MAX_CLAUSES):
        name = name_at(message, sentence, match.end(), may_be_form=True)
        if name and said.TO_WHOM.match(sentence, match.end() + len(name)) and is_meant(sentence, match):
            yield name


def _i_am(message: Message, start: int, sentence: str) -> Iterator[str]:
    for match in islice(said.I_AM.finditer(sentence), words.MAX_CLAUSES):
        lead = message.text[max(0, start - 40) : start + match.start()]
        may_be_small = _is_introduced(lead, sentence, match.end())
        name = name_at(message, sentence, match.end(), is_exact=True, may_be_small=may_be_small)
        after = sentence[match.end() + len(name) :]
        is_whole = said.AFTER_I_AM.match(after) or (name in UNMISTAKABLE and said.AFTER_GIVEN.match(after))
        is_whole = is_whole and not said.SAYING_GOES.match(after) and not is_rank(name)
        if name and is_whole and is_meant(sentence, match) and not holds_other_words(name):
            yield name


def _is_introduced(lead: str, sentence: str, begin: int) -> bool:
    """Whether "I'm" makes a name of a word in small letters: after a greeting, before an age, or of a common name."""
    if said.GREETED.search(lead) or said.INTRODUCED.search(lead) or is_given(sentence, begin):
        return True
    return bool(said.AGED.match(sentence, begin))


def _this_is(message: Message, start: int, end: int) -> Iterator[str]:
    sentence = message.text[start:end]
    for match in islice(said.THIS_IS.finditer(sentence), words.MAX_CLAUSES):
        before = message.text[max(0, start - 40) : start + match.start()]
        name = name_at(message, sentence, match.end(), is_exact=True)
        after = message.text[start + match.end() + len(name) :][:60]
        is_greeted = bool(said.GREETED.search(before))
        is_first = not before.strip()
        is_told = said.AFTER_THIS.match(after) or said.ASKS_NEXT.match(after)
        fits = is_greeted and said.AFTER_GREETED_THIS.match(after)
        fits = fits or (is_first and said.BY_THE_WAY_AFTER.match(after)) or said.SPELLED_AFTER.match(after)
        if is_first and is_given(sentence, match.end()):
            fits = fits or said.AFTER_GIVEN.match(after)
        lead = sentence[: match.start()]
        if not match["this"] and said.BY_THE_WAY_LEAD.match(lead) and is_given(sentence, match.end()):
            fits = fits or said.AFTER_GIVEN.match(after)
        if match["this"] and (is_first or is_greeted):
            fits = fits or is_told
        if name and fits and is_meant(sentence, match):
            yield name


def _here(message: Message, start: int, sentence: str) -> Iterator[str]:
    for match in islice(re.finditer(r"(?i) (?:here|speaking)\b", sentence), words.MAX_CLAUSES):
        lead = sentence[: match.start()]
        name = name_before(lead) or given_before(lead)
        if not name and message.is_flat:
            is_again = said.HERE_AGAIN.match(sentence[match.start() :])
            is_greeted = said.GREETED.search(message.text[max(0, start - _NEXT) : start].rstrip())
            name = small_before(lead, said.ONLY_NAME if is_again or is_greeted else said.GREETED_HERE)
        before = lead[: len(lead) - len(name)]
        is_here = said.HERE.match(sentence[match.start() :].rstrip("\n")) or (
            name.lower() in UNMISTAKABLE
            and (
                said.HERE_GOES_ON.match(sentence, match.start())
                or said.HERE_WORKS.match(sentence, match.start())
            )
        )
        fits = name and is_here and not said.GENERALLY.search(name) and said.BEGINS.search(before)
        if fits and not holds_other_words(name) and not said.TOLD.search(before):
            yield name
