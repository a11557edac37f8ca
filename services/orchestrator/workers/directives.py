"""Standing instructions: what a person wants from now on, from explicit words only."""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.instructions import directive_id, directives
from services.orchestrator.minds import Minds
from services.orchestrator.workers.follower import Worker


async def derive(event: mind.Event, _minds: Minds) -> list[mind.Body]:
    """The instructions in a user's message. One that holds already is given again, and ranks higher."""
    return [
        mind.Body(
            directive_adopted=mind.DirectiveAdopted(
                directive_id=directive_id(text), text=text, source_seq=event.seq
            )
        )
        for text in directives(event.body.user_message.text)
    ]


DIRECTIVES_WORKER = Worker("directives", ("user_message",), derive)
