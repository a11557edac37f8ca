"""Standing instructions: what a person wants from now on, from explicit words only."""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.extraction.instructions import directive_id
from services.orchestrator.minds import Minds
from services.orchestrator.workers.follower import Worker


def worker(extractor: Extractor) -> Worker:
    """Reads what persons say. An instruction that holds already is given again, and ranks higher."""

    async def derive(event: mind.Event, _minds: Minds) -> list[mind.Body]:
        return [
            mind.Body(
                directive_adopted=mind.DirectiveAdopted(
                    directive_id=directive_id(text), text=text, source_seq=event.seq
                )
            )
            for text in (await extractor.explicit(event)).instructions
        ]

    return Worker("directives", ("user_message",), derive, derives=("directive_adopted",))
