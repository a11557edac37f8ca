"""Embeddings of any server that speaks the OpenAI API."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openai

from services.memory.embedder import EmbedderAway, TextRefused, Vectors, unit
from services.memory.settings import EmbedderSettings

_NO_KEY = "none"
"""Sent where no key is set: local servers ignore it, and the library insists on one."""
_MOST_AT_ONCE = 256


class OpenAIEmbedder:
    """One model of one server. The server is asked once at the start, for how many numbers its vectors have."""

    def __init__(self, settings: EmbedderSettings) -> None:
        """Raises EmbedderAway, ValueError."""
        if not settings.model:
            raise ValueError("memory.embedder_model must name the model of the server")
        self._model = settings.model
        self._client = openai.OpenAI(
            base_url=settings.base_url,
            api_key=settings.api_key or _NO_KEY,
            timeout=settings.timeout_seconds,
            max_retries=1,
        )
        self.dimensions = len(self._ask(["dimensions"])[0])
        self.id = f"openai/{settings.model}/{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder``."""
        raw: list[list[float]] = []
        for first in range(0, len(texts), _MOST_AT_ONCE):
            raw += self._ask(texts[first : first + _MOST_AT_ONCE])
        if not raw:
            return np.zeros((0, self.dimensions), np.float32)
        if any(len(vector) != self.dimensions for vector in raw):
            raise EmbedderAway("the embedding server's vectors have another length than before")
        return unit(np.array(raw))

    def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            answer = self._client.embeddings.create(
                model=self._model, input=list(texts), encoding_format="float"
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            raise TextRefused(f"the embedding server answers {error.status_code}") from None
        except openai.APIStatusError as error:
            raise EmbedderAway(f"the embedding server answers {error.status_code}") from None
        except openai.APIConnectionError:
            raise EmbedderAway("the embedding server cannot be reached") from None
        if len(answer.data) != len(texts):
            raise EmbedderAway(
                f"the embedding server answers {len(texts)} texts with {len(answer.data)} vectors"
            )
        return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
