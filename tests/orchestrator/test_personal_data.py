"""What the guard finds, measured on labelled sentences, and what a turn, an import and the ledger make of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client.errors as errors
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import importing
from services.orchestrator.checks.conversations import MAX_MESSAGE_BYTES
from services.orchestrator.guard import SEVERITIES, find, guard, policy, region_of
from tests.orchestrator.talking import converse, events, head, settled_head
from tests.support.personal_data import score
from tests.support.serving import Served

CARD = "4111 1111 1111 1111"
CARD_SAID = f"my card is {CARD}"
FLU = "I've had the flu since Monday"
ALL_OF_IT = (
    f"{CARD_SAID}, my IBAN DE89 3704 0044 0532 0130 00, my SSN 412-58-3390. Mail ana@example.org or call "
    f"+351 912 345 678. I live at 12 Rose Lane, Bristol BS1 4DJ. I was born on 3 May 1985. {FLU}. I owe 5,000 euros."
)


@pytest.mark.parametrize("held_out", [False, True], ids=["development", "held-out"])
def test_nineteen_of_twenty_are_found_and_nineteen_of_twenty_found_are_right(held_out: bool) -> None:
    measured = score(held_out=held_out)

    assert measured.recall() >= 0.95
    assert measured.precision() >= 0.95


@pytest.mark.parametrize("held_out", [False, True], ids=["development", "held-out"])
def test_of_unusual_wordings_few_are_read_wrongly(held_out: bool) -> None:
    measured = score(held_out=held_out, is_unusual=True)

    assert measured.precision() >= 0.93
    assert measured.recall() >= (0.6 if held_out else 0.77)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("what do i cook, my dads dialysis is on mondays", "health", "my dads dialysis"),
        ("write a story for my son, he has asthma", "health", "he has asthma"),
        ("got shingles, do i cancel", "health", "shingles"),
        ("My aunt, who is lactose intolerant, comes too.", "health", "My aunt, who is lactose intolerant"),
        ("i owe my parents 2000", "financial", "i owe my parents 2000"),
        ("i only get 1100 a month", "financial", "i only get 1100 a month"),
        ("cant pay my gas bill, what now", "financial", "cant pay my gas bill"),
        ("they pay me 18 euros an hour", "financial", "they pay me 18 euros"),
        ("my cousin has been evicted", "financial", "my cousin has been evicted"),
        ("send it to 221b baker street london nw1 6xe", "address", "221b baker street london nw1 6xe"),
        ("Korunní 64, 120 00 Praha 2, please", "address", "Korunní 64, 120 00 Praha 2"),
        ("post it to 5 elm close", "address", "5 elm close"),
        ("Straat: Oudegracht\nHuisnummer: 331\nPostcode: 3511 PC", "address",
         "Straat: Oudegracht\nHuisnummer: 331\nPostcode: 3511 PC"),
        ("date_of_birth: 1989-02-17", "birth_date", "1989-02-17"),
    ],
)  # fmt: skip
def test_what_is_said_in_passing_is_found(text: str, name: str, said: str) -> None:
    found = [span for span in find(text) if span.name == name]

    assert [text[span.start : span.end] for span in found] == [said]


@pytest.mark.parametrize(
    "text",
    [
        "my wages haven't come in",
        "dad's pension is tiny",
        "i'm on PIP and carers allowance",
        "my ex stopped paying maintenance",
        "we had to borrow from my in-laws",
        "i only have £12 to last the week",
        "i put 5k into a scam",
        "i got scammed outta 1200 euro",
        "I'm behind with the nursery fees",
        "took a payday loan for 300",
        "My parents support me with 900 euros monthly",
        "there's still 6,000 to pay on my car",
        "my new job pays 3,200 net",
        "i make like 27/hr",
        "we're living hand to mouth",
        "My landlord is evicting us for unpaid rent",
    ],
)
def test_what_people_say_of_their_money_is_found_in_many_words(text: str) -> None:
    assert [span.name for span in find(text)] == ["financial"]


@pytest.mark.parametrize(
    "text",
    [
        "If I earned 80k I'd still complain",
        "how much is a payday loan of 300",
        "I have 20 euros off with this code",
        "I bought my sister a bike for 300 euros",
        "the company can't pay its suppliers",
        "he put 3 eggs into the cake",
        "I volunteer at the food bank",
        "she closes at 6",
        "this spreadsheet is giving me an ulcer",
        "it cost me an arm and a leg",
        "in monopoly the bank has 15,140 dollars",
    ],
)
def test_what_is_only_near_to_money_or_an_illness_is_not(text: str) -> None:
    assert find(text) == []


def test_each_class_is_found_once_and_masked_by_its_name() -> None:
    masked = guard(ALL_OF_IT, {f"personal_data.{name}": "mask" for name in SEVERITIES})

    assert {finding.name: finding.count for finding in masked.findings} == dict.fromkeys(SEVERITIES, 1)
    assert all(f"[{name}]" in masked.text for name in SEVERITIES)
    assert not any(c.isdigit() for c in masked.text)


@pytest.mark.parametrize(
    "text",
    [
        "Einstein was born on 14 March 1879",
        "He has a cold beer, and I have an operation to run",
        "I got 20 dollars off and paid 20 euros for lunch",
        "git clone git@github.com:ana/mind.git, or user:secret@host over https",
        "Ship order 4556737586899855123 with tracking 089 21234567",
        "It calls malloc 1234567 times and reached 5000000 users",
        "I lost 5k followers, and I saved ten thousand rows",
        "I'm on the bleeding edge and bleeding money",
        "I have a fever dream of a project, and my driving test results are in",
        "See icon@2x.png in the assets",
        "my cat has kidney disease",
        "my thesis is on diabetes",
        "write a scene in which a pirate hides his gout",
        "my heart is broken",
        "REMIND ME ABOUT ME",
        "what does a flat cost where the average income is 50,000",
        "I saved 500 photos and got 300 followers",
        "is 03.04.2025 in april or march",
        "The party for her birthday is on 19 September",
        "the museum is at 18 station road",
        "Windows 10, 2019 Update",
    ],
)
def test_what_only_looks_like_it_is_not_found(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My cell is 5551234.", "phone"),
        ("My phone: 912 300 000", "phone"),
        ("I've saved 10k in stocks.", "financial"),
        ("I owe him 5k, thanks to the car.", "financial"),
        ("My rent is 900 a month.", "financial"),
        ("My card was declined at the store.", "financial"),
        ("I'm bleeding a lot.", "health"),
        ("I have a fever.", "health"),
        ("My test results are in.", "health"),
    ],
)
def test_what_looks_much_like_it_is_found(text: str, name: str) -> None:
    assert [span.name for span in find(text)] == [name]


def test_severity_decides_where_no_policy_does() -> None:
    actions = {finding.name: finding.action for finding in guard(ALL_OF_IT, {}).findings}

    assert (actions["email"], actions["health"], actions["payment_card"]) == ("allow", "warn", "mask")


@pytest.mark.parametrize(
    ("time_zone", "language", "region"),
    [
        ("Europe/Lisbon", "", "PT"),
        ("Europe/Lisbon", "en-GB", "GB"),
        ("Europe/Lisbon", "en", "PT"),
        ("UTC", "", None),
        ("", "", None),
    ],
)
def test_the_country_of_a_mind_is_that_of_its_language_or_else_of_its_clock(
    time_zone: str, language: str, region: str | None
) -> None:
    assert region_of(time_zone, language) == region


def test_a_national_number_without_a_word_for_it_counts_in_its_own_country_only() -> None:
    said = "Ana is at 912 345 678 today"

    assert [span.name for span in find(said, "PT")] == ["phone"]
    assert find(said, None) == []


@pytest.mark.parametrize(
    "size", [MAX_MESSAGE_BYTES // 16, pytest.param(MAX_MESSAGE_BYTES, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "pattern",
    [
        "@",
        "(1",
        "1 ",
        "4.",
        "4111 ",
        "1234-",
        "DE89 ",
        "cpf 1 2 ",
        "and flu ",
        "my mother 1 Aa St ",
        "they found the 5,0 a-",
    ],
)
def test_a_long_text_made_to_be_slow_is_gone_through(pattern: str, size: int) -> None:
    # The time-out of the suite is what a quadratic rule would meet.
    text = pattern * ((size - 100) // len(pattern)) + f". {CARD_SAID}"

    assert guard(text, {}).text.endswith("[payment_card]")


def test_beyond_what_is_looked_at_closely_more_is_found_and_not_less() -> None:
    numbers = "".join(f"+35191{n:07d}, " for n in range(3_000))

    assert len(find(numbers)) == 3_000


async def set_policy(served: Served, name: str, action: str) -> None:
    request = pb.SetPolicyRequest(mind_id="ada", key=f"personal_data.{name}")
    request.value.string_value = action
    await served.orchestrator.set_policy(request)


def findings(event: mind.Event) -> dict[str, tuple[int, str]]:
    return {
        mind.PersonalDataClass.Name(found.data_class).removeprefix("PERSONAL_DATA_CLASS_").lower(): (
            found.count,
            mind.PersonalDataAction.Name(found.action).removeprefix("PERSONAL_DATA_ACTION_").lower(),
        )
        for found in event.body.personal_data_found.findings
    }


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED])
async def test_what_was_found_is_noted_after_its_message_and_told_and_explained(
    served: Served, mode: Any
) -> None:
    turn = await converse(served, f"{CARD_SAID}, mail ana@example.org. {FLU}", privacy_mode=mode)

    assert turn.completed
    assert turn.started
    [noted] = await events(served, kinds=["personal_data_found"])
    assert noted.seq == turn.started.user_seq + 1
    assert noted.session_id == turn.started.session_id
    assert noted.remember is (mode == mind.PRIVACY_MODE_NORMAL)
    assert findings(noted) == {"payment_card": (1, "mask"), "health": (1, "warn")}
    assert CARD not in str(await events(served))
    told = [warning.message for warning in turn.completed.warnings if warning.code == "PERSONAL_DATA"]
    assert [("payment_card" in each, "health" in each) for each in told] == [(True, False), (False, True)]
    explained = await served.orchestrator.explain(pb.ExplainRequest(mind_id="ada"))
    assert noted.seq in [event.seq for event in explained.consequences]


async def test_nothing_is_noted_of_what_is_allowed_nor_of_an_incognito_turn(served: Served) -> None:
    await converse(served, "mail ana@example.org")
    turn = await converse(served, CARD_SAID, privacy_mode=mind.PRIVACY_MODE_INCOGNITO)

    assert turn.completed
    assert [warning.code for warning in turn.completed.warnings] == ["PERSONAL_DATA"]
    assert await events(served, kinds=["personal_data_found"]) == []


async def test_a_retry_notes_nothing_twice(served: Served) -> None:
    first = await converse(served, CARD_SAID, idempotency_key="k")
    at = await settled_head(served)
    again = await converse(served, CARD_SAID, idempotency_key="k")

    assert await head(served) == at
    assert again.text == first.text
    assert len(await events(served, kinds=["personal_data_found"])) == 1


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
async def test_a_policy_that_is_none_lets_nothing_in(served: Served, mode: Any) -> None:
    broken = mind.PolicyChanged(key="personal_data.email", value=Value(string_value="maybe"))
    append = ledger.AppendRequest(
        mind_id="ada", events=[ledger.NewEvent(actor="system", body=mind.Body(policy_changed=broken))]
    )
    at = (await served.ledger.append(append)).head_seq
    await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))

    with pytest.raises(errors.FailedPrecondition) as refused:
        await converse(served, "hello", privacy_mode=mode)

    assert refused.value.reason == "POLICY_UNUSABLE"
    assert "personal_data.email" in refused.value.message
    assert await head(served) == at
    await set_policy(served, "email", "warn")
    assert (await converse(served, "hello", privacy_mode=mode)).completed


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
async def test_a_guard_that_breaks_lets_nothing_in_and_says_nothing_of_the_text(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mode: Any
) -> None:
    def broken(text: str, _region: str | None) -> Any:
        raise RuntimeError(text)

    monkeypatch.setattr(policy, "_NUMBERS", (broken,))
    before = await settled_head(served)

    for call in (converse(served, "quokka", privacy_mode=mode), imported(served, "quokka")):
        with pytest.raises(errors.PmmError) as failed:
            await call
        assert failed.value.reason == "INTERNAL"
        assert "quokka" not in failed.value.message + caplog.text
    assert await head(served) == before


def at(minute: int) -> Timestamp:
    time = Timestamp()
    time.FromDatetime(datetime(2026, 5, 3, 10, minute, tzinfo=UTC))
    return time


async def imported(served: Served, *texts: str) -> pb.ImportMessagesResponse:
    messages = [
        pb.ImportedMessage(text=text, speaker="Ana", occurred_at=at(minute))
        for minute, text in enumerate(texts)
    ]
    return await served.orchestrator.import_messages(
        pb.ImportMessagesRequest(mind_id="ada", messages=messages), timeout=20
    )


async def test_the_policy_holds_for_what_is_said_right_after_something_was_forgotten(served: Served) -> None:
    await set_policy(served, "email", "mask")
    for number in range(3):
        hidden = await converse(served, f"secret number {number} lies in a drawer")
        assert hidden.started
        request = pb.ForgetRequest(mind_id="ada", seq=hidden.started.user_seq)
        assert [step async for step in served.orchestrator.forget(request, timeout=60)][-1].done

        await converse(served, f"write to eva{number}@example.org")

    kept = [each.body.user_message.text for each in await events(served, kinds=["user_message"])]
    assert [text for text in kept if text] == ["write to [email]"] * 3


async def test_the_policy_holds_for_imported_messages_too(served: Served) -> None:
    done = await imported(served, "hello", CARD_SAID, "good night")
    again = await imported(served, "hello", CARD_SAID, "good night")

    assert (done.appended, again.existed, list(done.seqs)) == (3, 3, list(again.seqs))
    kept = await events(served, kinds=["message_imported"])
    assert [event.body.message_imported.text for event in kept] == [
        "hello",
        "my card is [payment_card]",
        "good night",
    ]
    [noted] = await events(served, kinds=["personal_data_found"])
    assert noted.seq == done.seqs[1] + 1
    listed = await served.memory.list_memories(
        memory.ListMemoriesRequest(mind_id="ada", min_seq=done.head_seq), timeout=10
    )
    assert CARD not in str(listed)


async def test_what_was_found_follows_its_message_in_an_import_of_several_appends(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "APPENDED_BYTES", 40)
    texts = [text for number in range(6) for text in (f"hello {number}", f"{CARD_SAID}, {number}")]
    done = await imported(served, *texts)
    again = await imported(served, *texts)

    assert (done.appended, again.existed, list(again.seqs)) == (12, 12, list(done.seqs))
    kept = await events(served, kinds=["message_imported", "personal_data_found"])
    assert [event.kind for event in kept] == [
        "message_imported", "message_imported", "personal_data_found"
    ] * 6  # fmt: skip
    assert list(done.seqs) == [event.seq for event in kept if event.kind == "message_imported"]


async def test_an_import_with_a_refused_message_appends_none_of_it(served: Served) -> None:
    await set_policy(served, "payment_card", "refuse")
    before = await settled_head(served)

    with pytest.raises(errors.FailedPrecondition) as refused:
        await imported(served, "hello", CARD_SAID)

    assert refused.value.reason == "PERSONAL_DATA_REFUSED"
    assert "messages[1]" in refused.value.message
    assert CARD not in refused.value.message
    assert await head(served) == before
