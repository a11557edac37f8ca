"""What changed between two seqs: each field with the events that made it what it is, and no others."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import convert, convert_diff
from services.orchestrator.convert import MAX_LISTED
from services.orchestrator.diff import MAX_SEQS
from services.orchestrator.projections.reflections import COMPARED
from services.orchestrator.projections.sessions import RECENT
from services.orchestrator.snapshot import Snapshot
from tests.orchestrator.talking import converse, events, head
from tests.orchestrator.test_projections import HISTORIES, replay
from tests.orchestrator.test_selfhood import append, directive, opened, thought, trait
from tests.support.serving import Served


async def diff(served: Served, from_seq: int, to_seq: int = 0) -> dict[str, pb.FieldChange]:
    request = pb.DiffMindRequest(mind_id="ada", from_seq=from_seq, to_seq=to_seq)
    return {change.path: change for change in (await served.orchestrator.diff_mind(request)).changes}


async def test_what_changed_between_two_seqs_is_told_with_the_events(served: Served) -> None:
    before = await head(served)
    seqs = await append(served, opened("c-1"), directive("d-1", "Be brief."), trait(0.05))
    adopted = await served.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name="Nova"))
    answer = await served.orchestrator.diff_mind(pb.DiffMindRequest(mind_id="ada", from_seq=before))
    again = await served.orchestrator.diff_mind(
        pb.DiffMindRequest(mind_id="ada", from_seq=before, to_seq=answer.to_seq)
    )

    changed = {change.path: change for change in answer.changes}
    assert changed["identity.name"].after.string_value == "Nova"
    assert not changed["identity.name"].HasField("before")
    assert list(changed["identity.name"].seqs) == [adopted.identity.adopted_seq]
    assert list(changed["openCommitments.c-1"].seqs) == [seqs[0]]
    assert list(changed["directives.d-1"].seqs) == [seqs[1]]
    assert changed["traits.TRAIT_OPENNESS.value"].before.number_value == 0.5
    assert answer == again
    nothing = await served.orchestrator.diff_mind(
        pb.DiffMindRequest(mind_id="ada", from_seq=answer.to_seq, to_seq=answer.to_seq)
    )
    assert not nothing.changes


async def test_an_event_that_made_no_part_of_a_change_is_not_named_for_it(served: Served) -> None:
    before = await head(served)
    await converse(served, "Nice weather today.")
    (adopted,) = await append(served, directive("d-1", "Be short."))
    await converse(served, "Nice weather today, too.")
    reflected, moved, nonsense, described = await append(
        served,
        thought("I talk of the weather."),
        trait(0.03),
        mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id="nope")),
        mind.Body(policy_changed=mind.PolicyChanged(key="description", value=Value(string_value="calm"))),
    )
    changed = await diff(served, before)
    seqs = {path: list(change.seqs) for path, change in changed.items()}
    kinds = {kind: [event.seq for event in await events(served, kinds=[kind])] for kind in (
        "session_started", "user_message", "assistant_message")}  # fmt: skip

    assert seqs["settings.description"] == [described]
    assert seqs[f"recentReflections.{reflected}"] == [reflected]
    assert seqs["traits.TRAIT_OPENNESS.value"] == [moved]
    assert seqs["counts.sessions"] == kinds["session_started"]
    assert seqs["counts.userMessages"] == kinds["user_message"]
    assert seqs["counts.assistantMessages"] == kinds["assistant_message"]
    # The second answer had the instruction in its prompt.
    assert seqs["directives.d-1"] == [adopted, kinds["assistant_message"][1]]
    assert seqs["violations"] == [nonsense]
    assert await diff(served, before, await head(served)) == changed


async def test_from_the_beginning_each_field_is_told_with_its_events(served: Served) -> None:
    (moved,) = await append(served, trait(0.03))
    seqs = {path: list(change.seqs) for path, change in (await diff(served, 0)).items()}

    assert seqs["name"] == seqs["stage"] == seqs["createdAt"] == [1]
    assert seqs["traits.TRAIT_OPENNESS"] == [1, moved]
    assert seqs["traits.TRAIT_NEUROTICISM"] == [1]


async def test_conversations_are_told_by_those_that_began_however_many_there_are(served: Served) -> None:
    async def said(*session_ids: str) -> list[int]:
        body = mind.Body(message_imported=mind.MessageImported(text="hello"))
        new = [ledger.NewEvent(body=body, session_id=its_id) for its_id in session_ids]
        appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
        return [event.seq for event in appended.events]

    await said(*(f"s-{number}" for number in range(2 * RECENT + 10)))
    before = await head(served)
    seqs = await said("s-0", "s-1", "new", "s-0", "new", "s-2", "newer")
    changed = (await diff(served, before))["counts.sessions"]

    assert int(changed.after.string_value) - int(changed.before.string_value) == 2
    assert list(changed.seqs) == [seqs[2], seqs[6]]


def whole(state: Snapshot, now_ns: int) -> object:
    """A mind as JSON, with its items by what tells them apart."""

    def keyed(value: object) -> object:
        if isinstance(value, dict):
            return {name: keyed(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            keys = ("commitmentId", "directiveId", "trait", "seq")
            return {str(next(each[key] for key in keys if key in each)): each for each in value}
        return value

    return keyed(MessageToDict(convert.mind_message("ada", state, 0, now_ns)) if state.seq else {})


def at(value: object, path: str) -> object:
    """A field of a mind."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType]
    return value


