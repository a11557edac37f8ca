"""Answers that were being written when something in their prompt was erased: they may say it, and go as well.

What an answer that stands in the ledger says is found when something is forgotten. One that comes later is looked at
when it is there, by a worker, so that no crash lets it pass.
"""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.forgetting import Forgetting
from services.orchestrator.peers import Peers
from services.orchestrator.workers.follower import Worker

_ALONE = 2
"""Seqs from the head that a prompt was built at to an answer with nothing between them but its message."""
WHY = "it was being written when something in its prompt was erased"


class LateAnswers:
    """Forgets them."""

    def __init__(self, peers: Peers, forgetting: Forgetting) -> None:
        self._peers = peers
        self._forgetting = forgetting

    def worker(self) -> Worker:
        """Looks at every answer, and derives nothing."""
        kinds = ("assistant_message",)
        return Worker("late_answers", kinds, act=self._look, appends=False, heeds_unremembered=True)

    async def _look(self, answer: mind.Event) -> list[int]:
        head_seq = answer.body.assistant_message.receipt.head_seq
        if answer.seq <= head_seq + _ALONE:
            return []
        erased = [
            seq
            async for event in self._peers.read(
                answer.mind_id, from_seq=head_seq + 1, to_seq=answer.seq, kinds=("event_redacted",)
            )
            for seq in event.body.event_redacted.seqs
        ]
        if _in_prompt(answer).isdisjoint(erased):
            return []
        async for _ in self._forgetting.forget(answer.mind_id, answer.seq, WHY):
            pass
        return []


def _in_prompt(answer: mind.Event) -> set[int]:
    """Every event whose words the model was given."""
    receipt = answer.body.assistant_message.receipt
    recalled = (seq for memory in receipt.memories for seq in memory.source_seqs)
    return {answer.causation_seq, *receipt.recent_seqs, *receipt.state_seqs, *recalled}
