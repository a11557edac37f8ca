"""What a request must be, one function a message."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message

from services.orchestrator.checks import commitments, conversations, minds, operations, origins, selfhood
from services.runtime.checks import Check

CHECKS: Mapping[type[Message], Check] = {
    **conversations.CHECKS,
    **minds.CHECKS,
    **commitments.CHECKS,
    **selfhood.CHECKS,
    **origins.CHECKS,
    **operations.CHECKS,
}
