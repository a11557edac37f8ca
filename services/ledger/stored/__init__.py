"""What is made of stored records while many are read: the hash that each should have, and the Event that a reader gets.

``compiled.pyx`` is what runs wherever PMM was installed beside a C compiler; ``plain.py`` says the same in Python, and
is what the other is tested against. Both go from the stored form (``encoding.py``, docs/ledger-format.md) straight to
the bytes that are hashed or sent.
"""

from __future__ import annotations

import hashlib

from pmm_client import event_hash
from services.ledger.encoding import U64

try:
    from services.ledger.stored import compiled as chosen

    is_compiled = True
except ImportError:
    from services.ledger.stored import plain as chosen

    is_compiled = False

event_field = chosen.event_field


class StoredRecords:
    """One mind's records, checked straight from their stored form."""

    def __init__(self, mind_id: str) -> None:
        self.mind_id = mind_id
        self.mind = mind_id.encode()
        self._begin = event_hash.DOMAIN + event_hash.field(mind_id)
        self._place = self.mind + b"\x00"

    def chain_hash(self, seq: int, data: bytes) -> tuple[bytes, bytes]:
        """The hash that a record should have, that of ``encoding.header_hash``, and its sealed payload.

        Raises ValueError where it is no record.
        """
        hashed, sealed = chosen.hashed_header(self._begin, seq, data)
        return hashlib.sha256(hashed).digest(), sealed

    def place(self, seq: int) -> bytes:
        """What binds a sealed payload to its event: ``encoding.place_of``."""
        return self._place + U64.pack(seq)
