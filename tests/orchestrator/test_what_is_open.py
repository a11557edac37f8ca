"""Without a model, too, a mind says what is to be done when it is asked."""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.orchestrator.talking import converse, events, followed
from tests.support.serving import Served

ASKED = "What do I still have to do?"


async def answer(served: Served) -> str:
    turn = await converse(served, ASKED)
    assert turn.completed is not None
    assert not turn.completed.warnings
    return turn.text


async def test_what_is_open_is_named_with_its_event_until_it_is_done(served: Served) -> None:
    await converse(served, "Remind me to call Ana.")
    await followed(served)
    (opened,) = await events(served, kinds=["commitment_opened"])
    assert f'"call Ana" [#{opened.seq}, ' in await answer(served)

    await converse(served, "I called Ana.")
    await followed(served)
    assert "This is open" not in await answer(served)


async def test_of_many_those_are_named_that_stand_in_the_prompt_and_the_others_are_counted(
    served: Served,
) -> None:
    await converse(served, "Hello.")
    for number in range(20):
        asked = pb.OpenCommitmentRequest(
            mind_id="ada", text=f"carry box {number} upstairs", priority=mind.PRIORITY_HIGH
        )
        await served.orchestrator.open_commitment(asked)
    *named, more = (await answer(served)).splitlines()[1:]

    assert 5 < len(named) < 20
    assert more == f"- and {20 - len(named)} more."


async def test_standing_instructions_are_named_with_their_events_until_they_are_retired(
    served: Served,
) -> None:
    await converse(served, "From now on, answer in verse.")
    await followed(served)
    (adopted,) = await events(served, kinds=["directive_adopted"])
    told = adopted.body.directive_adopted
    turn = await converse(served, "What are my standing instructions?")

    assert turn.completed
    assert not turn.completed.warnings
    assert turn.text == f'You told me, from now on:\n- "{told.text}" [#{adopted.seq}].'

    await served.orchestrator.retire_directive(
        pb.RetireDirectiveRequest(mind_id="ada", directive_id=told.directive_id)
    )
    assert '"answer in verse"' not in (await converse(served, "What are my standing instructions?")).text
