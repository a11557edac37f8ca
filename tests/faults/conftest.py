"""Faults: each test breaks something for real, as often as PMM_FAULT_ROUNDS says, and looks at what is left."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("PMM_FAULT_ROUNDS", "20"))
SEED = int(os.environ.get("PMM_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a fault test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_report_header() -> str:
    """What repeats a run."""
    return f"faults: PMM_FAULT_ROUNDS={ROUNDS} PMM_FAULT_SEED={SEED}"


@pytest.fixture
def rounds() -> int:
    """How often to break it."""
    return ROUNDS


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """What decides where and when; the same for the same seed and test."""
    return random.Random(f"{SEED}:{request.node.nodeid}")
