"""Events for tests, in a word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind


def created(name: str = "ada") -> pb.NewEvent:
    """The first event of a mind."""
    return pb.NewEvent(actor="system", body=mind.Body(mind_created=mind.MindCreated(name=name)))


def said(text: str, session_id: str = "s1", **more: Any) -> pb.NewEvent:
    """Something a person says."""
    body = mind.Body(user_message=mind.UserMessage(text=text))
    return pb.NewEvent(session_id=session_id, actor="user", body=body, **more)


def imported(
    text: str, speaker: str, when: datetime, session_id: str = "s1", external_id: str = ""
) -> pb.NewEvent:
    """Something said before this mind kept the record."""
    message = mind.MessageImported(text=text, speaker=speaker, external_id=external_id)
    message.occurred_at.FromDatetime(when.astimezone(UTC))
    return pb.NewEvent(session_id=session_id, actor="import", body=mind.Body(message_imported=message))


def custom(name: str, **data: Any) -> pb.NewEvent:
    """An application's own event."""
    body = mind.Body(custom=mind.Custom(name=name))
    body.custom.data.update(data)
    return pb.NewEvent(body=body)
