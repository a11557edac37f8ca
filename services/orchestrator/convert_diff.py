"""Between wire and domain: what of a mind's state its fields show, to tell which events changed them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

from google.protobuf.json_format import MessageToDict

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import convert, convert_commitments
from services.orchestrator.convert import MAX_LISTED
from services.orchestrator.diff import MISSING, Diff, Field, Items, keyed
from services.orchestrator.projections.commitments import Commitment, Commitments
from services.orchestrator.projections.directives import Directive, Directives
from services.orchestrator.projections.invariants import Violated
from services.orchestrator.projections.reflections import Compared
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.times import timestamp


def diff(first: Snapshot, last: Snapshot, mind_id: str, sessions: Sequence[int]) -> Diff:
    """What differs between two states with so many sessions, all seen from the later one's moment."""
    now_ns = last.last_event_ns

    def whole(state: Snapshot, count: int) -> dict[str, Any]:
        return MessageToDict(convert.mind_message(mind_id, state, count, now_ns)) if state.seq else {}

    def commitment(one: Commitment) -> Any:
        return MessageToDict(convert_commitments.commitment(one, now_ns))

    fields: dict[str, Field | Items] = {
        **_FIELDS,
        "mindId": _field("mind_id", lambda _: mind_id),
        "openCommitments": Items(attrgetter("commitments.by_id"), _promised, commitment),
    }
    return Diff(first, whole(first, sessions[0]), whole(last, sessions[1]), fields)


def _field(name: str, of: Callable[[Snapshot], Any], value: Callable[[Snapshot], Any] | None = None) -> Field:
    """A field of Mind, and the message or the plain value in it, where that is another thing than what it shows."""
    json_name = pb.Mind.DESCRIPTOR.fields_by_name[name].json_name
    made = value or of

    def shown(state: Snapshot) -> Any:
        return keyed(MessageToDict(pb.Mind(**{name: made(state)}))).get(json_name, MISSING)

    return Field(of, shown)


def _promised(state: Snapshot, keys: Collection[str]) -> dict[str, Any]:
    return _listed(state.commitments, keys)


def _instructed(state: Snapshot, keys: Collection[str]) -> dict[str, Any]:
    return _listed(state.directives, keys)


def _listed(held: Commitments | Directives, keys: Collection[str]) -> dict[str, Any]:
    return {its_id: held.by_id[its_id] for its_id in held.ids[:MAX_LISTED] if its_id in keys}


def _thought(state: Snapshot, keys: Collection[str]) -> dict[str, Any]:
    # They are compared only where one is wanted.
    if not any(str(one.seq) in keys for one in state.reflections.recent):
        return {}
    found = {str(one[0].seq): one for one in state.reflections.compared}
    return {key: one for key, one in found.items() if key in keys}


def _found_wrong(state: Snapshot, keys: Collection[str]) -> dict[str, Any]:
    return {str(one.seq): one for one in state.invariants.recent if str(one.seq) in keys}


def _violated(one: Violated) -> Any:
    return MessageToDict(convert.violated(one))


def _instruction(one: Directive) -> Any:
    return MessageToDict(convert.directive(one))


def _reflection(one: Compared) -> Any:
    return MessageToDict(convert.reflection(one))


_FIELDS: Mapping[str, Field | Items] = {
    "name": _field("name", attrgetter("profile.name")),
    "owner": _field("owner", attrgetter("profile.owner")),
    "settings": _field(
        "settings",
        attrgetter("profile.description", "profile.persona_prompt", "profile.time_zone", "profile.language"),
        lambda state: convert.settings(state.profile),
    ),
    "identity": _field("identity", attrgetter("identity"), lambda state: convert.identity(state.identity)),
    "traits": _field("traits", attrgetter("traits.values"), lambda state: convert.traits(state.traits)),
    "metrics": _field(
        "metrics",
        attrgetter("metrics.ias", "metrics.gas", "metrics.ticks"),
        lambda state: convert.metrics(state.metrics),
    ),
    "stage": _field("stage", attrgetter("stage.stage")),
    "counts": _field(
        "counts",
        attrgetter(
            "profile.user_messages", "profile.assistant_messages", "profile.imported_messages",
            "profile.failed_turns", "commitments.closed",
        ),
        lambda state: convert.counts(state, 0),
    ),
    # A large one takes long to be made a message: its values are JSON already.
    "policies": Field(attrgetter("profile.policies"), lambda state: dict(state.profile.policies)),
    "createdAt": _field(
        "created_at", attrgetter("profile.created_ns"), lambda state: timestamp(state.profile.created_ns)
    ),
    "violations": _field("violations", attrgetter("violations")),
    "violatedInvariants": Items(attrgetter("invariants.recent"), _found_wrong, _violated),
    "directives": Items(attrgetter("directives.by_id"), _instructed, _instruction),
    "recentReflections": Items(attrgetter("reflections.latest"), _thought, _reflection),
}  # fmt: skip
"""By name in JSON; those that need the mind or the moment are added for each."""
