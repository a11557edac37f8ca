"""A service as a process: how it starts, how it ends, and what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.ledger.v1 import ledger_pb2_grpc as rpc
from services.runtime import exits
from services.runtime.datadir import FORMAT_FILE, locked_folder
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.runtime.fake", *(str(argument) for argument in arguments)]


@contextmanager
def process(*arguments: object, **more) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        command(*arguments), cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@contextmanager
def serving(
    folder: Path, *arguments: object, **more
) -> Iterator[tuple[subprocess.Popen[str], rpc.LedgerServiceStub]]:
    port = free_port()
    with (
        process("--data", folder, "--port", port, *arguments, **more) as child,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        request = health_pb2.HealthCheckRequest(service="pmm.ledger.v1.LedgerService")
        for answer in health_pb2_grpc.HealthStub(channel).Watch(request, wait_for_ready=True, timeout=30):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                break
        yield child, rpc.LedgerServiceStub(channel)


def refusal(*arguments: object, **more) -> tuple[int, str]:
    ended = subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=30, check=False, **more
    )
    assert "Traceback" not in ended.stderr
    said = [line for line in ended.stderr.splitlines() if line.startswith("pmm: ")]
    assert said, ended.stderr
    return ended.returncode, "\n".join(said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_calls_end_and_exits_with_0(tmp_path, number):
    with serving(tmp_path, "--set", "ledger.delay_seconds=0.3") as (child, stub):
        answer = stub.GetHead.future(pb.GetHeadRequest(mind_id="ada"))
        while not (tmp_path / "ledger" / "called").exists():
            assert child.poll() is None
        child.send_signal(number)
        assert answer.result(timeout=10).seq == child.pid
        assert child.wait(10) == exits.OK
        assert "Traceback" not in child.stderr.read()

    assert (tmp_path / "ledger" / "stopped").read_text() == "start drain stop"


def test_a_service_that_must_not_go_on_stops_the_process_and_says_why(tmp_path):
    with serving(tmp_path) as (child, stub):
        stub.ListMinds(pb.ListMindsRequest())
        assert child.wait(10) == exits.FAILED
        said = child.stderr.read()

    assert "pmm: stopped, as it must not go on like this: fsync failed: restart once the disk is well" in said
    assert "Traceback" not in said


def test_the_end_of_standard_input_stops_it_where_that_was_asked_for(tmp_path):
    with serving(tmp_path, "--until-eof", stdin=subprocess.PIPE) as (child, _):
        child.stdin.close()
        child.stdin = None
        assert child.wait(10) == exits.OK


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = refusal("--data", tmp_path, "--port", port)

    assert code == exits.ADDRESS
    assert f"port {port} on 127.0.0.1 is in use" in said


def test_an_address_of_another_machine_is_refused(tmp_path):
    tokens = tmp_path / "tokens.toml"
    tokens.write_text("[[token]]\nowner='a'\ntoken='0123456789abcdef'\nminds=['*']\nscopes=['*']")
    settings = ["--set", f"server.tokens_file={tokens}", "--set", "server.allow_plaintext=true"]
    code, said = refusal("--data", tmp_path, "--host", "192.0.2.1", "--port", 0, *settings)

    assert code == exits.ADDRESS
    assert "192.0.2.1" in said


def test_a_data_folder_that_another_process_holds_is_refused_with_its_pid(tmp_path):
    with locked_folder(tmp_path / "ledger"):
        code, said = refusal("--data", tmp_path, "--port", 0)

    assert code == exits.DATA_LOCKED
    assert f"in use by process {os.getpid()}" in said


def test_the_lock_goes_with_a_killed_process(tmp_path):
    with serving(tmp_path) as (child, _):
        child.kill()
        child.wait()
    with serving(tmp_path) as (_, stub):
        assert stub.GetHead(pb.GetHeadRequest(mind_id="ada")).seq


def test_a_collector_that_is_away_neither_stops_the_service_nor_holds_up_its_end(tmp_path):
    away = f"telemetry.endpoint=http://127.0.0.1:{free_port()}"
    with serving(tmp_path, "--set", "telemetry.exporter=otlp", "--set", away) as (child, stub):
        assert stub.GetHead(pb.GetHeadRequest(mind_id="ada")).seq
        child.terminate()
        assert child.wait(8) == exits.OK


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("ledger 2\n", "written by a newer release (format 2, this reads 1): upgrade"),
        ("ledger 0\n", "has format 0"),
        ("memory 1\n", "is not a data folder of the ledger service"),
        ("", "is not a data folder of the ledger service"),
    ],
)
def test_a_data_folder_of_another_format_is_refused_and_left_as_it_is(tmp_path, content, problem):
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / FORMAT_FILE).write_text(content)

    code, said = refusal("--data", tmp_path, "--port", 0)

    assert code == exits.DATA_FOLDER
    assert problem in said
    assert (folder / FORMAT_FILE).read_text() == content


def test_a_data_folder_that_cannot_be_written_is_refused(tmp_path):
    # A file in the way holds also for root, whom permissions do not stop.
    (tmp_path / "file").touch()
    code, said = refusal("--data", tmp_path / "file" / "data", "--port", 0)

    assert code == exits.DATA_FOLDER
    assert "cannot be used (not a directory)" in said


def test_wrong_settings_are_all_named_and_nothing_is_created(tmp_path):
    wrong = {"PMM_SERVER__PORT": "x", "PMM_LEDGER__NOPE": "1"}
    code, said = refusal("--data", tmp_path / "data", env={**os.environ, **wrong})

    assert code == exits.USAGE
    assert "server.port" in said
    assert "ledger.nope" in said
    assert not (tmp_path / "data").exists()
