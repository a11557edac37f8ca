"""How well the privacy guard does on the labelled sentences, and what it costs a message."""

from __future__ import annotations

import time

from benchmarks.rows import Row, percentile, row
from services.orchestrator.checks.conversations import MAX_MESSAGE_BYTES
from services.orchestrator.guard import SEVERITIES, find
from tests.support.personal_data import score, sentences

ROUNDS = 20


def run() -> list[Row]:
    """``guard.<part>.recall``, ``.precision``, each also by class, and ``guard.message.us_p50`` and ``_p99``."""
    rows = [*_quality("development", held_out=False), *_quality("held_out", held_out=True)]
    for part, held_out in (("development", False), ("held_out", True)):
        rows += _quality(f"unusual.{part}", held_out=held_out, is_unusual=True)
    messages = [*sentences(held_out=False), *sentences(held_out=True)]
    for message in messages:
        find(message)
    micros = [_micros(message) for _ in range(ROUNDS) for message in messages]
    rows.append(row("guard.message.us_p50", micros, "us"))
    rows.append(Row("guard.message.us_p99", percentile(micros, 0.99), "us", len(micros), 0.0))
    longest = "My mother had a stroke in May. She owes 5,000 euros. Call 020 7946 0958. "
    rows.append(
        row("guard.message_256k.ms", [_micros(longest * (MAX_MESSAGE_BYTES // len(longest))) / 1e3], "ms")
    )
    return rows


def _quality(part: str, *, held_out: bool, is_unusual: bool = False) -> list[Row]:
    measured = score(held_out=held_out, is_unusual=is_unusual)
    labelled = measured.right.total() + measured.missing.total()
    rows = [
        Row(f"guard.{part}.recall", measured.recall(), "", labelled, 0.0),
        Row(f"guard.{part}.precision", measured.precision(), "", labelled, 0.0),
    ]
    for name in SEVERITIES:
        of_class = measured.right[name] + measured.missing[name]
        rows.append(Row(f"guard.{part}.{name}.recall", measured.recall(name), "", of_class, 0.0))
        rows.append(Row(f"guard.{part}.{name}.precision", measured.precision(name), "", of_class, 0.0))
    return rows


def _micros(text: str) -> float:
    began = time.perf_counter()
    find(text)
    return (time.perf_counter() - began) * 1e6
