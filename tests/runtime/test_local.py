"""``pmm up``, ``pmm down`` and ``pmm config`` with the services themselves, in one process and in four."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import pmm_client
import pmm_client.sync
from services.local import runfile
from services.local.specs import PORT_OFFSET
from services.local.split import MODEL_SECONDS, START_SECONDS
from services.local.up import Options, start_seconds
from services.runtime import exits
from tests.runtime.certificates import authority
from tests.support.ports import free_ports

ROOT = Path(__file__).parents[2]
SERVING = health_pb2.HealthCheckResponse.SERVING
SPLIT = pytest.param(["--split"], marks=pytest.mark.slow)
MODES = pytest.mark.parametrize("mode", [[], SPLIT], ids=["one process", "four processes"])


def pmm(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command, ended; nothing of it is inherited by what it leaves running."""
    ended = subprocess.run(
        [sys.executable, "-m", "services.local", *(str(argument) for argument in arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, **environ},
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


@pytest.fixture
def data(tmp_path):
    """A data folder; whatever runs in it is stopped."""
    folder = tmp_path / "data"
    yield folder
    if running := runfile.read(folder):
        process = psutil.Process(running.pid)
        for each in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def up(data: Path, *arguments: object) -> runfile.Run:
    ended = pmm("up", "--data", data, "--port", 0, "--detach", *arguments)
    assert ended.returncode == exits.OK, ended.stderr
    running = runfile.read(data)
    assert running
    assert running.endpoint in ended.stdout
    return running


def status(endpoint: str, service: str) -> int:
    with grpc.insecure_channel(endpoint) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        return health_pb2_grpc.HealthStub(channel).Check(request, timeout=5).status


def until_gone(pids: list[int]) -> None:
    def gone(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    # The test's own time limit ends it; the pause leaves the processor to those that are to end.
    while not all(gone(pid) for pid in pids):
        threading.Event().wait(0.01)


@MODES
def test_up_returns_once_all_four_serve_and_down_ends_it(data, mode):
    running = up(data, *mode)

    for name, endpoint in running.endpoints.items():
        assert status(endpoint, f"pmm.{name}.v1.{name.capitalize()}Service") == SERVING
    assert len(set(running.endpoints.values())) == (4 if mode else 1)

    children = [child.pid for child in psutil.Process(running.pid).children()]
    ended = pmm("down", "--data", data)
    assert ended.returncode == exits.OK
    assert runfile.read(data) is None
    assert not (data / runfile.RUN_FILE).exists()
    until_gone([running.pid, *children])


@MODES
@pytest.mark.slow
def test_what_runs_already_is_named_and_asking_for_it_again_is_no_error(data, mode):
    running = up(data, *mode)

    again = pmm("up", "--data", data, "--detach")
    assert again.returncode == exits.OK
    assert f"already up on {running.endpoint} (process {running.pid})" in again.stdout
    assert "pmm down" not in again.stdout
    otherwise = pmm("up", "--data", data, "--detach", "--set", "orchestrator.tick_seconds=5")
    assert otherwise.returncode == exits.OK
    assert "for others `pmm down` first" in otherwise.stdout
    in_front = pmm("up", "--data", data)
    assert in_front.returncode == exits.DATA_LOCKED
    assert running.endpoint in in_front.stderr
    assert f"process {running.pid}" in in_front.stderr


@MODES
@pytest.mark.slow
def test_after_kill_9_it_comes_up_again(data, mode):
    running = up(data, *mode)
    processes = [running.pid, *(child.pid for child in psutil.Process(running.pid).children())]
    os.kill(running.pid, signal.SIGKILL)
    until_gone(processes)

    assert up(data, *mode).pid != running.pid


@MODES
@pytest.mark.slow
def test_the_log_is_set_aside_by_its_size_while_it_runs_and_holds_no_token_and_no_text(data, mode, tmp_path):
    token, marker, most = "ana-token-0123456789", "Zanzibar-0451", 4_096
    tokens, own = tmp_path / "tokens.toml", tmp_path / "token"
    tokens.write_text(f'[[token]]\nowner = "ana"\ntoken = "{token}"\nminds = ["*"]\nscopes = ["*"]\n')
    own.write_text(token)
    settings = {
        "server.tokens_file": tokens,
        "peers.token_file": own,
        "server.log_level": "debug",
        "server.log_max_bytes": most,
        "server.log_files": 2,
    }
    running = up(data, *mode, *(f"--set={name}={value}" for name, value in settings.items()))
    folder = data / "log"
    held: set[bytes] = set()

    def read() -> None:
        # One may be renamed under us.
        with contextlib.suppress(FileNotFoundError):
            held.update(path.read_bytes() for path in folder.iterdir())

    def is_told() -> bool:
        return any(b"UNKNOWN_MIND" in text for text in held)

    with pmm_client.sync.connect(running.endpoints["orchestrator"], token=token) as client:
        client.mind("ada").create()
        client.mind("ada").chat(f"The code is {marker}").wait()
        # Each is a line of the log. The test's own time limit ends it.
        while (
            not (is_told() and (folder / "pmm.log.2").exists()) or (folder / "pmm.log").stat().st_size > most
        ):
            with contextlib.suppress(pmm_client.PmmError):
                client.mind(f"nobody-{marker}").show()
            read()
    pmm("down", "--data", data)
    until_gone([running.pid])

    read()
    assert {path.name for path in folder.iterdir()} == {"pmm.log", "pmm.log.1", "pmm.log.2"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert is_told()
    assert not any(word.encode() in text for text in held for word in (token, marker))


@pytest.mark.slow
def test_one_of_four_dies_and_all_are_stopped_with_the_reason_in_the_log(data):
    running = up(data, "--split")
    children = psutil.Process(running.pid).children()
    memory = next(child for child in children if "services.memory" in child.cmdline())
    memory.kill()
    until_gone([running.pid, *(child.pid for child in children)])

    assert "pmm: the memory service was killed by signal 9" in (data / "log" / "pmm.log").read_text()
    assert runfile.read(data) is None


@MODES
@pytest.mark.slow
def test_a_detached_start_that_fails_says_why_and_leaves_nothing_running(data, mode):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = pmm("up", "--data", data, "--port", port, "--detach", *mode)

    assert ended.returncode == exits.ADDRESS
    assert f"port {port} on 127.0.0.1 is in use" in ended.stderr
    assert runfile.read(data) is None


@pytest.mark.parametrize(
    ("flags", "config", "seconds"),
    [
        ({}, "", START_SECONDS),
        ({"backend": "openai"}, "", START_SECONDS),
        ({"backend": "vllm"}, "", MODEL_SECONDS),
        ({}, 'backend = "vllm"', MODEL_SECONDS),
        ({}, 'backend = "openai"\nfallback = ["vllm", "recall"]', MODEL_SECONDS),
    ],
)
def test_a_model_that_is_loaded_is_waited_for(tmp_path, flags, config, seconds):
    file = tmp_path / "pmm.toml"
    file.write_text(f"[inference]\n{config}\n")

    assert start_seconds(Options({"inference": flags}, file, is_split=False, is_detached=True)) == seconds
    assert MODEL_SECONDS > 10 * START_SECONDS


def test_the_ports_of_four_processes_follow_the_given_one():
    from services.local.split import ports_from

    assert ports_from(50050, "127.0.0.1") == {
        "orchestrator": 50050,
        "ledger": 50051,
        "memory": 50052,
        "inference": 50053,
    }
    assert len(set(ports_from(0, "127.0.0.1").values())) == len(PORT_OFFSET)


@pytest.mark.slow
def test_each_of_four_processes_has_its_ports_for_health_and_metrics(data):
    health, metrics = free_ports(4), free_ports(4)
    further = (f"server.health_port={health}", f"telemetry.prometheus_port={metrics}")

    up(data, "--split", "--set", further[0], "--set", further[1])

    for offset in PORT_OFFSET.values():
        assert status(f"127.0.0.1:{health + offset}", "") == SERVING
        with urlopen(f"http://127.0.0.1:{metrics + offset}/metrics") as page:
            assert b"target_info" in page.read()


def test_metrics_that_cannot_be_served_are_refused_with_what_to_set(data):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = pmm("up", "--data", data, "--port", 0, "--set", f"telemetry.prometheus_port={port}")

    assert ended.returncode == exits.ADDRESS
    assert f"port {port} on 127.0.0.1 is in use" in ended.stderr
    assert "--set telemetry.prometheus_port" in ended.stderr


def test_down_where_nothing_runs_is_no_error(data):
    ended = pmm("down", "--data", data)

    assert ended.returncode == exits.OK
    assert "nothing runs" in ended.stderr


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for arguments in ([], ["--detach"]):
        ended = pmm("up", "--data", tmp_path / "file" / "data", *arguments)
        assert ended.returncode == exits.DATA_FOLDER
        assert "cannot be used (not a directory)" in ended.stderr
    ended = pmm("up", "--data", tmp_path / "file")
    assert "cannot be used (it is a file): choose another with --data" in ended.stderr


def test_a_setting_of_a_section_that_there_is_not_is_answered_with_the_nearest():
    ended = pmm("config", "--set", "orchestratr.tick_seconds=5")

    assert ended.returncode == exits.USAGE
    assert "there is no section orchestratr; did you mean orchestrator?" in ended.stderr


def test_config_lists_every_setting_of_every_section_with_its_source(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[telemetry]\nexporter = 'console'\n")
    ended = pmm("config", "--json", "--config", file, "--set", "server.port=3", PMM_SERVER__HOST="::1")
    assert len(ended.stdout.splitlines()) == 1
    found = {setting["name"]: setting for setting in json.loads(ended.stdout)}

    assert (found["server.port"]["value"], found["server.port"]["source"]) == (3, "flag")
    assert (found["server.host"]["value"], found["server.host"]["source"]) == ("::1", "env")
    assert found["telemetry.exporter"]["source"] == "file"
    assert found["inference.backend"]["source"] == "default"
    assert {name.split(".")[0] for name in found} >= {
        "server",
        "ledger",
        "memory",
        "inference",
        "orchestrator",
    }
    assert all(setting["description"] for setting in found.values())
    shown = pmm("config", PMM_SERVER__PORT="3").stdout
    assert "server.host = 127.0.0.1\n    Address to listen on." in shown
    assert "server.port = 3  (env; default 50050)\n" in shown


@pytest.mark.parametrize("command", ["up", "config"])
def test_a_wrong_setting_is_refused_with_its_name(tmp_path, command):
    ended = pmm(command, "--data", tmp_path / "data", "--set", "memory.nope=1")

    assert ended.returncode == exits.USAGE
    assert "memory.nope" in ended.stderr
    assert not (tmp_path / "data").exists()


SECURED = """
[[token]]
owner = "operator"
token = "operator-token-0123456789"
minds = ["*"]
scopes = ["*"]
"""


@pytest.mark.slow
def test_four_processes_with_tls_and_tokens_call_each_other(data, tmp_path):
    ca = authority()
    cert, key = ca.write(tmp_path, "server")
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    (tmp_path / "tokens.toml").write_text(SECURED)
    (tmp_path / "token").write_text("operator-token-0123456789")
    secured = {
        "server.tls_cert": cert,
        "server.tls_key": key,
        "server.tokens_file": tmp_path / "tokens.toml",
        "peers.tls_ca": tmp_path / "ca.pem",
        "peers.token_file": tmp_path / "token",
    }
    running = up(data, "--split", *(f"--set={name}={value}" for name, value in secured.items()))

    with pmm_client.sync.connect(
        running.endpoint, token="operator-token-0123456789", tls_ca=ca.pem
    ) as client:
        mind = client.mind("ada")
        mind.create()
        assert "".join(mind.chat("My cat is called Miso."))
    assert pmm("down", "--data", data).returncode == exits.OK


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["server.tls_cert", "server.tls_key"], "peers.tls_ca"),
        (["peers.tls_ca"], "server.tls_cert"),
        (
            ["server.tls_cert", "server.tls_key", "peers.tls_ca", "server.tls_client_ca"],
            "server.tls_client_ca",
        ),
        (["server.tokens_file"], "peers.token_file"),
    ],
)
def test_four_processes_that_could_not_call_each_other_are_refused_with_what_to_set(
    data, tmp_path, given, named
):
    file = tmp_path / "any"
    file.write_text("")
    ended = pmm("up", "--split", "--data", data, "--port", 0, *(f"--set={name}={file}" for name in given))

    assert ended.returncode == exits.USAGE
    assert named in ended.stderr
