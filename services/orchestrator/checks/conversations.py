"""What is said to a mind, and the sessions in which it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks.fields import MAX_NAME, as_of_seq, idempotency_key, page
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_MESSAGE_BYTES = 256 * 1024
MAX_IMPORTED = 500
MAX_IMPORTED_BYTES = 4 * 1024 * 1024
MAX_TITLE = 1024
_PLACE = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}")
"""The event as of which is listed, and the one below which the next page begins."""


def converse(request: pb.ConverseRequest) -> Iterator[Violation]:
    """Converse."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id", optional=True)
    yield from checks.text(request.text, "text", max_bytes=MAX_MESSAGE_BYTES, required=True)
    yield from idempotency_key(request)
    yield from checks.text(request.model, "model", max_bytes=MAX_NAME)
    yield from checks.text(request.speaker, "speaker", max_bytes=MAX_NAME)
    yield from checks.timestamp(request.query_time, "query_time")
    yield from privacy_mode(request.privacy_mode)
    yield from checks.sampling(request.sampling)


def import_messages(request: pb.ImportMessagesRequest) -> Iterator[Violation]:
    """ImportMessages."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.items(request.messages, "messages", low=1, high=MAX_IMPORTED)
    if request.ByteSize() > MAX_IMPORTED_BYTES:
        yield Violation("messages", f"must be at most {MAX_IMPORTED_BYTES:,} bytes together")
    for index, message in enumerate(request.messages):
        field = f"messages[{index}]"
        yield from checks.text(message.text, f"{field}.text", max_bytes=MAX_MESSAGE_BYTES, required=True)
        yield from checks.text(message.speaker, f"{field}.speaker", max_bytes=MAX_NAME)
        yield from checks.identifier(message.session_id, f"{field}.session_id", optional=True)
        yield from checks.text(message.external_id, f"{field}.external_id", max_bytes=MAX_NAME)
        yield from checks.timestamp(message.occurred_at, f"{field}.occurred_at")


def start_session(request: pb.StartSessionRequest) -> Iterator[Violation]:
    """StartSession."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.identifier(request.session_id, "session_id", optional=True)
    yield from checks.label(request.title, "title", max_bytes=MAX_TITLE)
    yield from privacy_mode(request.privacy_mode)
    if request.title and request.privacy_mode == mind.PRIVACY_MODE_INCOGNITO:
        yield Violation("title", "must be empty: an incognito session has none")


def get_session(request: pb.GetSessionRequest) -> Iterator[Violation]:
    """GetSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")
    yield from as_of_seq(request)


def end_session(request: pb.EndSessionRequest) -> Iterator[Violation]:
    """EndSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")


def rename_session(request: pb.RenameSessionRequest) -> Iterator[Violation]:
    """RenameSession."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.identifier(request.session_id, "session_id")
    yield from checks.label(request.title, "title", max_bytes=MAX_TITLE)


def set_privacy_mode(request: pb.SetPrivacyModeRequest) -> Iterator[Violation]:
    """SetPrivacyMode."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.identifier(request.session_id, "session_id")
    yield from checks.enum_known(request.privacy_mode, "privacy_mode", mind.PrivacyMode)


def list_sessions(request: pb.ListSessionsRequest) -> Iterator[Violation]:
    """ListSessions."""
    yield from checks.mind_id(request.mind_id)
    yield from page(request, _PLACE)
    yield from as_of_seq(request)


def privacy_mode(value: int) -> Iterator[Violation]:
    """A mode, or none."""
    yield from checks.enum_known(value, "privacy_mode", mind.PrivacyMode, optional=True)


CHECKS: Mapping[type[Message], Check] = {
    pb.ConverseRequest: converse,
    pb.ImportMessagesRequest: import_messages,
    pb.StartSessionRequest: start_session,
    pb.GetSessionRequest: get_session,
    pb.EndSessionRequest: end_session,
    pb.RenameSessionRequest: rename_session,
    pb.SetPrivacyModeRequest: set_privacy_mode,
    pb.ListSessionsRequest: list_sessions,
}
