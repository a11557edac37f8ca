"""What this process holds of one mind."""

from __future__ import annotations

import asyncio

from services.orchestrator.appended import Appended
from services.orchestrator.lately import Lately
from services.orchestrator.snapshot import Snapshot


class ActiveMind:
    """One mind: its latest snapshot, and a lock for whoever brings it forward."""

    def __init__(self, mind_id: str, lately: Lately) -> None:
        self.id = mind_id
        self.snapshot = Snapshot()
        self.lately = lately
        """Has noted every event up to the snapshot's seq."""
        self.appended = Appended()
        self.lock = asyncio.Lock()
        """Held while the snapshot is brought forward from the ledger."""
        self.deciding = asyncio.Lock()
        """Held from reading a state to appending what was decided from it: one decision at a time."""
        self.reflecting = asyncio.Lock()
        """Held while the mind thinks about itself."""
        self.summarizing = asyncio.Lock()
        """Held while older conversation is summarised."""
        self.repairing = asyncio.Lock()
        """Held while turns that were interrupted are closed."""
        self.running: set[int] = set()
        """Seqs of the user messages that this process is answering."""
        self.keeping = 0
        """User messages of this process that are on their way to the ledger."""
        self.said_position = 0
        """Position in the store of the last message of a person that this process kept."""
        self.drops = 0
        """How often the state was dropped, because it might hold what was erased, or what the ledger does not know."""
        self.breaks = 0
        """So often the ledger had been lost from sight when the state was last known to be of its history."""
        self.digest_key = b""
        """For digests of its prompts; empty until it is asked for."""
        self.repaired = False
        self.restored_seq: int | None = None
        """Up to here its events came with a restore; None until it is asked for."""
        self.verified_seq = 0
        """Its chain needs no look up to here."""
        self.verifying_ns = 0
        """When its chain was last looked at, by a clock of this process."""

    def erasures(self) -> tuple[int, int]:
        """Other ones than before: words were erased, and what was made of an earlier state may hold them."""
        return self.snapshot.summaries.erased_seq, self.drops

    def drop(self) -> None:
        """Hold no state any more; under ``lock``."""
        self.snapshot, self.appended = Snapshot(), Appended()
        self.digest_key = b""
        self.drops += 1
        self.lately.clear()

    def begin_anew(self, lately: Lately) -> None:
        """The same, where the ledger's history is another one: what is known of the mind beside its state is wrong."""
        self.drop()
        self.lately = lately
        self.said_position = self.verified_seq = 0
        self.restored_seq, self.repaired = None, False
