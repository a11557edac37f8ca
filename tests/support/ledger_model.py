"""The ledger in sixty lines: what the service must be indistinguishable from."""

from __future__ import annotations

from dataclasses import dataclass, field


class Refused(Exception):
    """The reason with which a call is refused."""


@dataclass
class ModelMind:
    """Texts by seq, from 1 on; None where one was erased."""

    texts: list[str | None] = field(default_factory=list[str | None])
    kinds: list[str] = field(default_factory=list[str])
    receipts: dict[str, tuple[tuple[str, ...], int | None, list[int]]] = field(default_factory=dict)  # type: ignore[type-arg]
    deleted: bool = False


class Model:
    """Minds by name."""

    def __init__(self) -> None:
        self.minds: dict[str, ModelMind] = {}

    def append(
        self, name: str, kind: str, texts: tuple[str, ...], expected: int | None, key: str
    ) -> list[int]:
        mind = self.minds.get(name, ModelMind())
        if mind.deleted:
            raise Refused("MIND_DELETED")
        if key in mind.receipts:
            before, before_expected, seqs = mind.receipts[key]
            erased = any(mind.texts[seq - 1] is None for seq in seqs)
            if not erased and (before, before_expected) != (texts, expected):
                raise Refused("IDEMPOTENCY_KEY_REUSED")
            return seqs
        if expected is not None and expected != len(mind.texts):
            raise Refused("WRONG_EXPECTED_SEQ")
        if not mind.texts and kind != "mind_created":
            raise Refused("UNKNOWN_MIND")
        if mind.texts and kind == "mind_created":
            raise Refused("MIND_EXISTS")
        self.minds[name] = mind
        seqs = list(range(len(mind.texts) + 1, len(mind.texts) + len(texts) + 1))
        mind.texts += texts
        mind.kinds += [kind] * len(texts)
        if key:
            mind.receipts[key] = (texts, expected, seqs)
        return seqs

    def redact(self, name: str, seqs: set[int]) -> int:
        mind = self._living(name)
        if max(seqs) > len(mind.texts):
            raise Refused("UNKNOWN_EVENT")
        if any(mind.kinds[seq - 1] == "event_redacted" for seq in seqs):
            raise Refused("INVALID_ARGUMENT")
        fresh = [seq for seq in seqs if mind.texts[seq - 1] is not None]
        for seq in fresh:
            mind.texts[seq - 1] = None
        if fresh:
            mind.texts.append("")
            mind.kinds.append("event_redacted")
        return len(fresh)

    def delete(self, name: str) -> None:
        if name not in self.minds:
            raise Refused("UNKNOWN_MIND")
        self.minds[name].deleted = True

    def _living(self, name: str) -> ModelMind:
        if name not in self.minds:
            raise Refused("UNKNOWN_MIND")
        if self.minds[name].deleted:
            raise Refused("MIND_DELETED")
        return self.minds[name]
