"""Raw bytes to every RPC of the ledger end in documented codes, with bounded memory."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys

import pytest

SECONDS_A_ROUND = 3


def test_raw_bytes_end_in_documented_codes(rounds: int, chance: random.Random) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("NOT TESTED: fuzzing, for atheris has no wheel for this Python or system")
    seconds = str(SECONDS_A_ROUND * rounds)
    command = [sys.executable, "-m", "tests.faults.fuzz_ledger", seconds, str(chance.randrange(1, 2**31))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("FOUND")]
    assert (done.returncode, found) == (0, []), done.stderr[-2_000:]
    assert int(done.stdout.split(" calls")[0].splitlines()[-1].replace(",", "")) > 100
