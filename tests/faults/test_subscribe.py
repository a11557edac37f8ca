"""Subscriptions over many restarts and kills."""

from __future__ import annotations

import random
from pathlib import Path

from tests.ledger.test_subscribe_history import over_restarts
from tests.support.process import ServiceProcess


async def test_no_gap_and_no_repeat_over_many_restarts(
    tmp_path: Path, rounds: int, chance: random.Random
) -> None:
    with ServiceProcess("ledger", tmp_path / "data") as process:
        await over_restarts(process, rounds, chance)
