"""The ledger's process dies, is stopped, loses its clients or its clock: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from services.runtime import exits
from tests.ledger.test_growth import fill
from tests.support.ledger import created, said
from tests.support.load import Load, calls, in_parallel
from tests.support.process import ServiceProcess

CLIENT = """
import asyncio, sys
from tests.support.load import Load, calls
async def main():
    async with calls(sys.argv[1]) as ledger:
        load = Load()
        for number in range(100000):
            print("sending", flush=True)
            await load.append(ledger, f"{sys.argv[2]}-{number}", 300)
asyncio.run(main())
"""


async def begin(process: ServiceProcess) -> None:
    async with calls(process.target) as ledger:
        await ledger.append("ada", created())


async def disturbed(
    process: ServiceProcess, load: Load, name: str, number: signal.Signals, after: float
) -> None:
    """Put the ledger under load, and send it a signal after so many seconds."""
    async with calls(process.target) as ledger:
        running = asyncio.create_task(in_parallel(load, ledger, name, 8, [1, 5, 1, 40, 1, 1, 200] * 100))
        await asyncio.sleep(after)
        psutil.Process(process.pid).send_signal(number)
        await running


async def test_kill_9_under_load(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    load = Load()
    with ServiceProcess("ledger", tmp_path / "data") as process:
        await begin(process)
        for number in range(rounds):
            await disturbed(process, load, f"r{number}", signal.SIGKILL, chance.uniform(0.02, 0.3))
            process.wait()
            process.start()
            async with calls(process.target) as ledger:
                await load.check(ledger)
                await load.retry(ledger, chance.sample(sorted(load.sent), k=min(5, len(load.sent))))
                await load.check(ledger)
    assert len(load.acknowledged) > rounds


async def test_sigterm_during_batches(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    load = Load()
    with ServiceProcess("ledger", tmp_path / "data") as process:
        await begin(process)
        for number in range(max(1, rounds // 4)):
            await disturbed(process, load, f"r{number}", signal.SIGTERM, chance.uniform(0.02, 0.2))
            assert process.wait() == exits.OK
            process.start()
            async with calls(process.target) as ledger:
                await load.check(ledger)


async def test_a_client_that_vanishes_mid_append(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    with ServiceProcess("ledger", tmp_path / "data") as process:
        await begin(process)
        files = psutil.Process(process.pid).num_fds()
        for number in range(rounds):
            client = subprocess.Popen(
                [sys.executable, "-c", CLIENT, process.target, f"r{number}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert client.stdout is not None
            for _ in range(chance.randint(1, 4)):
                assert client.stdout.readline()
            await asyncio.sleep(chance.uniform(0, 0.02))
            client.kill()
            client.communicate()
        load = Load()
        load.sent = {f"r{number}-{batch}": 300 for number in range(rounds) for batch in range(10)}
        async with calls(process.target) as ledger:
            await load.check(ledger)
        assert psutil.Process(process.pid).num_fds() < files + 10


async def test_the_clock_goes_backwards(tmp_path: Path, rounds: int) -> None:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip(
            "NOT TESTED: a clock that goes backwards, for there is no faketime here: apt install faketime"
        )
    load = Load()
    process = ServiceProcess("ledger", tmp_path / "data")
    for number in range(max(2, rounds // 5)):
        process.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME": f"-{number}d",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        process.start()
        try:
            if not number:
                await begin(process)
            async with calls(process.target) as ledger:
                await in_parallel(load, ledger, f"r{number}", 4, [1, 3] * 5)
                await load.check(ledger)
        finally:
            assert process.stop() == exits.OK
    process.environment = {}
    with process:
        async with calls(process.target) as ledger:
            clocks = [event.recorded_at.ToNanoseconds() for event in await ledger.read("ada")]
    assert clocks == sorted(clocks)
    assert not load.refused


async def test_a_second_server_is_refused_and_harms_nobody(tmp_path: Path, rounds: int) -> None:
    load = Load()
    with ServiceProcess("ledger", tmp_path / "data") as process:
        await begin(process)
        async with calls(process.target) as ledger:
            running = asyncio.create_task(in_parallel(load, ledger, "a", 4, [1, 20] * 50))
            for _ in range(max(1, rounds // 10)):
                second = ServiceProcess("ledger", tmp_path / "data")
                with pytest.raises(RuntimeError, match="in use by process"):
                    await asyncio.to_thread(second.start)
                assert second.wait() == exits.DATA_LOCKED
            await running
            assert not load.refused
            await load.check(ledger)


async def test_many_verifications_beside_appends_all_come_to_an_end(tmp_path: Path, rounds: int) -> None:
    with ServiceProcess("ledger", tmp_path / "data") as process:
        async with calls(process.target) as ledger:
            await fill(ledger, 60_000)
            for _ in range(rounds):
                appends = [ledger.append("ada", *(said("x") for _ in range(50))) for _ in range(4)]
                verdict, *_ = await asyncio.gather(ledger.verdict("ada"), *appends)
                assert verdict.verified.seq > 60_000
            assert not psutil.Process(process.pid).children()
