"""What a mind thinks about itself: of what it knows, in the style that is asked for, and each thought once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.autonomy import decide, reflecting
from services.orchestrator.shortening import MAX_SHOWN_BYTES
from tests.orchestrator.conftest import SERVICES, answered_by
from tests.orchestrator.talking import events, followed, wait_for
from tests.orchestrator.test_forgetting_meanwhile import asked_about, thinking
from tests.orchestrator.test_workers import progress
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

URGENT = "warn the harbour"
OTHERS = tuple(f"paint boat {number}" for number in range(1, 7))


async def append(served: Served, *bodies: mind.Body, answers: int | None = None) -> list[int]:
    new = [
        ledger.NewEvent(session_id="s", body=body, remember=True, causation_seq=answers) for body in bodies
    ]
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    return [event.seq for event in appended.events]


def promise(text: str, priority: mind.Priority.ValueType = mind.PRIORITY_NORMAL) -> mind.Body:
    opened = mind.CommitmentOpened(commitment_id=text[:20], text=text, priority=priority)
    return mind.Body(commitment_opened=opened)


def thought(text: str, trigger: str = "cadence") -> mind.Body:
    return mind.Body(reflection_recorded=mind.ReflectionRecorded(text=text, trigger=trigger))


async def answered(served: Served, times: int) -> None:
    said = mind.Body(user_message=mind.UserMessage(text="hi"))
    answer = mind.Body(assistant_message=mind.AssistantMessage(text="hi"))
    for _ in range(times):
        (seq,) = await append(served, said)
        await append(served, answer, answers=seq)


def tick() -> mind.Body:
    told = mind.TickRecorded(
        decision="reflect", reflection_style=mind.REFLECTION_STYLE_SUCCINCT, reflection_trigger="cadence"
    )
    return mind.Body(tick_recorded=told)


async def lived(served: Served) -> list[int]:
    """A mind with a name, seven promises of which the latest is urgent and one is kept, and three thoughts; their seqs.

    Of the name, of the first five promises in their order, and of the latest thoughts.
    """
    name = mind.Body(identity_adopted=mind.IdentityAdopted(name="Nova", confidence=1.0))
    named, *opened = await append(served, name, *map(promise, OTHERS), promise(URGENT, mind.PRIORITY_HIGH))
    thoughts = await append(served, *map(thought, ("I was born.", "I like boats.", "I am busy.")))
    kept = mind.CommitmentClosed(
        commitment_id=OTHERS[-1], outcome=mind.COMMITMENT_OUTCOME_DONE, evidence_seqs=thoughts[:1]
    )
    await append(served, mind.Body(commitment_closed=kept))
    await answered(served, 2)
    return [named, opened[-1], *opened[:4], *thoughts[1:]]


async def reflect(
    served: Served, style: mind.ReflectionStyle.ValueType = mind.REFLECTION_STYLE_UNSPECIFIED, key: str = ""
) -> pb.Reflection:
    request = pb.ReflectRequest(mind_id="ada", style=style, idempotency_key=key)
    return (await served.orchestrator.reflect(request, timeout=60)).reflection


async def recorded(served: Served) -> list[mind.ReflectionRecorded]:
    found = await events(served, kinds=["reflection_recorded"])
    return [event.body.reflection_recorded for event in found]


SINCE = "Since I last thought about myself I answered 2 times. Lately I made 7 promises and ended 1."


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (mind.REFLECTION_STYLE_SUCCINCT, f"{SINCE} 6 are open."),
        (mind.REFLECTION_STYLE_QUESTION, f"What keeps me from “{OTHERS[0]}”?"),
        (mind.REFLECTION_STYLE_NARRATIVE, f"As Nova I go on. {SINCE} 6 are open."),
        (
            mind.REFLECTION_STYLE_CHECKLIST,
            "\n".join([f"- {SINCE}", *(f"- open: {one}" for one in (URGENT, *OTHERS[:4]))]),
        ),
        (
            mind.REFLECTION_STYLE_ANALYTICAL,
            "Lately I made 7 promises and ended 1. 6 are open. My growth stands at {gas:.2f}.",
        ),
    ],
)
async def test_without_a_model_a_mind_says_in_each_style_what_it_did_and_by_which_events(
    served: Served, style: mind.ReflectionStyle.ValueType, text: str
) -> None:
    evidence = await lived(served)
    metrics = (await served.orchestrator.get_metrics(pb.GetMetricsRequest(mind_id="ada"))).metrics
    made = await reflect(served, style)

    assert f"{metrics.gas:.2f}" != f"{metrics.ias:.2f}"
    assert (made.text, made.style) == (text.format(gas=metrics.gas), style)
    assert list((await recorded(served))[-1].evidence_seqs) == evidence


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (mind.REFLECTION_STYLE_QUESTION, "What would I promise if I were asked?"),
        (mind.REFLECTION_STYLE_NARRATIVE, "I go on. {since} None is open."),
        (mind.REFLECTION_STYLE_CHECKLIST, "- {since}"),
    ],
)
async def test_a_mind_without_a_name_or_a_promise_says_so(
    served: Served, style: mind.ReflectionStyle.ValueType, text: str
) -> None:
    since = "Since I last thought about myself I answered 0 times. Lately I made 0 promises and ended 0."
    assert (await reflect(served, style)).text == text.format(since=since)


async def test_what_is_one_is_told_as_one(served: Served) -> None:
    await append(served, promise(URGENT))
    await answered(served, 1)
    since = "Since I last thought about myself I answered 1 time. Lately I made 1 promise and ended 0."
    assert (await reflect(served, mind.REFLECTION_STYLE_SUCCINCT)).text == f"{since} One is open."


async def test_a_style_that_nobody_names_is_that_of_the_stage(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(decide.CADENCE, mind.STAGE_S0, (2, 20, mind.REFLECTION_STYLE_QUESTION))
    unknown = mind.TickRecorded(decision="reflect", reflection_style=99)  # type: ignore[arg-type]
    await append(served, mind.Body(tick_recorded=unknown))
    await wait_for(served, "reflection_recorded")
    made = await reflect(served)

    assert [one.style for one in await recorded(served)] == [mind.REFLECTION_STYLE_QUESTION] * 2
    assert made.style == mind.REFLECTION_STYLE_QUESTION


async def test_a_model_is_told_what_the_mind_knows_of_itself_and_what_to_make_of_it(
    modelled: Served, model_server: OpenAIServer
) -> None:
    evidence = await lived(modelled)
    made = await reflect(modelled, mind.REFLECTION_STYLE_CHECKLIST)

    system, asked = model_server.requests[-1]["messages"]
    assert (system["role"], asked["role"]) == ("system", "user")
    assert "first person" in system["content"]
    *told, _, last = asked["content"].split("\n")
    assert told == [
        "Your name is Nova.",
        *(f"You have promised: {one}." for one in (URGENT, *OTHERS[:4])),
        "Lately you answered 2 times, made 7 promises and ended 1; 6 are open.",
        "You thought before: I like boats.",
        "You thought before: I am busy.",
    ]
    assert "at most five points" in last
    written = (await recorded(modelled))[-1]
    assert (made.text, written.model) == ("Your sister lives in Porto.", "porto-7b")
    assert list(written.evidence_seqs) == evidence


@pytest.mark.parametrize("said", ["", "I AM busy"], ids=["nothing", "what it thought before"])
async def test_a_model_that_has_nothing_new_to_say_is_not_quoted(tmp_path: Path, said: str) -> None:
    with OpenAIServer() as server:
        server.says = said
        async with serving(tmp_path, *SERVICES, settings=answered_by(server, "said")) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            await lived(served)
            made = await reflect(served, mind.REFLECTION_STYLE_SUCCINCT)

            assert made.text == f"{SINCE} 6 are open."
            assert (await recorded(served))[-1].model == ""


async def test_what_a_model_could_not_say_to_its_end_is_left_out(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.says = "I keep my word. And sometimes I"
        async with serving(tmp_path, *SERVICES, settings=answered_by(server, "said-cut")) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))

            assert (await reflect(served)).text == "I keep my word."


@pytest.mark.parametrize("style", [mind.REFLECTION_STYLE_QUESTION, mind.REFLECTION_STYLE_CHECKLIST])
async def test_of_very_long_promises_the_beginnings_are_enough(
    served: Served, style: mind.ReflectionStyle.ValueType
) -> None:
    for number in range(3):
        await append(served, promise(f"{number} " + "x" * 1_000_000))
    made = await reflect(served, style)

    assert "0 xxx" in made.text
    assert len(made.text.encode()) < 4 * MAX_SHOWN_BYTES


async def test_a_model_is_told_the_beginnings_of_very_long_promises_and_thoughts(
    modelled: Served, model_server: OpenAIServer
) -> None:
    for number in range(3):
        await append(modelled, promise(f"{number} " + "x" * 1_000_000))
        await append(modelled, thought(f"{number} " + "y" * 1_000_000))
    await reflect(modelled)

    asked = model_server.requests[-1]["messages"][-1]["content"]
    assert "0 xxx" in asked
    assert "2 yyy" in asked
    assert len(asked.encode()) < 6 * MAX_SHOWN_BYTES


async def test_what_several_ask_for_while_a_mind_thinks_is_one_thought(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.says = "I am here."
        async with serving(tmp_path, *SERVICES, settings=thinking(server)) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            asked = [asyncio.create_task(reflect(served, key="k")) for _ in range(2)]
            await asked_about(server)
            await append(served, tick())
            # Those that follow ticks beside the one that thinks have seen it.
            while any([(await progress(served, name)).lag for name in ("analysis", "summaries")]):
                await asyncio.sleep(0.02)
            for _ in range(20):
                assert await progress(served, "reflection")
            server.released.set()
            first, second = await asyncio.gather(*asked)
            await followed(served)

            assert first == second
            assert [one.text for one in await recorded(served)] == ["I am here."]
            assert len(server.requests) == 1


async def test_at_a_later_tick_a_mind_thinks_again(served: Served) -> None:
    seqs = await append(served, tick())
    first = await wait_for(served, "reflection_recorded")
    seqs += await append(served, tick())
    second = await wait_for(served, "reflection_recorded", after_seq=first.seq)
    await followed(served)
    worker = await progress(served, "reflection", "ada")

    assert [first.causation_seq, second.causation_seq] == seqs
    assert (worker.processed, worker.derived) == (2, 2)


@pytest.mark.parametrize("is_called", [False, True], ids=["at a tick", "at a call"])
async def test_a_mind_thinks_again_where_something_is_forgotten_meanwhile_and_not_what_it_thought_before(
    tmp_path: Path, is_called: bool
) -> None:
    with OpenAIServer() as server:
        server.says = "I have to caulk."
        async with serving(tmp_path, *SERVICES, settings=thinking(server)) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            opened, _ = await append(served, promise("caulk the boat"), thought("I was born."))
            asked = asyncio.create_task(reflect(served)) if is_called else None
            if asked is None:
                await append(served, tick())
            await asked_about(server)
            await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[opened]))
            server.says = "I am free."
            server.released.set()
            if asked is not None:
                assert (await asked).text == "I am free."
            await followed(served)

            assert [one.text for one in await recorded(served)] == ["I was born.", "I am free."]


async def test_a_repeated_call_finds_its_thought_among_others_as_it_was(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reflecting, "MAX_COMPARED", 12)
    await append(served, *(thought(f"thought {number}", "request") for number in range(12)))
    made = await reflect(served, mind.REFLECTION_STYLE_CHECKLIST, "k")
    await append(served, *(thought(f"later thought {number}", "request") for number in range(9)))
    await reflect(served, mind.REFLECTION_STYLE_CHECKLIST, "another")
    await append(served, thought("the last one", "request"))

    assert await reflect(served, mind.REFLECTION_STYLE_CHECKLIST, "k") == made
    # Whoever names no style takes the one that it was thought in.
    assert await reflect(served, key="k") == made
    with pytest.raises(errors.IdempotencyKeyReused):
        await reflect(served, mind.REFLECTION_STYLE_QUESTION, "k")
