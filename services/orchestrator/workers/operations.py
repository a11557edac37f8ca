"""How the workers do, and what they left: for an operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from services.orchestrator.errors import UnknownDeadLetter
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.store import DeadLetter, Store
from services.orchestrator.workers.follower import Follower
from services.orchestrator.workers.tally import Tally
from services.runtime import telemetry

PAGE = 100
MAX_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Progress:
    """One worker on one mind, or on all of them."""

    name: str
    seq: int
    """Processed up to here; over all minds: the store's position."""
    lag: int
    """Events between there and the head."""
    tally: Tally
    dead_letters: int


class Operations:
    """Of all workers of this process."""

    def __init__(self, followers: Mapping[str, Follower], minds: Minds, peers: Peers, store: Store) -> None:
        self._followers = followers
        self._minds = minds
        self._peers = peers
        self._store = store

    async def workers(self, mind_id: str) -> list[Progress]:
        """By name; over all minds where none is named. Raises UnknownMind."""
        if mind_id:
            head = (await self._minds.open(mind_id)).snapshot.seq
            reached = await self._reached(mind_id, head)
        else:
            head = self._head()
            reached = {name: follower.position for name, follower in self._followers.items()}
        letters = Counter(letter.worker for letter in self._store.dead_letters(mind_id))
        return [
            Progress(name, reached[name], head - reached[name], follower.tally(mind_id), letters[name])
            for name, follower in sorted(self._followers.items())
        ]

    def observe(self) -> None:
        """Have lag and dead letters exported, by worker."""
        telemetry.observe("pmm.worker.lag", self._lags)
        telemetry.observe("pmm.worker.dead_letters", self._left)

    def _lags(self) -> list[tuple[float, dict[str, telemetry.Attribute]]]:
        head = self._head()
        return [(head - each.position, {"worker": name}) for name, each in self._followers.items()]

    def _left(self) -> list[tuple[float, dict[str, telemetry.Attribute]]]:
        letters = Counter(letter.worker for letter in self._store.dead_letters(""))
        return [(letters[name], {"worker": name}) for name in self._followers]

    def _head(self) -> int:
        """The last position of the store that any worker was told of."""
        return max((follower.seen for follower in self._followers.values()), default=0)

    async def dead_letters(self, mind_id: str, worker: str) -> list[DeadLetter]:
        """Of a worker, or of all; of a mind, or of all; the oldest event of a mind first. Raises UnknownMind."""
        if mind_id:
            await self._minds.open(mind_id)
        found = [letter for letter in self._store.dead_letters(mind_id) if worker in ("", letter.worker)]
        return found[:MAX_LISTED]

    async def replay(self, mind_id: str, letter_id: str) -> list[int]:
        """Try it again; the seqs of what was derived. Raises UnknownDeadLetter, StillFailing."""
        await self._minds.open(mind_id)
        for letter in self._store.dead_letters(mind_id):
            if letter.id == letter_id and letter.worker in self._followers:
                return await self._followers[letter.worker].replay(letter)
        raise UnknownDeadLetter(
            f"mind {mind_id!r} has no dead letter {letter_id!r}", dead_letter_id=letter_id
        )

    async def _reached(self, mind_id: str, head: int) -> dict[str, int]:
        """By worker: the last event of the mind that lies at or before its position."""
        reached = dict.fromkeys(self._followers, 0)
        wanted = set(reached)
        async for event in self._peers.read(mind_id, from_seq=head, reverse=True, page_size=PAGE):
            for name in [name for name in wanted if event.position <= self._followers[name].position]:
                reached[name] = event.seq
                wanted.remove(name)
            if not wanted:
                break
        return reached
