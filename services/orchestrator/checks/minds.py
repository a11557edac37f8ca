"""Minds: which there are, how they are set, and how they changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from google.protobuf.message import Message

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks.fields import (
    MAX_NAME,
    MAX_SEQ,
    MAX_WHY,
    as_of,
    at_seq,
    idempotency_key,
    page,
)
from services.orchestrator.guard import ACTIONS, POLICY_PREFIX
from services.orchestrator.policies import POLICIES
from services.orchestrator.projections.profile import CAP, FLAGS, SETTINGS
from services.orchestrator.projections.traits import START
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_SETTING = 32 * 1024
_NAME = re.compile(r"[A-Za-z0-9._-]+")
"""The place of a page of minds: the one that it comes after."""
_SCALARS = ("bool_value", "number_value", "string_value")
"""What a policy can be."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def create_mind(request: pb.CreateMindRequest) -> Iterator[Violation]:
    """CreateMind."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.label(request.name, "name", max_bytes=MAX_NAME)
    for key in SETTINGS:
        yield from checks.text(getattr(request.settings, key), f"settings.{key}", max_bytes=MAX_SETTING)
    yield from time_zone(request.settings.time_zone, "settings.time_zone")
    yield from language(request.settings.language, "settings.language")


def get_mind(request: pb.GetMindRequest) -> Iterator[Violation]:
    """GetMind."""
    yield from checks.mind_id(request.mind_id)
    yield from as_of(request)


def list_minds(request: pb.ListMindsRequest) -> Iterator[Violation]:
    """ListMinds."""
    yield from page(request, _NAME)
    yield from checks.mind_id(request.prefix, "prefix", optional=True)
    yield from checks.text(request.owner, "owner", max_bytes=MAX_NAME)


def set_default_mind(request: pb.SetDefaultMindRequest) -> Iterator[Violation]:
    """SetDefaultMind."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def set_policy(request: pb.SetPolicyRequest) -> Iterator[Violation]:
    """SetPolicy."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)
    kind = request.value.WhichOneof("kind")
    value: object = getattr(request.value, kind) if kind in _SCALARS else None
    if request.key not in POLICIES:
        yield Violation("key", f"must be one of {', '.join(POLICIES)}")
    elif request.key.startswith(POLICY_PREFIX) and value not in ACTIONS:
        yield Violation("value", f"must be one of {', '.join(ACTIONS)}")
    elif request.key in FLAGS and not isinstance(value, bool):
        yield Violation("value", "must be true or false")
    elif request.key == CAP and not (isinstance(value, float) and 0 <= value <= START):
        yield Violation(
            "value", f"must be a number from 0 to {START}: how far a trait may go from the middle"
        )
    elif request.key in SETTINGS:
        if not isinstance(value, str):
            yield Violation("value", "must be a text")
        elif request.key == "time_zone":
            yield from time_zone(value, "value")
        elif request.key == "language":
            yield from language(value, "value")
        else:
            yield from checks.text(value, "value", max_bytes=MAX_SETTING)


def adopt_name(request: pb.AdoptNameRequest) -> Iterator[Violation]:
    """AdoptName."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.name, "name", max_bytes=MAX_NAME, required=True)
    if not request.name.isprintable():
        yield Violation("name", "must be one line, without control characters")
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def clear_name(request: pb.ClearNameRequest) -> Iterator[Violation]:
    """ClearName."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def watch_mind(request: pb.WatchMindRequest) -> Iterator[Violation]:
    """WatchMind."""
    yield from checks.mind_id(request.mind_id)


def diff_mind(request: pb.DiffMindRequest) -> Iterator[Violation]:
    """DiffMind."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.from_seq, "from_seq", 0, MAX_SEQ)
    yield from checks.in_range(request.to_seq, "to_seq", 0, MAX_SEQ)
    if request.to_seq and request.to_seq < request.from_seq:
        yield Violation("to_seq", "must not lie before from_seq")


def time_zone(value: Any, field: str) -> Iterator[Violation]:
    """An IANA name, or empty."""
    if value and value not in available_timezones():
        yield Violation(field, "must be an IANA time zone such as Europe/Lisbon, or empty for UTC")


def language(value: str, field: str) -> Iterator[Violation]:
    """A language tag (RFC 5646), or empty."""
    if value and not _LANGUAGE.fullmatch(value):
        yield Violation(field, "must be a BCP 47 language tag such as en or pt-BR, or empty")


CHECKS: Mapping[type[Message], Check] = {
    pb.CreateMindRequest: create_mind,
    pb.GetMindRequest: get_mind,
    pb.ListMindsRequest: list_minds,
    pb.SetDefaultMindRequest: set_default_mind,
    pb.SetPolicyRequest: set_policy,
    pb.ListPoliciesRequest: at_seq,
    pb.GetIdentityHistoryRequest: at_seq,
    pb.AdoptNameRequest: adopt_name,
    pb.ClearNameRequest: clear_name,
    pb.WatchMindRequest: watch_mind,
    pb.DiffMindRequest: diff_mind,
}
