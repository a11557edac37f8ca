"""Facts of imported messages: none unless the mind's policy asks for them, then as its speakers said them, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.struct_pb2 import Value

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.workers import lanes
from tests.orchestrator.talking import converse, followed, head
from tests.support.serving import Served

THEN = datetime(2020, 5, 3, 10, 0, tzinfo=UTC)


async def ask_for_facts(served: Served, *, wanted: bool = True) -> None:
    policy = pb.SetPolicyRequest(mind_id="ada", key="imports.facts", value=Value(bool_value=wanted))
    await served.orchestrator.set_policy(policy)


async def imported(served: Served, *said: tuple[str, str]) -> None:
    request = pb.ImportMessagesRequest(mind_id="ada")
    for speaker, text in said:
        request.messages.add(speaker=speaker, text=text).occurred_at.FromDatetime(THEN)
    await served.orchestrator.import_messages(request)
    await followed(served)


async def facts(served: Served) -> list[memory.Memory]:
    request = memory.ListMemoriesRequest(mind_id="ada", page_size=100, min_seq=await head(served))
    listed = await served.memory.list_memories(request)
    return [one for one in listed.memories if one.type != mind.MEMORY_TYPE_EPISODE]


async def test_imported_messages_form_facts_only_where_the_policy_says_so(served: Served) -> None:
    await imported(served, ("Ana", "I live in Porto."))
    assert await facts(served) == []

    await ask_for_facts(served)
    await imported(served, ("Ana", "I work at Xero."))
    (fact,) = await facts(served)
    assert fact.text == "Ana works at Xero."
    assert fact.valid_from.ToDatetime(UTC) == THEN

    await ask_for_facts(served, wanted=False)
    await imported(served, ("Ana", "I like olives."))
    assert await facts(served) == [fact]


async def test_of_a_long_import_only_that_forms_facts_for_which_the_policy_said_so(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is behind is read again also where little is.
    monkeypatch.setattr(lanes, "HELD_EVENTS", 1)
    monkeypatch.setattr(lanes, "HELD_TOGETHER", 1)
    towns = ("Porto", "Lagos", "Faro", "Braga", "Evora")
    said = [
        mind.MessageImported(text=f"My friend Ana{n} lives in {town}.", forms_facts=n != 2)
        for n, town in enumerate(towns)
    ]
    new = [ledger.NewEvent(remember=True, body=mind.Body(message_imported=one)) for one in said]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    await followed(served)

    lived = {town for town in towns if town in str([one.text for one in await facts(served)])}
    assert lived == {*towns} - {"Faro"}


async def test_what_was_imported_before_stays_as_it_was_kept(served: Served) -> None:
    await imported(served, ("Ana", "I live in Porto."))
    await ask_for_facts(served)
    before = await head(served)
    await imported(served, ("Ana", "I live in Porto."))

    assert await head(served) == before
    assert await facts(served) == []


@pytest.mark.parametrize(
    ("speaker", "text", "fact"),
    [
        ("", "My sister Mia lives in Porto.", "Mia lives in Porto."),
        ("user", "I live in Porto.", "The user lives in Porto."),
        ("Ben", "I live in Porto.", "The user lives in Porto."),
        ("Ana", "My sister moved to Porto.", "Ana's sister moved to Porto."),
        (r"Ana \1", "I live in Porto.", r"Ana \1 lives in Porto."),
        ("assistant", "I live in Porto.", None),
        ("Juno", "I live in Porto.", None),
    ],
)
async def test_a_fact_is_of_who_said_it(served: Served, speaker: str, text: str, fact: str | None) -> None:
    await converse(served, "My name is Ben. Your name is Juno.")
    await followed(served)
    before = {one.text for one in await facts(served)}
    await ask_for_facts(served)
    await imported(served, (speaker, text))

    found = {one.text for one in await facts(served)} - before
    assert fact in found if fact else not found


async def test_what_was_said_long_ago_does_not_take_the_place_of_what_was_said_since(served: Served) -> None:
    await converse(served, "I live in Auckland.")
    await ask_for_facts(served)
    await imported(served, ("user", "I live in Wellington."))
    turn = await converse(served, "Where do I live?")

    assert "Auckland" in turn.text
    assert "Wellington" not in turn.text


async def test_what_somebody_else_says_to_the_mind_is_of_them(served: Served) -> None:
    await converse(served, "Hi, I'm Carla and I live in Rome.")
    await followed(served)
    for said in (
        "I live in Milan and I'm vegan.",
        "My name is Benjamin.",
        "Your name is Rex.",
        "Remind me to buy tofu tomorrow.",
        "From now on answer in Italian.",
    ):
        await converse(served, said, speaker="Ben")
    await converse(served, "I like olives.", speaker="carla")
    await followed(served)

    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    assert (state.identity.name, state.identity.user_name) == ("", "Carla")
    assert not state.directives
    assert not state.open_commitments
    told = {one.text for one in await facts(served) if not one.HasField("valid_to")}
    assert {"The user lives in Rome.", "Ben lives in Milan.", "The user likes olives."} <= told
    assert "Ben is called Benjamin." in told


async def test_only_the_user_tells_that_what_they_asked_for_was_done(served: Served) -> None:
    await converse(served, "Remind me to buy tofu tomorrow.")
    await converse(served, "I bought tofu.", speaker="Ben")
    await followed(served)
    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    assert len(state.open_commitments) == 1

    await converse(served, "I bought tofu.")
    await followed(served)
    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    assert not state.open_commitments
