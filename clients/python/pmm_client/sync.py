"""The client without async: the same names, with plain iterators.

::

    import pmm_client.sync

    with pmm_client.sync.connect("127.0.0.1:50050") as client:
        mind = client.mind("ada")
        mind.create(exist_ok=True)
        for text in mind.chat("Where does my sister live?"):
            print(text, end="", flush=True)

Behind it runs the async client in an event loop on a thread of its own. A client may be used from several
threads; one iterator or reply only from one at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Concatenate, Generic, ParamSpec, TypeVar

from pmm.inference.v1.inference_pb2 import Model
from pmm.ledger.v1.ledger_pb2 import RestoreResponse
from pmm.mind.v1.events_pb2 import Receipt, TurnTimings, Usage, Warning
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import client as aio_client
from pmm_client import mind as aio_mind
from pmm_client import reply as aio_reply
from pmm_client.client import DEFAULT_TARGET
from pmm_client.errors import ClientClosed
from pmm_client.loop import Loop
from pmm_client.names import Privacy
from pmm_client.raw import DEFAULT_TIMEOUT_S

P = ParamSpec("P")
T = TypeVar("T")


class Iteration(Generic[T]):
    """What an async iterator gives, plainly. Leaving the loop early: ``close()`` ends the call at once."""

    def __init__(self, loop: Loop, items: AsyncIterator[T]) -> None:
        self._loop = loop
        self._items = items

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        try:
            return self._loop.run(anext(self._items))
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """End the call behind it."""
        aclose = getattr(self._items, "aclose", None)
        if aclose is not None:
            with suppress(ClientClosed):
                self._loop.run(aclose())


def _waiting(
    method: Callable[Concatenate[aio_mind.Mind, P], Awaitable[T]],
) -> Callable[Concatenate[Mind, P], T]:
    """The method of the same name that waits for its result."""

    def call(self: Mind, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.run(method(self._mind, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

    call.__doc__, call.__name__ = method.__doc__, method.__name__
    return call


def _iterating(
    method: Callable[Concatenate[aio_mind.Mind, P], AsyncIterator[T]],
) -> Callable[Concatenate[Mind, P], Iteration[T]]:
    """The method of the same name that iterates plainly."""

    def call(self: Mind, *args: P.args, **kwargs: P.kwargs) -> Iteration[T]:
        return Iteration(self._loop, method(self._mind, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

    call.__doc__, call.__name__ = method.__doc__, method.__name__
    return call


def _replying(
    method: Callable[Concatenate[aio_mind.Mind, P], aio_reply.Reply],
) -> Callable[Concatenate[Mind, P], Reply]:
    def call(self: Mind, *args: P.args, **kwargs: P.kwargs) -> Reply:
        return Reply(self._loop, method(self._mind, *args, **kwargs))  # pyright: ignore[reportPrivateUsage]

    call.__doc__, call.__name__ = method.__doc__, method.__name__
    return call


class Reply:
    """Iterates the text of one answer; ``wait()`` reads it to its end. See ``pmm_client.Reply``."""

    def __init__(self, loop: Loop, reply: aio_reply.Reply) -> None:
        self._loop = loop
        self._reply = reply

    def __iter__(self) -> Iterator[str]:
        texts = Iteration(self._loop, aiter(self._reply))
        try:
            yield from texts
        finally:
            # Also when the loop is left: it stops the model.
            texts.close()

    def wait(self) -> Reply:
        """Read the answer to its end."""
        for _ in self:
            pass
        return self

    def close(self) -> None:
        """Stop the model, if it still answers."""
        with suppress(ClientClosed):
            self._loop.run(self._reply.aclose())

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """What has been said so far."""
        return self._reply.text

    @property
    def is_complete(self) -> bool:
        """True once the whole answer is there and kept."""
        return self._reply.is_complete

    @property
    def session_id(self) -> str:
        """The conversation; empty before the first text."""
        return self._reply.session_id

    @property
    def user_seq(self) -> int:
        """The seq of the message; 0 when incognito."""
        return self._reply.user_seq

    @property
    def seq(self) -> int:
        """The seq of the answer; 0 when incognito, or not complete."""
        return self._reply.seq

    @property
    def receipt(self) -> Receipt:
        """What the prompt was built from; once complete, what the answer cites is marked."""
        return self._reply.receipt

    @property
    def warnings(self) -> Sequence[Warning]:
        """What a check of the answer found to be wrong."""
        return self._reply.warnings

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._reply.model

    @property
    def backend(self) -> str:
        """The backend that serves it."""
        return self._reply.backend

    @property
    def privacy(self) -> Privacy:
        """What is kept of this turn."""
        return self._reply.privacy

    @property
    def usage(self) -> Usage:
        """Tokens in and out."""
        return self._reply.usage

    @property
    def timings(self) -> TurnTimings:
        """How long each stage took."""
        return self._reply.timings

    @property
    def finish_reason(self) -> str:
        """Why the model stopped."""
        return self._reply.finish_reason


class Mind:
    """One mind: the methods of ``pmm_client.Mind``, without async."""

    def __init__(self, loop: Loop, mind: aio_mind.Mind) -> None:
        self._loop = loop
        self._mind = mind
        self.mind_id = mind.mind_id

    create = _waiting(aio_mind.Mind.create)
    make_default = _waiting(aio_mind.Mind.make_default)
    show = _waiting(aio_mind.Mind.show)
    chat = _replying(aio_mind.Mind.chat)
    import_messages = _waiting(aio_mind.Mind.import_messages)
    explain = _waiting(aio_mind.Mind.explain)
    commitments = _iterating(aio_mind.Mind.commitments)
    open_commitment = _waiting(aio_mind.Mind.open_commitment)
    close_commitment = _waiting(aio_mind.Mind.close_commitment)
    snooze_commitment = _waiting(aio_mind.Mind.snooze_commitment)
    revise_commitment = _waiting(aio_mind.Mind.revise_commitment)
    commitment_thread = _waiting(aio_mind.Mind.commitment_thread)
    adopt_name = _waiting(aio_mind.Mind.adopt_name)
    clear_name = _waiting(aio_mind.Mind.clear_name)
    identity_history = _waiting(aio_mind.Mind.identity_history)
    traits = _waiting(aio_mind.Mind.traits)
    metrics = _waiting(aio_mind.Mind.metrics)
    stage = _waiting(aio_mind.Mind.stage)
    policies = _waiting(aio_mind.Mind.policies)
    set_policy = _waiting(aio_mind.Mind.set_policy)
    directives = _waiting(aio_mind.Mind.directives)
    retire_directive = _waiting(aio_mind.Mind.retire_directive)
    reflect = _waiting(aio_mind.Mind.reflect)
    reflections = _iterating(aio_mind.Mind.reflections)
    diff = _waiting(aio_mind.Mind.diff)
    watch = _iterating(aio_mind.Mind.watch)
    analytics = _waiting(aio_mind.Mind.analytics)
    neighbors = _waiting(aio_mind.Mind.neighbors)
    path = _waiting(aio_mind.Mind.path)
    subgraph = _waiting(aio_mind.Mind.subgraph)
    workers = _waiting(aio_mind.Mind.workers)
    dead_letters = _waiting(aio_mind.Mind.dead_letters)
    replay_dead_letter = _waiting(aio_mind.Mind.replay_dead_letter)
    start_session = _waiting(aio_mind.Mind.start_session)
    session = _waiting(aio_mind.Mind.session)
    sessions = _iterating(aio_mind.Mind.sessions)
    rename_session = _waiting(aio_mind.Mind.rename_session)
    set_privacy = _waiting(aio_mind.Mind.set_privacy)
    end_session = _waiting(aio_mind.Mind.end_session)
    search = _waiting(aio_mind.Mind.search)
    memories = _iterating(aio_mind.Mind.memories)
    record_memories = _waiting(aio_mind.Mind.record_memories)
    revise_memories = _waiting(aio_mind.Mind.revise_memories)
    retract_memories = _waiting(aio_mind.Mind.retract_memories)
    rate_memories = _waiting(aio_mind.Mind.rate_memories)
    get_memory = _waiting(aio_mind.Mind.get_memory)
    memory_history = _waiting(aio_mind.Mind.memory_history)
    memories_of_events = _waiting(aio_mind.Mind.memories_of_events)
    wait_for_index = _waiting(aio_mind.Mind.wait_for_index)
    head = _waiting(aio_mind.Mind.head)
    event = _waiting(aio_mind.Mind.event)
    append = _waiting(aio_mind.Mind.append)
    events = _iterating(aio_mind.Mind.events)
    follow = _iterating(aio_mind.Mind.follow)
    verify = _waiting(aio_mind.Mind.verify)
    checkpoint = _waiting(aio_mind.Mind.checkpoint)
    prove = _waiting(aio_mind.Mind.prove)
    blast_radius = _waiting(aio_mind.Mind.blast_radius)
    forget = _waiting(aio_mind.Mind.forget)
    redact = _waiting(aio_mind.Mind.redact)
    redaction = _waiting(aio_mind.Mind.redaction)
    delete = _waiting(aio_mind.Mind.delete)
    export = _iterating(aio_mind.Mind.export)

    def restore(
        self,
        parts: Iterable[bytes],
        *,
        force: bool = False,
        copy_of: str = "",
        origin_checkpoint: str = "",
    ) -> RestoreResponse:
        """Make the mind of an export, given in parts of at most 4 MiB: all or nothing. See ``pmm_client.Mind``."""

        async def given() -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        return self._loop.run(
            self._mind.restore(given(), force=force, copy_of=copy_of, origin_checkpoint=origin_checkpoint)
        )


class Client:
    """A connection to PMM; ``connect()`` makes it. See ``pmm_client.Client``."""

    def __init__(self, loop: Loop, client: aio_client.Client) -> None:
        self._loop = loop
        self._client = client

    @property
    def target(self) -> str:
        """``host:port`` of the orchestrator."""
        return self._client.target

    def mind(self, mind_id: str) -> Mind:
        """A mind by its id; nothing is called, and it need not exist yet."""
        return Mind(self._loop, self._client.mind(mind_id))

    def default_mind(self) -> Mind:
        """The mind that is meant where none is named: the one marked last, or else the first. Raises NoDefaultMind."""
        return Mind(self._loop, self._loop.run(self._client.default_mind()))

    def minds(self, prefix: str = "", *, owner: str = "") -> Iteration[pb.MindListing]:
        """The minds that the token may see, by name; only an owner's where one is named."""
        return Iteration(self._loop, self._client.minds(prefix, owner=owner))

    def models(self) -> list[Model]:
        """The models that can be asked for, and whether they are up."""
        return self._loop.run(self._client.models())

    def performance(self, period: timedelta | None = None) -> pb.GetPerformanceResponse:
        """How long turns and their stages take at the target: in the last so long, or since its start.

        A period is up to a minute longer than asked for; ``period`` of the answer says how long.
        """
        return self._loop.run(self._client.performance(period))

    def workers(self) -> list[pb.Worker]:
        """How the workers do over all minds."""
        return self._loop.run(self._client.workers())

    def dead_letters(self, worker: str = "") -> list[pb.DeadLetter]:
        """Events of all minds that a worker could not deal with, the oldest of a mind first; the 1,000 first."""
        return self._loop.run(self._client.dead_letters(worker))

    def close(self) -> None:
        """Close the connection. Calls that still run in other threads, and any after that, raise ClientClosed."""
        self._loop.stop(self._client.close)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    target: str = DEFAULT_TARGET,
    *,
    token: str | None = None,
    tls_ca: bytes | None = None,
    ledger: str | None = None,
    memory: str | None = None,
    inference: str | None = None,
    timeout: float = DEFAULT_TIMEOUT_S,
) -> Client:
    """Connect to PMM; see ``pmm_client.connect`` for what the arguments mean."""
    loop = Loop()
    try:
        client = loop.call(
            lambda: aio_client.connect(
                target,
                token=token,
                tls_ca=tls_ca,
                ledger=ledger,
                memory=memory,
                inference=inference,
                timeout=timeout,
            )
        )
    except BaseException:
        loop.stop()
        raise
    return Client(loop, client)
