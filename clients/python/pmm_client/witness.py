"""A witness: remembers the last tree head that it saw of a mind, and accepts only what continues it.

Whoever runs one elsewhere learns of a ledger that was rolled back or shows different histories to different people.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pmm_client import checkpoints
from pmm_client.checkpoints import Checkpoint, CheckpointError, VerifierKey
from pmm_client.errors import ForgedProof, LedgerForked, LedgerRolledBack, UnknownEvent, UnknownMind
from pmm_client.proofs import SignedCheckpoint, check_consistency, signed_checkpoint
from pmm_client.raw import LedgerClient


@dataclass(frozen=True, slots=True)
class Observation:
    """What a look at a mind came to."""

    before: Checkpoint | None
    """None at the first look, whose keys were taken on trust unless they were given."""
    now: Checkpoint


class Witness:
    """Observes the minds of one ledger; what it has seen lies in a folder, a file for each mind."""

    def __init__(self, client: LedgerClient, folder: Path, trusted: tuple[VerifierKey, ...] = ()) -> None:
        """``trusted``: keys known from elsewhere; without them the first ones met are trusted from then on."""
        self._client = client
        self._folder = folder
        self._trusted = trusted

    async def observe(self, mind_id: str) -> Observation:
        """Look at the head, demand that it continues the one seen last, and remember it.

        Raises LedgerRolledBack, LedgerForked, ForgedProof; the evidence is then beside the file, which stays as it was.
        """
        before, keys = self._known(mind_id)
        try:
            signed = await signed_checkpoint(self._client, mind_id, keys)
        except UnknownMind:
            if before is None:
                raise
            raise LedgerRolledBack(
                f"the mind {mind_id!r}, seen with {before.size:,} events, is gone", reason="ROLLED_BACK"
            ) from None
        if before is not None:
            try:
                await self._check(mind_id, before, signed)
            except (LedgerRolledBack, LedgerForked):
                self._keep_evidence(mind_id, signed)
                raise
        self._remember(mind_id, signed)
        return Observation(before, signed.checkpoint)

    async def _check(self, mind_id: str, before: Checkpoint, signed: SignedCheckpoint) -> None:
        now = signed.checkpoint
        if now.size < before.size:
            raise LedgerRolledBack(
                f"the mind {mind_id!r} has {now.size:,} events, and had {before.size:,}", reason="ROLLED_BACK"
            )
        try:
            await check_consistency(self._client, mind_id, before, now)
        except (ForgedProof, UnknownEvent) as error:
            raise LedgerForked(
                f"the history of {mind_id!r} is another one than was seen: {error.message}", reason="FORKED"
            ) from None

    def _path(self, mind_id: str) -> Path:
        return self._folder / f"{mind_id}.json"

    def _known(self, mind_id: str) -> tuple[Checkpoint | None, tuple[VerifierKey, ...]]:
        path = self._path(mind_id)
        if not path.exists():
            return None, self._trusted
        try:
            stored = json.loads(path.read_text("utf-8"))
            keys = tuple(VerifierKey.parse(text) for text in stored["keys"])
            return checkpoints.verify(stored["note"], keys), (*self._trusted, *keys)
        except (ValueError, KeyError, TypeError, CheckpointError) as error:
            raise ForgedProof(
                f"{path} is not what the witness wrote: {error}", reason="WITNESS_FILE"
            ) from None

    def _remember(self, mind_id: str, signed: SignedCheckpoint) -> None:
        _write(self._path(mind_id), signed)

    def _keep_evidence(self, mind_id: str, signed: SignedCheckpoint) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        _write(self._folder / f"{mind_id}.evidence-{stamp}.json", signed)


def _write(path: Path, signed: SignedCheckpoint) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = json.dumps({"note": signed.note, "keys": [str(key) for key in signed.keys]}, indent=2)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