@settings(max_examples=60)
@given(HISTORIES, st.data())
def test_a_change_names_every_event_that_changed_the_field_and_no_other(
    history: list[mind.Event], data: st.DataObject
) -> None:
    history = [each for each in history if each.body.policy_changed.key != "personal_data.email"]
    for seq, each in enumerate(history, 1):
        each.seq = seq
    must_be_named_by_what_changed_them(history, data.draw(st.integers(0, len(history))))


def test_what_comes_into_sight_where_something_else_ends_is_named_too() -> None:
    bodies: list[mind.Body] = [mind.Body(mind_created=mind.MindCreated(name="Ada"))]
    for number in range(MAX_LISTED + 5):
        bodies += [opened(f"c-{number}"), directive(f"d-{number}", "Be brief.")]
    for number in (0, 3, MAX_LISTED + 2):
        closed = mind.CommitmentClosed(commitment_id=f"c-{number}", outcome=mind.COMMITMENT_OUTCOME_DROPPED)
        retired = mind.DirectiveRetired(directive_id=f"d-{number}")
        bodies += [mind.Body(commitment_closed=closed), mind.Body(directive_retired=retired)]
        revised = mind.CommitmentRevised(commitment_id=f"c-{number + 1}", priority=mind.PRIORITY_HIGH)
        bodies += [mind.Body(commitment_revised=revised), opened(f"c-{number}")]
    history = [
        mind.Event(mind_id="ada", seq=seq, kind=body.WhichOneof("kind") or "", body=body)
        for seq, body in enumerate(bodies, 1)
    ]
    for cut in (0, MAX_LISTED, 2 * MAX_LISTED + 8):
        must_be_named_by_what_changed_them(history, cut)


def must_be_named_by_what_changed_them(history: list[mind.Event], cut: int) -> None:
    """The changes from an event of a history to its end are those that are seen when all of the mind is shown anew."""
    states = [replay(history[:cut])]
    for event in history[cut:]:
        states.append(states[-1].apply(event))
    found = convert_diff.diff(states[0], states[-1], "ada", [0, 0])
    for state in states[1:]:
        found.take([state])
    now_ns = states[-1].last_event_ns
    seen = [whole(state, now_ns) for state in states]
    for change in found.changes([]):
        values = [at(one, change.path) for one in seen]
        moved = [
            state.seq
            for state, was, is_now in zip(states[1:], values, values[1:], strict=False)
            if was != is_now
        ]
        assert list(change.seqs) == moved[-MAX_SEQS:], change.path
        assert change.before != change.after
        assert moved


def test_only_what_an_event_changed_is_shown_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[mind.Body] = [mind.Body(mind_created=mind.MindCreated(name="Ada"))]
    for number in range(MAX_LISTED):
        key = mind.PolicyChanged(key=f"key.{number}", value=Value(string_value="mask"))
        bodies += [
            opened(f"c-{number}"),
            directive(f"d-{number}", "Be brief."),
            mind.Body(policy_changed=key),
        ]
    often = 200
    for number in range(often):
        bodies += [
            mind.Body(message_imported=mind.MessageImported(text="hello")),
            thought(f"thought {number}"),
            mind.Body(commitment_revised=mind.CommitmentRevised(commitment_id="c-1", project=f"{number}")),
        ]
    history = [
        mind.Event(mind_id="ada", seq=seq, kind=body.WhichOneof("kind") or "", body=body)
        for seq, body in enumerate(bodies, 1)
    ]
    states = [replay(history[: -3 * often])]
    for event in history[-3 * often :]:
        states.append(states[-1].apply(event))
    found = convert_diff.diff(states[0], states[-1], "ada", [0, 0])
    shown: list[object] = []

    def counted(message: Message) -> object:
        shown.append(message)
        return MessageToDict(message)

    monkeypatch.setattr(convert_diff, "MessageToDict", counted)
    found.take(states[1:])
    seqs = {change.path: change.seqs for change in found.changes([])}

    assert (
        seqs["counts.importedMessages"]
        == tuple(range(states[-1].seq - 2, states[0].seq, -3))[:MAX_SEQS][::-1]
    )
    # One thing for each event; of thoughts those alone that are told of.
    assert len(shown) <= 2 * often + COMPARED**2
    assert max(message.ByteSize() for message in shown if isinstance(message, Message)) < 200
