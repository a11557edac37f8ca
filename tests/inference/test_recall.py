"""What recall answers: the right lines, word for word, with their source, or plainly nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.inference.backends.recall import (
    HINT,
    NOTED,
    NOTHING,
    NOTHING_INSTRUCTED,
    NOTHING_OPEN,
    compose,
    is_question,
)
from services.inference.generation import (
    Call,
    KnownName,
    Memory,
    Message,
    OpenCommitment,
    StandingInstruction,
)

NOW = datetime(2026, 5, 20, tzinfo=UTC)
ANA = "my sister Ana moved to Porto in May"


def memory(
    text: str,
    score: float = 1.0,
    *,
    seq: int = 2,
    speaker: str = "user",
    year: int = 2026,
    day: int = 3,
    superseded_by: str = "",
    quoted: str = "",
) -> Memory:
    at = datetime(year, 5, day, 9, tzinfo=UTC)
    return Memory(seq, text, speaker, at, score, f"e{seq}", superseded_by, quoted)


def answer(said: str, *memories: Memory, first_turn: bool = False) -> str:
    return compose(Call([Message("user", said)], memories=memories, now=NOW, first_turn=first_turn))


MOVED = [
    memory("I moved to Auckland yesterday.", 2.9, seq=7),
    memory("I live in Wellington.", 2.9, seq=3, superseded_by="e7"),
]
CASES = {
    "how it is now in place of how it was": (
        "Where do I live now?",
        MOVED,
        'You told me: "I moved to Auckland yesterday." [#7, 3 May].',
    ),
    "how it was where that is asked": (
        "Did I live in Wellington?",
        MOVED,
        'You told me: "I live in Wellington." [#3, 3 May].',
    ),
    "how it was where nobody knows how it is": (
        "Where do I live now?",
        MOVED[1:],
        'You told me: "I live in Wellington." [#3, 3 May].',
    ),
    "where somebody was before": (
        "Where did I live before?",
        MOVED,
        'You told me: "I live in Wellington." [#3, 3 May].',
    ),
    "when that changed": (
        "When did I move to Auckland?",
        MOVED,
        'You told me: "I moved to Auckland yesterday." [#7, 3 May].',
    ),
    "where somebody lives who moved": (
        "Where do I live?",
        [memory("I moved to Porto.", 1.0)],
        'You told me: "I moved to Porto." [#2, 3 May].',
    ),
    "where somebody else lives who moved": (
        "Where does my sister live?",
        [memory("My sister moved to Lyon.", 1.0), memory("I moved to Porto.", 1.0, seq=5)],
        'You told me: "My sister moved to Lyon." [#2, 3 May].',
    ),
    "what somebody must not eat": (
        "What can't I eat?",
        [memory("I'm allergic to peanuts.", 1.0), memory("I like tea.", 1.0, seq=5)],
        'You told me: "I\'m allergic to peanuts." [#2, 3 May].',
    ),
    "an occupation that no word of the question names": (
        "What do I do for a living?",
        [memory("I'm Ana and I'm a nurse.", 1.0)],
        "You told me: \"I'm Ana and I'm a nurse.\" [#2, 3 May].",
    ),
    "the person's name": (
        "What is my name?",
        [memory("Hello, I'm Ana and new here."), memory("Your name is Bert.", seq=9)],
        'You told me: "Hello, I\'m Ana and new here." [#2, 3 May].',
    ),
    "the mind's name": (
        "What is your name?",
        [memory("Hello, I'm Ana and new here."), memory("Could you answer to it? Your name is Bert.", seq=9)],
        'You told me: "Could you answer to it? Your name is Bert." [#9, 3 May].',
    ),
    "nobody's name where none was told": (
        "What is my name?",
        [memory("I'm tired."), memory("Call me tomorrow.")],
        NOTHING,
    ),
    "nothing where only the time is shared": (
        "Where do I live now?",
        [memory("I now work for Weta.", 3.7)],
        NOTHING,
    ),
    "the line with its source": (
        "where does my sister live?",
        [memory(ANA)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "the year where it is another": (
        "where does my sister live?",
        [memory(ANA, year=2023, seq=12)],
        f'You told me: "{ANA}" [#12, 3 May 2023].',
    ),
    "the speaker who is not the user": (
        "What did Caroline research?",
        [memory("Researching adoption agencies!", 3.0, speaker="Caroline", seq=31, year=2023)],
        'Caroline: "Researching adoption agencies!" [#31, 3 May 2023].',
    ),
    "its own words as its own": (
        "what did you promise about the report?",
        [memory("I will finish the report on Monday.", speaker="assistant")],
        'I said: "I will finish the report on Monday." [#2, 3 May].',
    ),
    "no speaker, no lead": (
        "where does my sister live?",
        [memory(ANA, speaker="")],
        f'"{ANA}" [#2, 3 May].',
    ),
    "several as a list, best first": (
        "which fruit do I like?",
        [memory("I like fruit, mangoes most", 2.0, seq=4), memory("sour fruit I never eat", 1.0, seq=9)],
        "This is what I remember:\n"
        '- You told me: "I like fruit, mangoes most" [#4, 3 May].\n'
        '- You told me: "sour fruit I never eat" [#9, 3 May].',
    ),
    "other forms of a word": (
        "did I book the flights?",
        [memory("booked a flight to Lisbon")],
        'You told me: "booked a flight to Lisbon" [#2, 3 May].',
    ),
    "a strong score without a word in common": (
        "what is my job?",
        [memory("I teach chemistry at the university", 7.0)],
        'You told me: "I teach chemistry at the university" [#2, 3 May].',
    ),
    "not the question itself": (
        "where does my sister live?",
        [memory("Where does my sister live", 5.0, seq=8), memory(ANA, 4.0)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "no question where there are statements": (
        "where does my sister live?",
        [memory("is my sister coming?", 5.0, seq=8), memory(ANA, 4.0)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "a statement that ends in a question": (
        "where does my sister live?",
        [memory("my sister lives in Porto. Nice, is it not?")],
        'You told me: "my sister lives in Porto. Nice, is it not?" [#2, 3 May].',
    ),
    "once what was told twice": (
        "where does my sister live?",
        [memory(ANA, 2.0), memory(ANA + ".", 2.0, seq=9)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "none of its own answers": (
        "where does my sister live?",
        [memory(f'You told me: "{ANA}" [#2, 3 May].', 5.0, seq=7, speaker="assistant"), memory(ANA, 4.0)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "nothing far below the best": (
        "where does my sister live?",
        [memory(ANA, 6.0), memory("my sister is older than I am", 1.0, seq=9)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "not what shares only a common word": (
        "where does my sister live?",
        [memory("I live with two cats", 1.0, seq=9), memory(ANA, 0.9)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "the common word where it is all there is": (
        "where do I live?",
        [memory("I live in Berlin")],
        'You told me: "I live in Berlin" [#2, 3 May].',
    ),
    "anything where everything is asked for": (
        "what do you remember?",
        [memory(ANA, 0.4)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "what shares most, and not what shares little": (
        "when did I run the charity race?",
        [memory("these shoes are for running", 5.0, seq=9), memory("ran a charity race on Saturday", 4.0)],
        'You told me: "ran a charity race on Saturday" [#2, 3 May].',
    ),
    "what is told and not what is asked": (
        "which instrument do I play?",
        [
            memory("Thanks! Do you play any instrument?", 5.0, seq=8, speaker="Mel"),
            memory("I play clarinet", 4.0),
        ],
        'You told me: "I play clarinet" [#2, 3 May].',
    ),
    "who is asked about first": (
        "What did Caroline research?",
        [
            memory("I do research too", 3.0, speaker="Melanie", seq=8),
            memory("Researching adoption agencies!", 2.0, speaker="Caroline", seq=31),
        ],
        'Caroline: "Researching adoption agencies!" [#31, 3 May].',
    ),
    "what somebody else said as theirs": (
        "where does Ben live?",
        [memory("Ben: I live in Rome.", quoted="Ben")],
        'You quoted Ben: "Ben: I live in Rome." [#2, 3 May].',
    ),
    "what the person says of themselves before what others do": (
        "where do I live?",
        [memory("Ben: I live in Rome.", 2.0, quoted="Ben"), memory("I live in Berlin", 1.9, seq=9)],
        "This is what I remember:\n"
        '- You told me: "I live in Berlin" [#9, 3 May].\n'
        '- You quoted Ben: "Ben: I live in Rome." [#2, 3 May].',
    ),
    "what a speaker who is named says of themselves": (
        "where does Ana live?",
        [
            memory("I live in Porto and work at Farfetch.", 2.8, speaker="Ana"),
            memory("I live in Graz.", 2.7, seq=9),
        ],
        'Ana: "I live in Porto and work at Farfetch." [#2, 3 May].',
    ),
    "nothing that others say of themselves": (
        "where do I live?",
        [memory("I live in Porto.", 2.8, speaker="Ana"), memory("I live in Graz.", 2.7, seq=9)],
        'You told me: "I live in Graz." [#9, 3 May].',
    ),
    "nobody else's name as the person's": (
        "What is my name?",
        [memory("Ben: my name is Ben.", quoted="Ben"), memory("My name is Ana.", seq=9)],
        'You told me: "My name is Ana." [#9, 3 May].',
    ),
    "plainly nothing": ("where does my sister live?", [], NOTHING),
    "nothing of something else": (
        "where does my sister live?",
        [memory("the boiler was repaired on Friday", 0.5)],
        NOTHING,
    ),
    "nothing where only a name is shared": (
        "What does Caroline think of quantum physics?",
        [memory("Caroline sends her love", 0.5, speaker="Melanie"), memory("Bye!", 0.4, speaker="Caroline")],
        NOTHING,
    ),
    "nothing rather than an earlier question": (
        "where does my sister live?",
        [memory("do you know where my sister lives?", 5.0)],
        NOTHING,
    ),
    "no more than three": (
        "what about tea?",
        [memory(f"tea number {n}", 2.0, seq=n) for n in range(1, 6)],
        "This is what I remember:\n"
        + "\n".join(f'- You told me: "tea number {n}" [#{n}, 3 May].' for n in (1, 2, 3)),
    ),
    "a statement is noted": (ANA, [], NOTED),
    "a statement with what goes with it": (
        "my sister Ana found a flat",
        [memory(ANA, 3.0)],
        f'{NOTED} You told me: "{ANA}" [#2, 3 May].',
    ),
    "a statement without what only looks like it": (
        "what a fine morning!",
        [memory("a morning in Porto", 1.0)],
        NOTED,
    ),
    "a question without its mark": (
        "tell me where my sister lives",
        [memory(ANA)],
        f'You told me: "{ANA}" [#2, 3 May].',
    ),
    "another script": ("我妹妹住在哪里?", [], NOTHING),
}


@pytest.mark.parametrize(("said", "memories", "expected"), CASES.values(), ids=CASES)
def test_recall_quotes(said: str, memories: list[Memory], expected: str) -> None:
    assert answer(said, *memories) == expected


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("where is Ana", True),
        ("Did Ana call", True),
        ("so, are we going", True),
        ("Ana called?", True),
        ("your name is Pip from now on, ok?", False),
        ("is that ok?", True),
        ("where is Ana, please?", True),
        ("have a nice day", False),
        ("I wonder about Ana", False),
        ("My brother is well", False),
        ("", False),
        ("...so where is Ana", True),
        ("-" * 1_000_000 + " hello", False),
        ("=- " * 300_000 + "where is Ana", True),
        ("東京に誰が住んでいますか？", True),
        ("أين تسكن أختي؟", True),
        ("私の猫の名前はタマです。", False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_question_is_told_from_a_statement(text: str, asks: bool) -> None:
    assert is_question(text) is asks


def test_how_to_connect_a_model_is_said_on_the_first_turn_only() -> None:
    first, later = (answer("hello there", first_turn=turn) for turn in (True, False))

    assert first == f"{later}\n\n{HINT}"
    for setting in (
        "PMM_INFERENCE__BACKEND=openai",
        "PMM_INFERENCE__OPENAI_BASE_URL=",
        "PMM_INFERENCE__MODEL=",
    ):
        assert setting in HINT


def test_the_last_message_of_the_person_is_what_is_answered() -> None:
    said = [
        Message("user", "what about tea?"),
        Message("assistant", NOTHING),
        Message("user", "where is my sister?"),
    ]

    told = compose(Call(said, memories=[memory("tea is hot"), memory(ANA)], now=NOW))

    assert told == f'You told me: "{ANA}" [#2, 3 May].'


FLIGHTS = OpenCommitment(
    19, "book the flights", datetime(2026, 5, 3, 9, tzinfo=UTC), datetime(2026, 5, 22, 21, 59, tzinfo=UTC)
)
PLANTS = OpenCommitment(7, "water the plants", datetime(2025, 12, 30, tzinfo=UTC))
ASKED = [
    "What do I still have to do?",
    "what do i have to do today",
    "What should I do next?",
    "OK, what's left to do?",
    "What is still open?",
    "What's due?",
    "Which reminders do I have?",
    "Show me my to-do list",
    "List my open commitments.",
    "What are my tasks?",
    "What did you promise me?",
    "What have I promised to do?",
    "What did I ask you to remind me of?",
    "What should I not forget?",
    "Is there anything left to do?",
    "Do I have anything to do?",
    "Good morning! What do I have to do? Thanks.",
    "what's left on my list?",
    "whats on my todo list",
    "Anything open?",
    "anything left to do?",
    "So, what's left?",
    "What's still on my plate?",
    "what reminders do I have?",
    "do i have any reminders",
    "Any reminders for today?",
    "What are you going to remind me of?",
]
NOT_ASKED = [
    "What do I have to do to renew my passport?",
    "What do you do?",
    "What did I do yesterday?",
    "What is open on Sundays?",
    "What tasks did Ana have at Siemens?",
    "What did Ana promise me about the boat?",
    "Do I have anything of Ana's?",
    "Remind me to water the plants.",
    "What's left of the cake?",
    "What's left in the fridge?",
    "What's on the shopping list that Ana gave me?",
    "Anything open in Berlin on Sundays?",
    "Anything else?",
    "What reminders did Ana have?",
]
ASKED_FOR_INSTRUCTIONS = [
    "What are my standing instructions?",
    "what are my instructions?",
    "What instructions did I give you?",
    "Which rules do you follow for me?",
    "list my standing instructions",
    "whats my standing instructions",
    "Do you have any standing instructions?",
    "what are the rules I gave you?",
    "How did I ask you to answer?",
]
NOT_ASKED_FOR_INSTRUCTIONS = [
    "What are the instructions for the oven?",
    "What are the rules of chess?",
    "What instructions did Ana give you?",
    "What rules did my landlord set?",
    "Which rules do we follow at work?",
    "How did I ask Ana to answer?",
]
VERSE = StandingInstruction(12, "answer in verse")


def answered(said: str, *memories: Memory, others: int = 0, promised: Sequence[OpenCommitment] = ()) -> str:
    call = Call(
        [Message("user", said)],
        memories=memories,
        now=NOW.astimezone(ZoneInfo("Europe/Berlin")),
        open_commitments=promised,
        other_commitments=others,
    )
    return compose(call)


@pytest.mark.parametrize("said", ASKED)
def test_what_is_to_be_done_is_told_where_it_is_asked(said: str) -> None:
    assert answered(said, memory(ANA), promised=[FLIGHTS, PLANTS]) == (
        "This is open:\n"
        '- "book the flights", due Friday, 22 May, 23:59 [#19, 3 May].\n'
        '- "water the plants" [#7, 30 Dec 2025].'
    )
    assert answered(said) == NOTHING_OPEN


@pytest.mark.parametrize("said", NOT_ASKED)
def test_other_questions_are_answered_from_memories(said: str) -> None:
    assert "open" not in answered(said, promised=[FLIGHTS])


def test_what_finds_no_room_in_the_prompt_is_counted() -> None:
    assert answered("What is open?", promised=[PLANTS], others=12).endswith("\n- and 12 more.")


def test_what_was_said_of_it_is_quoted_where_nothing_is_open() -> None:
    said = memory("You still have to do the dishes.", seq=4)
    assert answered("What do I have to do?", said) == f'You told me: "{said.text}" [#4, 3 May].'


def instructed(
    said: str, *memories: Memory, others: int = 0, held: Sequence[StandingInstruction] = ()
) -> str:
    return compose(
        Call([Message("user", said)], memories=memories, instructions=held, other_instructions=others)
    )


@pytest.mark.parametrize("said", ASKED_FOR_INSTRUCTIONS)
def test_standing_instructions_are_told_where_they_are_asked_for(said: str) -> None:
    assert instructed(said, held=[VERSE], others=2) == (
        'You told me, from now on:\n- "answer in verse" [#12].\n- and 2 more.'
    )
    assert instructed(said) == NOTHING_INSTRUCTED


@pytest.mark.parametrize("said", NOT_ASKED_FOR_INSTRUCTIONS)
def test_other_instructions_are_looked_for_in_memories(said: str) -> None:
    assert instructed(said, held=[VERSE]) == NOTHING


def test_an_answer_that_names_instructions_is_no_memory_of_its_own() -> None:
    told = memory('You told me, from now on:\n- "answer in verse" [#12].', speaker="assistant")
    assert instructed("Which verse do you like?", told) == NOTHING


@pytest.mark.parametrize(
    "said", ["what's your name?", "What are you called again?", "who are you", "do u have a name?"]
)
def test_the_mind_says_what_it_is_called(said: str) -> None:
    told = memory("Your name is Pip, ok?")
    call = Call([Message("user", said)], memories=[told], now=NOW, mind_name=KnownName(5, "Pip"))
    assert compose(call) == "My name is Pip [#5]."


@pytest.mark.parametrize(
    "said", ["what's my name?", "do you still know my name?", "who am i", "What do you call me?"]
)
def test_the_person_is_told_what_they_are_called(said: str) -> None:
    call = Call([Message("user", said)], memories=[], now=NOW, user_name=KnownName(3, "Carla"))
    assert compose(call) == "Your name is Carla [#3]."


@pytest.mark.parametrize(
    "said",
    ["what's your name for this dish?", "what is my name day?", "who are you voting for?", "My name is Eve."],
)
def test_other_questions_ask_for_no_name(said: str) -> None:
    known = {"mind_name": KnownName(5, "Pip"), "user_name": KnownName(3, "Carla")}
    assert "[#" not in compose(Call([Message("user", said)], memories=[], now=NOW, **known))
