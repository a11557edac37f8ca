"""The four services, as one machine runs them."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor

from services.runtime.exits import USAGE, StartupError
from services.runtime.service import ServiceSpec

START_ORDER = ("ledger", "inference", "memory", "orchestrator")
"""Whoever is called by others comes first; stopped in the opposite order."""

PORT_OFFSET = {"orchestrator": 0, "ledger": 1, "memory": 2, "inference": 3}
"""Ports of the four processes, from the first one on."""


def load() -> list[ServiceSpec]:
    """Import the services, side by side, since each loads libraries from disk. Raises StartupError."""
    # Its modules import their package: threads that begin it at once would wait for one another.
    importlib.import_module("pmm_client")
    with ThreadPoolExecutor(len(START_ORDER)) as pool:
        return list(pool.map(_load, START_ORDER))


def _load(name: str) -> ServiceSpec:
    try:
        return importlib.import_module(f"services.{name}.server").SPEC
    except ModuleNotFoundError as error:
        missing = error.name or "a module"
        raise StartupError(
            USAGE, f"the {name} service needs {missing}: pip install 'persistent-mind[{name}]'"
        ) from None
