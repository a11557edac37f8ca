"""The disk fails, fills up, or flips a bit: the ledger stops or refuses, says so, and loses and invents nothing."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

import pmm_client
from services.runtime import exits
from tests.support.ledger import created, said
from tests.support.load import Load, calls, in_parallel
from tests.support.process import ServiceProcess

PAGE = 4_096
CRASHES = {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT}
"""A damaged branch page can lead LMDB out of its map; the file is left as it was."""


def strace(call: str, error: str, when: int) -> tuple[str, ...]:
    """Fails the when-th such call of each thread, and every one after it."""
    if shutil.which("strace") is None:
        pytest.skip("NOT TESTED: a disk that fails, for there is no strace here: apt install strace")
    filtering = ("--seccomp-bpf", "-f", "-D", "-qq", "-o", "/dev/null")
    return ("strace", *filtering, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}+")


async def until_it_fails(process: ServiceProcess, load: Load, name: str) -> bool:
    """Append until the ledger refuses or has had enough; whether it started at all."""
    if refusal := process.refusal():
        assert "Traceback" not in refusal, refusal
        return False
    async with calls(process.target) as ledger:
        await in_parallel(load, ledger, name, 4, [1, 10, 1, 100] * 5)
    return True


@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "pwritev"])
async def test_a_write_that_fails_stops_the_ledger_and_nothing_is_lost(
    tmp_path: Path, rounds: int, chance: random.Random, call: str
) -> None:
    load = Load()
    process = ServiceProcess("ledger", tmp_path / "data")
    with process:
        async with calls(process.target) as ledger:
            await ledger.append("ada", created())
    failed = 0
    for number in range(max(1, rounds // 2)):
        process.wrapper = strace(call, "EIO", chance.randint(1, 3 + 3 * number))
        load.refused.clear()
        started = await until_it_fails(process, load, f"{call}{number}")
        if load.refused or not started:
            failed += 1
            assert process.wait() in (exits.FAILED, exits.DATA_FOLDER)
            # A call that comes as the process ends is cut off: like UNAVAILABLE, it is to be repeated.
            assert {error.code.name for error in load.refused} <= {"UNAVAILABLE", "CANCELLED"}
        else:
            process.stop()
        process.wrapper = ()
        with process:
            async with calls(process.target) as ledger:
                await load.check(ledger)
                await load.retry(ledger, list(load.sent)[-5:])
                await load.check(ledger)
    assert failed or call == "pwritev"


async def test_no_room_for_a_write_is_a_refusal_and_the_ledger_goes_on(
    tmp_path: Path, rounds: int, chance: random.Random
) -> None:
    load = Load()
    process = ServiceProcess("ledger", tmp_path / "data")
    with process:
        async with calls(process.target) as ledger:
            await ledger.append("ada", created())
    for number in range(max(1, rounds // 5)):
        process.wrapper = strace("fallocate", "ENOSPC", chance.randint(1, 3))
        load.refused.clear()
        process.start()
        async with calls(process.target) as ledger:
            while not load.refused:
                await in_parallel(load, ledger, f"r{number}-{len(load.sent)}", 4, [100] * 20)
            assert {error.reason for error in load.refused} == {"DISK_FULL"}
            await load.check(ledger)
        assert process.stop() == exits.OK
        process.wrapper = ()
        with process:
            async with calls(process.target) as ledger:
                await load.retry(ledger, list(load.sent)[-5:])
                await load.check(ledger)


async def test_a_flipped_bit_is_named_or_harmless(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    whole = tmp_path / "whole"
    texts: dict[int, str] = {}
    with ServiceProcess("ledger", whole) as process:
        async with calls(process.target) as ledger:
            await ledger.append("ada", created())
            for number in range(120):
                text = f"{number} " + "x" * (number * 37 % 2_000)
                key = f"k{number}" if number % 10 == 0 else ""
                answer = await ledger.append("ada", said(text, session_id="s1"), idempotency_key=key)
                texts[answer.head_seq] = text
    for number in range(rounds):
        data = tmp_path / f"flipped-{number}"
        shutil.copytree(whole, data)
        file = data / "ledger" / chance.choice(["data.mdb"] * 4 + ["keys/events-00000000.keys"])
        size = file.stat().st_size if file.name == "data.mdb" else 121 * 32
        at, bit = chance.randrange(size), 1 << chance.randrange(8)
        with file.open("r+b") as open_file:
            byte = os.pread(open_file.fileno(), 1, at)[0]
            os.pwrite(open_file.fileno(), bytes([byte ^ bit]), at)
        where = f"{file.name}, byte {at} (page {at // PAGE}, byte {at % PAGE} of it), bit {bit:#x}"
        await right_or_named(ServiceProcess("ledger", data), texts, where)
        shutil.rmtree(data)


async def right_or_named(process: ServiceProcess, texts: dict[int, str], where: str) -> None:
    """Every event is the right one, or the ledger says that it is damaged; a crash is allowed, a wrong word is not."""
    if refusal := process.refusal():
        code = process.wait()
        assert code in {exits.FAILED, exits.DATA_FOLDER, *CRASHES}, (where, code, refusal)
        return
    damaged = False
    try:
        async with calls(process.target) as ledger:
            for seq, text in texts.items():
                try:
                    event = await ledger.get("ada", seq)
                except (pmm_client.DataLoss, pmm_client.UnknownEvent, pmm_client.UnknownMind):
                    damaged = True
                    continue
                assert event.body.user_message.text == text, where
            try:
                verdict = await ledger.verdict("ada")
            except (pmm_client.DataLoss, pmm_client.UnknownMind):
                return
            assert not damaged or verdict.HasField("broken"), where
    except pmm_client.Unavailable:
        assert process.wait() in CRASHES, where
    finally:
        if process.is_running():
            process.stop()
