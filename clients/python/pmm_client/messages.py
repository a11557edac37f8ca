"""Messages from elsewhere, and how they become requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.made import field_of, half_character, made

BATCH_MESSAGES = 500
"""What ImportMessages takes in one call."""
BATCH_BYTES = 3 * 1024 * 1024
"""A little less than the 4 MiB that it takes, for what the request adds."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said elsewhere."""

    text: str
    speaker: str = ""
    occurred_at: datetime | None = None
    """When; without a time zone it is taken as UTC."""
    session: str = ""
    """Its conversation: 1 to 128 characters of A-Z a-z 0-9 . _ -; empty: "imported"."""
    external_id: str = ""
    """Its id where it comes from."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of messages so far."""

    appended: int = 0
    """Written now."""
    existed: int = 0
    """There already."""
    head_seq: int = 0
    """The mind's head: the ``min_seq`` with which a reader waits for them."""

    @property
    def total(self) -> int:
        """How many were sent."""
        return self.appended + self.existed


def timestamp(when: datetime | None) -> Timestamp | None:
    """The wire's form; a time without a zone is taken as UTC."""
    if when is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(when if when.tzinfo else when.replace(tzinfo=UTC))
    return stamp


def batches(mind_id: str, messages: Iterable[Message]) -> Iterator[pb.ImportMessagesRequest]:
    """Requests that each keep to the limits. Equal messages of a session are told apart by their order."""
    seen: Counter[Message] = Counter()
    request, size = made(pb.ImportMessagesRequest, mind_id=mind_id), 0
    for number, message in enumerate(messages):
        wire = _wire(message, seen[message], number)
        seen[message] += 1
        if request.messages and (
            len(request.messages) == BATCH_MESSAGES or size + wire.ByteSize() > BATCH_BYTES
        ):
            yield request
            request, size = made(pb.ImportMessagesRequest, mind_id=mind_id), 0
        request.messages.append(wire)
        size += wire.ByteSize()
    if request.messages:
        yield request


def _wire(message: Message, repetition: int, number: int) -> pb.ImportedMessage:
    try:
        return pb.ImportedMessage(
            text=message.text,
            speaker=message.speaker,
            occurred_at=timestamp(message.occurred_at),
            session_id=message.session,
            external_id=message.external_id,
            repetition=repetition,
        )
    except UnicodeEncodeError as error:
        field = field_of(error.object, asdict(message))
        raise half_character(f"messages[{number}].{field}") from None
