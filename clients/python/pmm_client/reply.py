"""An answer as it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Sequence
from types import TracebackType
from typing import Any

from pmm.mind.v1.events_pb2 import FinishReason, Receipt, TurnFailureReason, TurnTimings, Usage, Warning
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.errors import TurnFailed, Unavailable
from pmm_client.names import Privacy, privacy_name, short_name
from pmm_client.retries import ATTEMPTS, pause

Converse = Callable[[], AsyncGenerator[pb.ConverseResponse]]
"""Opens the call; each time with the same idempotency key."""


class Reply:
    """Async-iterates the text of one answer; afterwards, or meanwhile, says what it was made from.

    ::

        reply = mind.chat("Where does my sister live?")
        async for text in reply:
            print(text, end="", flush=True)
        print(reply.seq, [memory.source_seqs for memory in reply.receipt.memories if memory.cited])

    ``await mind.chat("…")`` reads it to its end. The call begins with the first of these. Leaving the loop,
    or ``aclose()``, stops the model. A broken connection is taken up again under the same idempotency key.
    Raises TurnFailed when the model fails, and any other PmmError when the call does.
    """

    def __init__(self, converse: Converse) -> None:
        self._converse = converse
        self._parts: AsyncGenerator[pb.ConverseResponse] | None = None
        self._begun = False
        self._attempt_text = ""
        self._started = pb.TurnStarted()
        self._completed: pb.TurnCompleted | None = None
        self.text = ""
        """What has been said so far."""

    @property
    def is_complete(self) -> bool:
        """True once the whole answer is there and kept."""
        return self._completed is not None

    @property
    def session_id(self) -> str:
        """The conversation; empty before the first text."""
        return self._started.session_id

    @property
    def user_seq(self) -> int:
        """The seq of the message; 0 when incognito."""
        return self._started.user_seq

    @property
    def seq(self) -> int:
        """The seq of the answer; 0 when incognito, or not complete."""
        return self._completed.assistant_seq if self._completed else 0

    @property
    def receipt(self) -> Receipt:
        """What the prompt was built from; once complete, what the answer cites is marked."""
        return self._completed.receipt if self._completed else self._started.receipt

    @property
    def warnings(self) -> Sequence[Warning]:
        """What a check of the answer found to be wrong."""
        return self._completed.warnings if self._completed else ()

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._started.model

    @property
    def backend(self) -> str:
        """The backend that serves it."""
        return self._started.backend

    @property
    def privacy(self) -> Privacy:
        """What is kept of this turn."""
        return privacy_name(self._started.privacy_mode)

    @property
    def usage(self) -> Usage:
        """Tokens in and out."""
        return self._completed.usage if self._completed else Usage()

    @property
    def timings(self) -> TurnTimings:
        """How long each stage took."""
        return self._completed.timings if self._completed else TurnTimings()

    @property
    def finish_reason(self) -> str:
        """Why the model stopped: STOP, LENGTH or CONTENT_FILTER; empty before it is complete."""
        return short_name(FinishReason, self._completed.finish_reason) if self._completed else ""

    def __str__(self) -> str:
        return self.text

    def __aiter__(self) -> AsyncIterator[str]:
        # Not kept in self: when the loop is left, its iterator goes, and with it the call.
        return self._texts()

    def __await__(self) -> Generator[Any, None, Reply]:
        return self._to_the_end().__await__()

    async def aclose(self) -> None:
        """Stop the model, if it still answers."""
        self._begun = True
        if self._parts is not None:
            await self._parts.aclose()

    async def __aenter__(self) -> Reply:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _to_the_end(self) -> Reply:
        async for _ in self:
            pass
        return self

    async def _texts(self) -> AsyncGenerator[str]:
        if self._begun:
            return
        self._begun = True
        for attempt in range(ATTEMPTS):
            self._attempt_text = ""
            self._parts = self._converse()
            try:
                async for part in self._parts:
                    if text := self._new_text(part):
                        self.text += text
                        yield text
                return
            except Unavailable as error:
                if attempt == ATTEMPTS - 1:
                    raise
                await pause(attempt, error)
            finally:
                await self._parts.aclose()

    def _new_text(self, part: pb.ConverseResponse) -> str:
        """What this part adds. A turn that was taken up again tells its text from the start."""
        match part.WhichOneof("part"):
            case "started":
                self._started = part.started
            case "delta":
                self._attempt_text += part.delta.text
            case "completed":
                self._completed = part.completed
                self._attempt_text = part.completed.text or self._attempt_text
            case "failed":
                raise _failure(part.failed)
            case _:
                return ""
        return self._attempt_text.removeprefix(self.text) if self._attempt_text.startswith(self.text) else ""


def _failure(failed: pb.TurnFailure) -> TurnFailed:
    return TurnFailed(
        failed.message or "the turn failed",
        turn_reason=short_name(TurnFailureReason, failed.reason),
        inference_reason=failed.inference_reason,
        seq=failed.seq,
    )
