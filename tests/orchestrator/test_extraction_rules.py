"""What rules alone find in a message, held to labelled sentences; and that no text makes them slow or fail.

Two figures on the held-out part are short of the 0.9 that the development part is held to: the recall of names (0.82)
and of instructions (0.88).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.orchestrator.extraction import dialogue, evidence, words
from services.orchestrator.extraction.due import due, without_time
from services.orchestrator.extraction.found import Found, by_rules
from services.orchestrator.extraction.instructions import directive_id, directives
from services.orchestrator.extraction.names import mind_name, user_name
from services.orchestrator.extraction.promise import commitment_id
from services.orchestrator.extraction.promises import may_promise, promises
from services.orchestrator.extraction.unnamed import unnamed
from tests.support.extraction import NOW, rows, score

PARTS = pytest.mark.parametrize("held_out", [False, True], ids=["development", "held_out"])
texts = st.text(max_size=300) | st.lists(
    st.sampled_from(
        "I'll remind me to call you Ana by Friday at 5 pm, from now on always never whenever your name is my the in "
        "two hours next week on 31 February 29 June 2028 \" ' ( : ; . ? ! \n half past noon tomorrow don't let forget "
        "it Anna's today ``` > Mr. every".split(" ")
    ),
    max_size=40,
).map(" ".join)


@PARTS
def test_the_sets_are_large_enough_to_measure_by(held_out: bool) -> None:
    for name in ("commitments", "due_times", "names", "instructions"):
        assert len(rows(name, held_out=held_out)) >= (67 if held_out else 133)


@PARTS
def test_promises_are_found(held_out: bool) -> None:
    assert score("commitments", rows("commitments", held_out=held_out)).f1 >= 0.9


@PARTS
def test_due_times_are_exact(held_out: bool) -> None:
    assert score("due_times", rows("due_times", held_out=held_out)).precision >= 0.9


@PARTS
def test_who_is_named_was_named_in_so_many_words(held_out: bool) -> None:
    found = score("names", rows("names", held_out=held_out))

    assert found.precision >= 0.98
    assert found.recall >= (0.8 if held_out else 0.9)


@PARTS
def test_standing_instructions_are_found(held_out: bool) -> None:
    found = score("instructions", rows("instructions", held_out=held_out))

    assert found.precision >= 0.9
    assert found.recall >= (0.87 if held_out else 0.9)


@PARTS
@pytest.mark.parametrize("name", ["names", "instructions"])
def test_of_unusual_wordings_few_are_read_wrongly(name: str, held_out: bool) -> None:
    found = score(name, rows(name, held_out=held_out, is_unusual=True))

    assert found.precision >= 0.85
    assert found.recall >= (0.3 if held_out else 0.65)


@pytest.mark.parametrize(
    ("text", "mind", "user"),
    [
        ("ppl call me gigi", "", "gigi"),
        ("my name is dan and i work at Google", "", "dan"),
        ("hi im orhan, need a recipe", "", "orhan"),
        ("sup, jakob here, laptop wont boot", "", "jakob"),
        ("hey newbie here, how do i start", "", ""),
        ("hi nurse here, question about shifts", "", ""),
        ("its dilek btw, forgot to say", "", "dilek"),
        ("its fine btw", "", ""),
        ("It's Hanna with an H, not Anna.", "", "Hanna"),
        ("you keep calling me Anna but it's Hanna", "", "Hanna"),
        ("my name isn't Carl it's Karl", "", "Karl"),
        ("pls dont call me mister its just bert", "", "bert"),
        ("i'm nadja, 17, and i have to write an essay", "", "nadja"),
        ("I'd prefer that you call me Lexi.", "", "Lexi"),
        ("Lexi is what I answer to.", "", "Lexi"),
        ("Myself Rohan from Pune, kindly help me", "", "Rohan"),
        ("i am yusuf and i want to learn python", "", "yusuf"),
        ("im luca how are u doing", "", "luca"),
        ("i am vegan and i want to learn cooking", "", ""),
        ("this is priya, i need help", "", "priya"),
        ("this is tom, my brother", "", ""),
        ("its bogdan again", "", "bogdan"),
        ("its julia again, she keeps texting", "", ""),
        ("pls remember my name its imani", "", "imani"),
        ("im naming u coco", "coco", ""),
        ("ur juno now", "juno", ""),
        ("gonna call you juno", "juno", ""),
        ("u r gonna be called juno", "juno", ""),
        ("your name's gonna be juno", "juno", ""),
        ("please refer to yourself as Juno", "Juno", ""),
        ("We settled on Juno as a name for you", "Juno", ""),
        ("Could you be called Juno?", "Juno", ""),
        ("Would you please answer to Juno?", "Juno", ""),
        ("Would you please answer to my email?", "", ""),
        ("I'm Ada and you're Bert.", "Bert", "Ada"),
        ("You're Juno from this day forward.", "Juno", ""),
        ("from now on you will be brief", "", ""),
        ("my name is written wrong on the ticket", "", ""),
        ("my name is pronounced weirdly", "", ""),
        ("there was a guy and hes like hey im Brandon and i work here", "", ""),
    ],
)
def test_names_are_heard_as_people_write_in_a_hurry(text: str, mind: str, user: str) -> None:
    assert (mind_name(text), user_name(text)) == (mind, user)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("You can stop calling me Madam. Odile is fine.", "Odile"),
        ("no need to call me sir, gerald will do", "gerald"),
        ("please drop the mrs stuff, plain Hilde will do", "Hilde"),
        ("stop calling me boss lol just gerald", "gerald"),
        ("I was christened Bartholomew, but don't you dare use it. Just Bart.", "Bart"),
        ("You can drop the Mrs Dalloway essay. Ulysses will do.", ""),
        ("Drop the title. Garamond is fine.", ""),
        ("Never call me before noon. Skype works.", ""),
        ("stop calling me at work, email is fine", ""),
        ("Don't call me a snob. Tea will do.", ""),
        ("not anna. HANNA. with an h", "HANNA"),
        ("not red. BLUE. with a w", ""),
        ("You misspelt my name, it should be Kathryn.", "Kathryn"),
        ("They misspelt the street: it should read Acacia Avenue.", ""),
        ("It's Solveig, not Solvej.", "Solveig"),
        ("It's Berlin, not Bonn.", ""),
        ("im not a bot im Matteo", "Matteo"),
        ("I'm not saying I'm Batman", ""),
        ("The owner of the flat is Rosa van der Berg, in other words, me.", "Rosa van der Berg"),
        ("I, Fenella, promise to eat more greens.", "Fenella"),
        ("I, Robot, is my favourite film.", ""),
        ("It was only me, Anna and Tom.", ""),
        ("the name's Bianchi, Rosa Bianchi, for the booking", "Rosa Bianchi"),
        ("me llamo Ximena but english is fine", "Ximena"),
        ("whats ur name? mines gerda", "gerda"),
        ("Grandma here (Ottilie, that is), I'm using my grandson's laptop.", "Ottilie"),
        ("my brother here (Tom, that is) wants to know", ""),
        ("cant sleep again, ximena here from the night desk again", "ximena"),
        ("hi! mechanic here, engine question", ""),
        ("guess my name! ok fine its zuleika", "zuleika"),
        ("i think its gerald, he has the key", ""),
        ("they go im anna n he goes im tom", ""),
    ],
)
def test_a_name_is_theirs_who_say_so_around_it(text: str, name: str) -> None:
    assert (mind_name(text), user_name(text)) == ("", name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("renaming u to juno bc why not", "juno"),
        ("gonna refer to you as The Oracle from now on", "The Oracle"),
        ("Calling you Pip from now on.", "Pip"),
        ("Sorry for calling you Karen.", ""),
        ("calling u tomorrow ok", ""),
        ("ur not Rex ur Roxy", "Roxy"),
        ("You are not Alexa, you are Juno.", "Juno"),
        ("youre not fat youre curvy", ""),
        ("you're not Alexa, you're great", ""),
        ("You're Watson to me from now on.", "Watson"),
        ("I was looking for a name for you, and it must be a plant: Thistle you are.", "Thistle"),
        ("A genius you are!", ""),
        ("u need a real name. gerald. there", "gerald"),
        ("you need a user name: admin", ""),
        ("You look like a Gerald. I'll go with Gerald.", "Gerald"),
        ("You look like a Gerald. It's Gerald's hat.", ""),
        ("Would you mind if I called you Mo? Right, Mo, what's on today?", "Mo"),
        ("Could we call you Anna in the story? Anna, the heroine, is brave.", ""),
        ('From here on, kindly respond to "Jeeves".', "Jeeves"),
        ("From now on, respond to Anna.", ""),
        ("when i say Kit i mean you", "Kit"),
        ("when i say idiot i mean you", ""),
        ("If you were a drink, you'd be a Negroni, and from now on that's what I'm calling you.", "Negroni"),
        ("Max is 5, and that's what I'm calling you about.", ""),
        ("Let me give you a nickname: Sprocket.", "Sprocket"),
        ("They gave you the code name: Falcon.", ""),
        ("You used to be Nova; now you're Juno.", "Juno"),
        ("You used to be fun; now you're Grumpy.", ""),
    ],
)
def test_a_mind_is_named_by_what_is_said_around_a_name(text: str, name: str) -> None:
    assert (mind_name(text), user_name(text)) == (name, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("always anwser in english", ["always anwser in english"]),
        ("new rule no talking about weight", ["no talking about weight"]),
        ("u should always ask which size", ["always ask which size"]),
        ("evry time i say stop, end it", ["evry time i say stop, end it"]),
        ("whenever i practice french correct me, and never switch back",
         ["whenever i practice french correct me", "never switch back"]),
        ("from now on when i type hm give me a hint", ["when i type hm give me a hint"]),
        ("no more lists and always use full sentences", ["no more lists", "always use full sentences"]),
        ("frm now on reply in welsh", ["reply in welsh"]),
        ("nvr mention my ex again", ["nvr mention my ex again"]),
        ("stop starting every msg with wow", ["stop starting every msg with wow"]),
        ("One thing I should have said: whenever a word is rare, explain it.",
         ["whenever a word is rare, explain it"]),
        ("From now on log what I eat, and can you find me a recipe?", ["log what I eat"]),
        ("If I'd known you never store anything, I would have written it down.", []),
    ],
)  # fmt: skip
def test_instructions_are_read_as_people_write_in_a_hurry(text: str, found: list[str]) -> None:
    assert directives(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("From here on in, all measurements in centimetres, please.", ["all measurements in centimetres"]),
        ("from now on answers in rhyme pls", ["answers in rhyme"]),
        ("Starting today, dates in the European format.", ["dates in the European format"]),
        ("low-salt recipes only from here on", ["low-salt recipes only"]),
        ("from now on max 3 sentences", ["max 3 sentences"]),
        ("from now on all trains to Leeds leave from platform 4", []),
        ("From today my answers in class count double.", []),
        ("From tomorrow only cold showers for me.", []),
        ("From today I want my essays marked like an exam.", ["my essays marked like an exam"]),
        ("I would like amounts given in pounds from here on.", ["amounts given in pounds"]),
        ("From now on I want more sleep.", []),
        ("i'd love it if your answers were shorter", ["your answers were shorter"]),
        ("It'd help if the answers to the quiz were printed.", []),
        ("Would it help if all your answers were shorter?", []),
    ],
)
def test_what_is_to_be_so_from_now_on_needs_no_verb_that_bids(text: str, found: list[str]) -> None:
    assert directives(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A ground rule for our lessons: you never give me the answer straight away.",
         ["you never give me the answer straight away"]),
        ("my rule for recipes: nothing that takes over an hour", ["nothing that takes over an hour"]),
        ("remember this for good: metric only", ["metric only"]),
        ("keep this in mind for the future: i cant eat nuts", []),
        ("The house rule at my hostel: no shoes upstairs.", []),
        ("We made a list of rules: never shout, always knock.", []),
        ("dont use slang with me. thats a permanent rule", ["dont use slang with me"]),
        ("give me both units ok? this goes for all chats", ["give me both units"]),
        ("Answer in Dutch, and that goes for every message.", ["Answer in Dutch"]),
        ("If I write in Welsh, answer in Welsh. Make that a rule.", ["If I write in Welsh, answer in Welsh"]),
        ("Turn left at the church. Is that a general rule?", []),
        ("Nobody may park here. That's a rule of the house.", []),
        ("you keep saying wow. dont do that anymore", ["dont do that anymore"]),
        ("they dont do that anymore", []),
    ],
)  # fmt: skip
def test_an_instruction_may_be_said_to_stand_before_or_after_it_is_given(text: str, found: list[str]) -> None:
    assert directives(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("never use emojis, and put the date in every message",
         ["never use emojis", "put the date in every message"]),
        ("dont ever use caps, always use my nickname", ["dont ever use caps", "always use my nickname"]),
        ("always be kind, never cruel", ["always be kind, never cruel"]),
        ("please shorten this one and answer in Welsh from now on", ["answer in Welsh"]),
        ("I get up at six and go running from now on", []),
        ("evertime i ask for a plan leave out mondays", ["evertime i ask for a plan leave out mondays"]),
        ("each time i ask for a route keep it off motorways, bad memories",
         ["each time i ask for a route keep it off motorways"]),
        ("whenever i ask for help they make it worse", []),
        ("every time i ask her to leave me alone she cries", []),
        ("For as long as I'm pregnant, leave alcohol out of recipes.",
         ["For as long as I'm pregnant, leave alcohol out of recipes"]),
        ("For as long as I can remember, we've had dogs.", []),
        ("can u quit with the 'great question' thing", ["quit with the 'great question' thing"]),
        ("go easy on the jokes from now on would ya", ["go easy on the jokes"]),
        ("go easy on the garlic in this one", []),
        ("speak german w me from now on so i learn", ["speak german w me"]),
        ("You are never to give me the answer straight away.", ["never to give me the answer straight away"]),
        ("you should never have told me", []),
    ],
)  # fmt: skip
def test_each_instruction_is_read_that_says_for_itself_that_it_stands(text: str, found: list[str]) -> None:
    assert directives(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("remidn me to call the vet", ["call the vet"]),
        ("dnt let me forget the keys", ["the keys"]),
        ("cn you remind me to ring mum", ["ring mum"]),
        ("so um yeah remind me to ring mum", ["ring mum"]),
        ("please you remind me tomorrow to ring mum", ["ring mum"]),
        ("remind me when I get home to feed the cat", ["feed the cat"]),
        ("remind me when the shop closes", []),
        ("If you were my assistant, would you remind me to eat?", []),
        ("also remind me to buy milk k thx", ["buy milk"]),
    ],
)
def test_reminders_are_read_as_people_write_in_a_hurry(text: str, found: list[str]) -> None:
    assert [one.text for one in promises(text, NOW, reminders_only=True)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I'll compare both, and on Monday you'll get a list.", ["compare both", "get a list"]),
        ("I'll suggest three soups, and none of them will be hot.", ["suggest three soups"]),
        ("You have my word that I'll check the oven.", ["check the oven"]),
    ],
)
def test_a_promise_ends_where_another_clause_begins(text: str, found: list[str]) -> None:
    assert [one.text for one in promises(text, NOW, reminders_only=False)] == found


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("ring Ana tomorow evening", datetime(2026, 5, 7, 22, 0, tzinfo=UTC)),
        ("ring Ana on wensday", datetime(2026, 5, 13, 23, 59, 59, tzinfo=UTC)),
        ("set the alarm for six in the morning", datetime(2026, 5, 7, 6, 0, tzinfo=UTC)),
        ("send it no later than 12 noon on Friday", datetime(2026, 5, 8, 12, 0, tzinfo=UTC)),
        ("not this Friday but the one after", datetime(2026, 5, 15, 23, 59, 59, tzinfo=UTC)),
        ("at 4 today, but let's make it tomorrow", datetime(2026, 5, 7, 16, 0, tzinfo=UTC)),
        ("pass on what was decided on Tuesday", None),
        ("the bakery closed at noon yesterday", None),
    ],
)
def test_days_are_read_as_people_write_in_a_hurry(text: str, when: datetime | None) -> None:
    assert due(text, NOW) == when


def test_a_question_about_paris_renames_nobody() -> None:
    text = "What about Paris in spring?"

    assert (mind_name(text), user_name(text)) == ("", "")


@pytest.mark.parametrize(
    ("text", "mind", "user"),
    [
        ("Your name's not Nova, it's Luna.", "Luna", ""),
        ("You're not Nova any more, you're Luna.", "Luna", ""),
        ("My name isn't Carl but Karl.", "", "Karl"),
        ("Everybody calls me Liz, but my name is Elizabeth.", "", "Liz"),
        ("I've heard of Otto. Let Otto be your name.", "Otto", ""),
        ("You're not a robot, you're Amazing.", "", ""),
        ("My name is Ben?", "", ""),
        ("My name is Ben, can you spell it?", "", "Ben"),
        ("Your name is Legion, for you are many, said the priest.", "", ""),
        ("My name is Tom, for want of a better one, he said.", "", ""),
        ("So your name is Vega?", "", ""),
        ("Your name is Vega, isn't it?", "", ""),
        ("Your name is Vega, ok?", "Vega", ""),
        ("Your name is Iris, can you help me with my taxes?", "Iris", ""),
        ("Who named you Vega?", "", ""),
        ("You should listen to Radiohead.", "", ""),
        ("You must respond to Anna before Friday.", "", ""),
        ("You should answer to the name Vega.", "Vega", ""),
        ("You'll be named Employee of the Month!", "", ""),
        ("You're called Vega of course.", "Vega", ""),
        ("Everyone calls me Lizzie, but I hate it.", "", ""),
        ("What's your name? Mine is Tom.", "", "Tom"),
        ("Your name is Vega and mine is Tom.", "Vega", "Tom"),
        ("Your name is nicer than mine is.", "", ""),
        ("Take the name Nova, please.", "Nova", ""),
        ("I'd like you to take the name Nova.", "Nova", ""),
        ("Use the name John Doe in the example.", "", ""),
        ("I want to take the name Miller.", "", ""),
        ("She wants to use the name Rose for the baby.", "", ""),
        ("I'll call you Mondays and Thursdays.", "", ""),
        ("They call me Mr. Grumpy behind my back.", "", ""),
        ("I'm John and Mary's son.", "", ""),
        ("I'm John and I need a hand.", "", "John"),
        ("My phone died.", "", ""),
        ("Could you answer to the name Bert?", "Bert", ""),
        ("Do you answer to the name Bert?", "", ""),
        ("Could you answer to Ben before Friday?", "", ""),
        ("Could you respond to Ben?", "", ""),
        ("Would you mind being called Pip?", "Pip", ""),
        ("Could I ask you to answer to Cleo?", "Cleo", ""),
        ("Call me Captain.", "", "Captain"),
        ("call me boss", "", "boss"),
        ("Call me Doctor tomorrow.", "", ""),
        ("I'm Captain to you.", "", "Captain"),
        ("You can just say Max.", "", "Max"),
        ("It's Maximilian, but you can say Max for short.", "", "Max"),
        ("You could say Amen.", "", ""),
        ("In Spain you can just say Hola.", "", ""),
        ("When she asks, you can just say Max.", "", ""),
        ("From today you're called Juno.", "Juno", ""),
        ("From this moment on you are Sirius.", "Sirius", ""),
        ("From today you're called upon to help.", "", ""),
        ("nobody calls me Elizabeth, it's Liz", "", "Liz"),
        ("Stop calling me Mr Jones, it's rude.", "", ""),
        ("u are now called robo", "robo", ""),
        ("my names tom", "", "tom"),
        ("my names are on the list", "", ""),
        ("tom here, quick question", "", "tom"),
        ("mark here, please", "", ""),
    ],
)
def test_a_correction_counts_and_so_does_what_one_wants_to_be_called(text: str, mind: str, user: str) -> None:
    assert (mind_name(text), user_name(text)) == (mind, user)


@pytest.mark.parametrize(
    ("text", "mind", "user"),
    [
        ("You should be called Rex.", "Rex", ""),
        ("People should be called Rex.", "", ""),
        ("I'd like to be called Max.", "", "Max"),
        ("you're called Rex now?", "", ""),
        ("so you're Rex now?", "", ""),
        ("You're Rex now.", "Rex", ""),
        ("Your name is Rex according to Ben.", "", ""),
        ("Your name is Rex, or so I hear.", "", ""),
        ("Your name is Rex in German.", "", ""),
        ("Your name is Rex when we play.", "", ""),
        ("Your name is Rex during the quiz.", "", ""),
        ("Your name is Rex when I talk to you.", "Rex", ""),
        ("Your name is Rex in all our chats.", "Rex", ""),
        ("your name is Rex - just kidding", "", ""),
        ("Your name is Rex. I'm only joking.", "", ""),
        ("Your name is Rex. No, wait, it's Max.", "Max", ""),
        ("Your name is Rex, no, Max.", "Max", ""),
        ("Your name is Rex. Sorry, I meant Max.", "Max", ""),
        ("Your name is Rex. No, Ben is my brother.", "Rex", ""),
        ("My name is Tom. No, wait, it's Tim.", "", "Tim"),
        ("I'm HR.", "", ""),
        ("I'm Pro.", "", ""),
        ("I'm INTJ.", "", ""),
        ("I'm JD.", "", "JD"),
        ("Call me Pro.", "", "Pro"),
    ],
)
def test_a_name_is_none_that_is_asked_back_limited_taken_back_or_a_rank(
    text: str, mind: str, user: str
) -> None:
    assert (mind_name(text), user_name(text)) == (mind, user)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Your name isn't Nova anymore", "Nova"),
        ("You're no longer called Nova.", "Nova"),
        ("Please drop the name Nova.", "Nova"),
        ("You don't have a name any more", ""),
        ("From now on you have no name.", ""),
        ("I'm taking your name away.", ""),
        ("Your name isn't Nova any more, it's Rex.", None),
        ("Your name isn't Nova anymore?", None),
        ("If your name isn't Nova any more, what is it?", None),
        ("Ben says your name isn't Nova any more.", None),
        ("You don't have a name any more in the game.", None),
        ("I forget your name.", None),
        ("Don't forget your name.", None),
        ("You don't have a name.", None),
    ],
)
def test_a_name_is_taken_away_in_so_many_words(text: str, name: str | None) -> None:
    assert unnamed(text) == name


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ben: remind me to buy milk", []),
        ("Ben: remind me to buy milk", []),
        ("jana: can you remind me to call mum", []),
        ("garage: remind me to call them", ["call them"]),
        ("Plumber: remind me to call him", ["call him"]),
        ("mum: remind me to call her", ["call her"]),
        ("ada: remind me to buy milk", ["buy milk"]),
    ],
)
def test_who_asks_for_a_reminder_in_a_pasted_line_is_somebody_else(text: str, what: list[str]) -> None:
    asked = promises(text, NOW, reminders_only=True, names=["Ada"])

    assert [promise.text for promise in asked] == what


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Ben: I live in Rome.", "Ben"),
        ("ben: i live in rome", "ben"),
        ("Ben 10:42 AM\nI have two kids.", "Ben"),
        ("Ben M.: I work at Bosch.\n\nWhat does he mean?", "Ben M."),
        ("Ben: are you coming?\nI live in Rome, so no.", ""),
        ("Update: I moved to Rome.", ""),
        ("Ada: I live in Rome.", ""),
        ("I live in Rome.", ""),
    ],
)
def test_who_says_what_a_person_passes_on(text: str, who: str) -> None:
    assert dialogue.quoted_speaker(text, ["Ada"]) == who


@pytest.mark.parametrize(
    ("text", "directive"),
    [
        ('Never use the word "synergy".', 'Never use the word "synergy"'),
        (
            'Stop ending your answers with "Hope this helps!"',
            'Stop ending your answers with "Hope this helps!"',
        ),
        ('Never ask me "why?".', 'Never ask me "why?"'),
        ("Starting next Monday, send me a summary each morning.", "send me a summary each morning"),
        ("You must not use tables any more.", "You must not use tables any more"),
        ("You mustn't use tables in your answers.", "You mustn't use tables in your answers"),
        ("You must not worry about it.", ""),
        ("Don't worry about it anymore.", ""),
        ("Don't be rude to me anymore.", "Don't be rude to me anymore"),
        ("Please be less formal with me from now on :)", "be less formal with me"),
        ("From now on be funny 😄", "be funny"),
        ("use metric units from now on lol!!", "use metric units"),
        ("Never use 😂", "Never use 😂"),
        ("Never use the word lol.", "Never use the word lol"),
        ("btw always call me Dr. Reyes", "always call me Dr. Reyes"),
        ("Add to the README: always run the tests before pushing.", ""),
        ("Pro tip: never skip leg day.", ""),
        ("Never ask a woman her age, they say.", ""),
        ("Sum this up:\n\nDear parents,\n\nAlways label the bags.\n\nKind regards,\nMs Hill", ""),
        ("Dear Nova,\n\nFrom now on answer in German.\n\nBest,\nTom", "answer in German"),
        ("Book the room from next Monday.", ""),
        ("stop apologising", "stop apologising"),
        ("Please stop lecturing.", "stop lecturing"),
        ("Stop running.", ""),
        ("in your answers use metric units", "in your answers use metric units"),
        ("in your replies keep it short", "in your replies keep it short"),
        ("in my answers use metric units", ""),
        ("Never say never", ""),
        ("always look on the bright side of life is my favourite song", ""),
        ("Always wear a helmet is what my mum says.", ""),
        ("Always tell me what the film is.", "Always tell me what the film is"),
    ],
)
def test_an_instruction_is_kept_whole_in_its_words(text: str, directive: str) -> None:
    assert directives(text) == ([directive] if directive else [])


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Remind me tomorrow morning to send Lukas the plan for Friday.", "2026-05-07T12:00"),
        ("Next Tuesday, remind me to ask about the blood test.", "2026-05-12T23:59"),
        ("Set a reminder for Thursday to call Mum.", "2026-05-07T23:59"),
    ],
)
def test_when_to_be_reminded_is_also_said_outside_of_what(text: str, when: str) -> None:
    (promise,) = promises(text, NOW, reminders_only=True)

    assert promise.due is not None
    assert promise.due.isoformat()[:16] == when


@pytest.mark.parametrize(
    "answer",
    [
        "I'll leave the decision to you.",
        "I'll let you get back to work.",
        "I'll need your location by Friday.",
        "I'll keep my fingers crossed!",
        "Sleep well, and I'll talk to you tomorrow.",
        "I'll be your rubber duck.",
        "When I'm asked such things I'll usually give an overview.",
        "I'll help you with that.",
        "I'll be blunt.",
        "I'll call this the outer loop.",
        "I'll give you credit for that.",
        "We'll cross that bridge when we come to it.",
        "I'll cover your shift, said Tom.",
        "I'll call Ana on Monday, your note says.",
        "Here's a reply you could send: I'll be there at five.",
        "Here's a polite version: I'll call you on Monday.",
        "Hi Ana,\n\nI'll send you the contract by Friday.\n\nBest,\nTom",
        "Subject: Parts\n\nDear Ms Novak,\n\nI will send the parts by Friday.\n\nKind regards,\n[Your name]",
    ],
)
def test_a_manner_of_speaking_and_what_another_may_say_promise_nothing(answer: str) -> None:
    assert promises(answer, NOW, reminders_only=False) == []


@pytest.mark.parametrize(
    ("answer", "promised"),
    [
        ("I'll let you know when the price drops.", "let you know when the price drops"),
        ("I'll help you with that tomorrow.", "help you with that tomorrow"),
        ("I'll talk to you about the plan tomorrow.", "talk to you about the plan tomorrow"),
        ("I'll be back at six.", "be back at six"),
        ("I'll put it in your calendar on Friday.", "put it in your calendar on Friday"),
        ("I'll call this number tomorrow.", "call this number tomorrow"),
        ("I'll be gentler next time.", "be gentler next time"),
        ("About your draft: I'll read it by Friday.", "read it by Friday"),
        ("Hi Tom,\n\nI'll check the visa rules tomorrow.\n\nCheers!", "check the visa rules tomorrow"),
        (
            "Dear Mr Lee,\n\nI'll call you on Monday.\n\nRegards,\nKim\n\nI'll remind you to send it tomorrow.",
            "remind you to send it tomorrow",
        ),
    ],
)
def test_what_is_promised_beside_them_counts(answer: str, promised: str) -> None:
    assert [one.text for one in promises(answer, NOW, reminders_only=False)] == [promised]


@pytest.mark.parametrize(
    ("text", "reminder"),
    [
        ("She texted me: remind me to bring the tent.", ""),
        ("Translate into French: remind me to buy bread tomorrow.", ""),
        ("In the script the hero says: remind me to duck.", ""),
        ("Remind me to buy bread, said Tom.", ""),
        ("Task: remind me to pay VAT on Friday", "pay VAT on Friday"),
        ("I'd love a reminder at 5 to stretch", "stretch"),
        ("Set a reminder for 8pm: take out the bins", "take out the bins"),
        ("Set a reminder for tomorrow at 9: standup", "standup"),
        ("Remind me at 7:30: meds", "meds"),
        ("remind me to call mum tomorrow 🙏🏽", "call mum tomorrow"),
        ("remind me to call mum tomorrow pls <3", "call mum tomorrow"),
        ("remind me to check https://example.com tomorrow", "check https://example.com tomorrow"),
    ],
)
def test_a_reminder_is_what_the_person_asks_for(text: str, reminder: str) -> None:
    assert [one.text for one in promises(text, NOW, reminders_only=True)] == ([reminder] if reminder else [])


@pytest.mark.parametrize("mark", ["？", "؟"])
@pytest.mark.parametrize(
    "asked",
    [
        "I live in Berlin",
        "My sister works at Siemens",
        "Your name is Nova",
        "Always answer in French",
        "Could you remind me to call Ana tomorrow",
        "My favourite colour? Blue",
    ],
)
def test_a_question_is_one_by_any_scripts_mark(asked: str, mark: str) -> None:
    text = f"{asked}?" if "?" not in asked else asked
    read = by_rules(text.replace("?", mark), NOW, is_answer=False)

    assert read == by_rules(text, NOW, is_answer=False)
    assert not evidence.score(f"I called Ana{mark}", "call Ana")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Remind me on December 25 to call mum at noon", "2026-12-25T12:00"),
        ("remind me tomorrow to call the dentist at 5", "2026-05-07T17:00"),
        ("Remind me at 9 to ring the landlord on Monday", "2026-05-11T09:00"),
        ("On Monday, remind me to ring Eva at 4.", "2026-05-11T16:00"),
        ("remind me friday to leave at 6 sharp", "2026-05-08T18:00"),
        ("Remind me tomorrow to take the pill in the evening", "2026-05-07T22:00"),
        ("Remind me tonight to take the bins out at 10", "2026-05-06T22:00"),
        ("Remind me on 3 June to join the call at 10:00 CEST", "2026-06-03T08:00"),
        ("Remind me every Tuesday to put the bins out at 7 pm", "2026-05-12T19:00"),
        ("Remind me on Friday to book dinner at 8", "2026-05-08T20:00"),
        # The hour, or the day, is of what is spoken of.
        ("Remind me on Friday about the call at 3", "2026-05-08T23:59"),
        ("Remind me tomorrow to buy tickets for the 7 pm show", "2026-05-07T23:59"),
        ("Remind me tomorrow of the meeting. It is at 9.", "2026-05-07T23:59"),
        ("Remind me at 9 about the party on Friday", "2026-05-07T09:00"),
        ("Remind me at 9 to call the man that I met on Monday", "2026-05-07T09:00"),
        ("Remind me at 5 to take the bread out and call Ana tomorrow", "2026-05-06T17:00"),
        ("Remind me tomorrow morning to pack for the flight at 18:30", "2026-05-07T12:00"),
        ("Remind me in two hours to be home at 9", "2026-05-06T14:00"),
        ("Remind me this weekend to call mum at noon", "2026-05-10T23:59"),
    ],
)
def test_a_day_and_the_time_of_day_belong_together_at_both_ends_of_a_sentence(text: str, when: str) -> None:
    [reminder] = promises(text, NOW, reminders_only=True)

    assert reminder.due is not None
    assert f"{reminder.due:%Y-%m-%dT%H:%M}" == when


def test_due_times_are_by_the_clock_of_the_minds_time_zone() -> None:
    lisbon = datetime(2026, 10, 24, 23, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Lisbon"))

    tomorrow = due("call Ana tomorrow at 9am", lisbon)
    in_hours = due("call Ana in 3 hours", lisbon)

    # It is past midnight there, and the clocks go back an hour in the night.
    assert tomorrow is not None
    assert in_hours is not None
    assert tomorrow.astimezone(UTC) == datetime(2026, 10, 26, 9, 0, tzinfo=UTC)
    assert in_hours.astimezone(UTC) - lisbon.astimezone(UTC) == timedelta(hours=3)


@given(texts)
def test_no_text_makes_the_rules_fail(text: str) -> None:
    for reminders_only in (False, True):
        may_promise(text, reminders_only=reminders_only)
        assert all(promise.text.strip() for promise in promises(text, NOW, reminders_only=reminders_only))
    assert (when := due(text, NOW)) is None or when >= NOW
    assert all(what.strip() for what in directives(text))
    for rule in (without_time, mind_name, user_name):
        assert isinstance(rule(text), str)
    assert 0 <= evidence.score(text, text) <= 1


@given(texts)
def test_an_id_depends_on_the_words_alone(text: str) -> None:
    assume(words.key(text))
    for its_id in (commitment_id, directive_id):
        assert its_id(text) == its_id(f"  {text.lower()}!")


WORST = ("I'll do it, and ", "never, ", "```\n", "A here, ", "my name is ", "remind me ", "5 ", "'a'a")
HOSTILE = (
    "a", " ", ".", "\n", '"', "'", "`", ",", "(", ":", "-", "\x00", "A ", "I'll ", "and ", "remind me, ", "call me A ",
    "you are now ", "this is A ", "always ", "from now on ", "whenever a, ", "when a, always ", "stop doing ",
    "no more a ", "by the end of ", "at 5 ", "1:", "in two hours and ", "the first of ", "Friday ", "half past ",
    "12 June ", "a.b", "-a", "said ", "if you ", "please, ", "call called ", "every a, ", "n't", "not ", "so ", "\t- ",
    "Dear a,\n", "Dear a,\nRegards,\n", "your name, mine is ", "I'll leave the a ", "bill's paid ", "🙏", "15/5 ",
    "rent paid. ", "Ada: I'll do it\n", "Ben: remind me\n", "Reminder: remind me ", "you can say A, ", "answer to A ",
    "from today you're ", "My phone died. ", "on Friday the 5 pm ", "Ben 10:42 AM\n", "Ben, 10:42: ", "ben: a\n",
    "Ben wrote me: ",
)  # fmt: skip
"""What a pattern with nested repetition would take hours over."""


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("piece", "kib"),
    [
        *(pytest.param(piece, 256, marks=pytest.mark.slow) for piece in (*WORST, *HOSTILE)),
        *((piece, 16) for piece in (*WORST, *HOSTILE)),
    ],
)
def test_hostile_text_takes_no_longer_than_other_text(piece: str, kib: int) -> None:
    """The time limit fails it: what takes time in proportion to the text is done in a second or two."""
    text = (piece * (kib * 1024 // len(piece) + 1))[: kib * 1024]

    promises(text, NOW, reminders_only=False, names=["Ada"])
    promises(text, NOW, reminders_only=True, names=["Ada"])
    due(text, NOW)
    assert len(without_time(text)) <= len(text)
    mind_name(text)
    user_name(text)
    directives(text)
    assert 0 <= evidence.score(text, "call called the a b c") <= 1


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("Water the plants!", "water the  plants", True),
        ("re-read the book", "re read the book", True),
        ("learn C++", "learn C", False),
        ("learn C++", "learn C#", False),
        ("pay -5", "pay 5", False),
        ("🚀", "🎉", False),
        ("pay 5 - 7 euros", "pay 5 7 euros", True),
    ],
)
def test_what_is_promised_twice_is_told_by_its_words(one: str, other: str, are_same: bool) -> None:
    assert (commitment_id(one) == commitment_id(other)) is are_same
    assert (directive_id(one) == directive_id(other)) is are_same


@pytest.mark.parametrize(
    "answer",
    [
        "Noah: I'll bring the tent.\nIda: Then I'll cook on Friday.",
        "User: Are you coming?\nFriend: I'll be there at six.",
        "[09:14] Ida: I'll lock up tonight",
        "EXT. BEACH - DAY\n\nNOAH\nI'll swim tomorrow.\n\nIDA (O.S.)\nI'll watch you.",
        "00:00:01,000 --> 00:00:02,000\nI'll be back tomorrow.",
        "Here's a text for your landlord:\n\nI'll pay the rent on Monday.",
        "Write `I'll call you tomorrow` on the card.",
    ],
)
def test_what_others_say_in_an_answer_is_no_promise(answer: str) -> None:
    assert promises(answer, NOW, reminders_only=False) == []
    own = promises(f"{answer}\n\nI'll ask you on Sunday.", NOW, reminders_only=False)
    assert [one.text for one in own] == ["ask you on Sunday"]


@pytest.mark.parametrize(
    ("answer", "promised"),
    [
        ("Ada: I'll lock up tonight", ["lock up tonight"]),
        ("**Ada:** I'll lock up tonight", ["lock up tonight"]),
        ("[09:14] ADA (yawning): I'll lock up tonight", ["lock up tonight"]),
        ("Ada: Hi!\nAda: I'll lock up tonight", ["lock up tonight"]),
        ("Ada: I'll lock up tonight\nIda: I'll help you tomorrow", []),
        ("Ada Smith: I'll lock up tonight", []),
        ("Ida: I'll lock up tonight", []),
        ("Here's a draft:\n\nAda: I'll lock up tonight", []),
    ],
)
def test_a_line_that_the_mind_heads_with_its_name_is_its_own(answer: str, promised: list[str]) -> None:
    made = promises(answer, NOW, reminders_only=False, names=["Ada", "Tom"])

    assert [one.text for one in made] == promised


@pytest.mark.parametrize(
    ("text", "reminders"),
    [
        ("Ben: remind me to call", []),
        ("Look:\nBen: remind me to call", []),
        ("Look what Ben wrote.\nRemind me to answer him", ["answer him"]),
        ("Ada: remind me to call Ben", ["call Ben"]),
        ("Tom: remind me to call Ben", ["call Ben"]),
        ("Milk: remind me to buy it", ["buy it"]),
        ("Training: remind me to book it", ["book it"]),
        ("Reminder: remind me to book it", ["book it"]),
    ],
)
def test_a_line_that_somebody_else_heads_asks_for_nothing(text: str, reminders: list[str]) -> None:
    made = promises(text, NOW, reminders_only=True, names=["Ada", "Tom"])

    assert [one.text for one in made] == reminders


@pytest.mark.parametrize(
    "topic", ["Flights", "Heads-up", "Tomorrow", "Next Step", "**Note**", "- Day 2", "FYI"]
)
def test_a_line_headed_by_a_topic_is_the_writers_own(topic: str) -> None:
    made = promises(f"{topic}: I'll compare the prices on Sunday.", NOW, reminders_only=False)

    assert [one.text for one in made] == ["compare the prices on Sunday"]


@pytest.mark.parametrize(
    "text",
    [
        "Noah: remind me to pay you tomorrow\nIda: {}",
        "Ida: {}",
        "[10:42] Ida: {}",
        "12/05/2026, 10:42 - Ida Berg: {}",
        "Ida, 10:42: {}",
        "Ida 🌻: {}",
        "Ida wrote: {}",
        "Ida> {}",
        "Ida 10:42 AM\n{}",
        "Ida — Today at 10:42\n{}",
        "ida: {}",
    ],
)
def test_a_chat_that_a_person_pastes_names_and_bids_and_tells_nothing(text: str) -> None:
    pasted = text.format("call me Iggy. I live in Rome. From now on answer in verse.")

    assert by_rules(pasted, NOW, is_answer=False, called=["Ada", "Tom"]) == Found()


@pytest.mark.parametrize(
    "head",
    [
        "me",
        "Me",
        "Tom",
        "Tom Berg",
        "Ada",
        "Note",
        "Update",
        "anyway",
        "Training",
        "btw",
        "Re",
        "ETA",
        "RSVP",
        "Mon",
    ],
)
def test_what_the_person_or_a_topic_heads_is_the_persons_own(head: str) -> None:
    text = f"{head}: call me Tommy. I live in Rome. From now on answer in verse."
    found = by_rules(text, NOW, is_answer=False, called=["Ada", "Tom Berg"])

    assert found.user_name == "Tommy"
    assert "The user lives in Rome." in [fact.text for fact in found.facts]
    assert found.instructions == ("answer in verse",)
