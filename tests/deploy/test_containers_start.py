"""Every container's command, started exactly as its manifest states it, and probed as the kubelet would.

Only what a container runtime would supply is put in: the volumes and secrets are folders of this machine, the
ports are free ones, and a peer's name is this machine's. The environment is the image's and the manifest's
and nothing else, a package that the image lacks cannot be imported, and writes outside of the volumes fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pmm.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from pmm.orchestrator.v1 import orchestrator_pb2, orchestrator_pb2_grpc
from tests.deploy.manifests import (
    ROOT,
    SERVICES,
    container,
    environment,
    image_environment,
    missing_modules,
    mounts,
    needs_kubectl,
    pod,
)
from tests.support.ports import free_port
from tools import kubernetes_secrets

pytestmark = [needs_kubectl, pytest.mark.timeout(180)]

FOLDER = "overlays/local"
START_SECONDS = 60
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
SERVING = health_pb2.HealthCheckResponse.SERVING


@dataclass
class Containers:
    """The four, as they run here."""

    root: Path
    ports: dict[int, int]
    """Port of the manifests to port of this machine; each service has a health port of its own."""
    token: str
    ca: bytes
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    health: dict[str, int] = field(default_factory=dict)

    def channel(self, service: str) -> grpc.Channel:
        """To a service by TLS, as a client has it."""
        port = self.ports[int(environment(FOLDER, service)["PMM_SERVER__PORT"])]
        return grpc.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(self.ca))

    @property
    def authorized(self) -> tuple[tuple[str, str], ...]:
        """The operator's metadata."""
        return (("authorization", f"Bearer {self.token}"),)


def mounted(root: Path, service: str, secrets: dict[str, dict[str, str]]) -> dict[str, Path]:
    """Folders in place of the pod's volumes, by mount path, secrets filled in."""
    found: dict[str, Path] = {}
    for path, volume in mounts(FOLDER, service).items():
        folder = found[path] = root / service / path.strip("/").replace("/", "-")
        folder.mkdir(parents=True)
        for source in volume.get("projected", {}).get("sources", []):
            held = secrets.get(source["secret"]["name"])
            if held is None and source["secret"].get("optional"):
                continue
            for item in source["secret"]["items"]:
                (folder / item["path"]).write_text((held or {})[item["key"]])
    return found


def translated(value: str, folders: dict[str, Path], ports: dict[str, str]) -> str:
    """A value of the manifest with paths, ports and peers of this machine."""
    for path, folder in folders.items():
        if value == path or value.startswith(f"{path}/"):
            return str(folder) + value.removeprefix(path)
    name, _, port = value.rpartition(":")
    if name in SERVICES:
        return f"localhost:{ports[port]}"
    return ports.get(value, value)


def walls(service: str, writable: list[Path]) -> dict[str, str]:
    """What keeps a process to the packages of its image and to its volumes."""
    python_path = [Path(__file__).parent / "container", ROOT, ROOT / "clients" / "python"]
    return {
        "PYTHONPATH": os.pathsep.join(map(str, python_path)),
        "CONTAINER_FORBIDDEN": ",".join(sorted(missing_modules(service))),
        "CONTAINER_WRITABLE": os.pathsep.join(map(str, writable)),
        "TMPDIR": str(writable[-1]),
    }


def start(running: Containers, service: str, secrets: dict[str, dict[str, str]]) -> None:
    spec = container(FOLDER, service)
    folders = mounted(running.root, service, secrets)
    declared = {port["name"]: port["containerPort"] for port in spec["ports"]}
    running.health[service] = free_port()
    ports = {str(there): str(here) for there, here in running.ports.items()}
    ports[str(declared["health"])] = str(running.health[service])
    given = image_environment(service) | environment(FOLDER, service)
    variables = {name: translated(value, folders, ports) for name, value in given.items()}
    command = [*spec["command"], *spec.get("args", [])]
    assert command[0] == "python"
    log = (running.root / f"{service}.log").open("wb")
    with log:
        running.processes[service] = subprocess.Popen(
            [sys.executable, *command[1:]],
            env=variables | walls(service, [folders["/data"], folders["/tmp"]]),
            cwd=folders["/tmp"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def wait_until_serving(running: Containers, service: str) -> None:
    """Follow the startup probe's own question until the answer is SERVING."""
    probe = container(FOLDER, service)["startupProbe"]["grpc"]
    request = health_pb2.HealthCheckRequest(service=probe["service"])
    quick = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
    process = running.processes[service]
    with grpc.insecure_channel(f"127.0.0.1:{running.health[service]}", quick) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=START_SECONDS, wait_for_ready=True)
        # Whoever has died need not be waited for.
        threading.Thread(target=lambda: (process.wait(), watch.cancel()), daemon=True).start()
        try:
            assert any(answer.status == SERVING for answer in watch)
        except grpc.RpcError:
            log = (running.root / f"{service}.log").read_text()
            pytest.fail(f"{service} did not come to serve (exit code {process.poll()}):\n{log}")


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    root = tmp_path_factory.mktemp("containers")
    kubernetes_secrets.make(root / "secrets")
    made: list[dict[str, Any]] = json.loads((root / "secrets" / "secrets.json").read_text())["items"]
    secrets = {item["metadata"]["name"]: item["stringData"] for item in made}
    ports = {int(environment(FOLDER, service)["PMM_SERVER__PORT"]): free_port() for service in SERVICES}
    token, ca = (root / "secrets" / "token").read_text(), (root / "secrets" / "ca.crt").read_bytes()
    running = Containers(root, ports, token, ca)
    with ExitStack() as stack:
        for service in SERVICES:
            start(running, service, secrets)
            stack.callback(running.processes[service].wait)
            stack.callback(running.processes[service].kill)
        for service in SERVICES:
            wait_until_serving(running, service)
        yield running


@pytest.mark.parametrize(
    ("code", "error"), [("import pytest", "not in the image"), ("open('file', 'w')", "Read-only file system")]
)
def test_the_walls_of_these_containers_hold(tmp_path: Path, code: str, error: str) -> None:
    inside = tmp_path / "volume"
    inside.mkdir()
    tried = subprocess.run(
        [sys.executable, "-c", code],
        env=walls("ledger", [inside]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert tried.returncode == 1
    assert error in tried.stderr


@EVERY_SERVICE
@pytest.mark.parametrize("probe", PROBES)
def test_every_probe_succeeds(containers: Containers, service: str, probe: str) -> None:
    stated = container(FOLDER, service)[probe]
    request = health_pb2.HealthCheckRequest(service=stated["grpc"].get("service", ""))

    with grpc.insecure_channel(f"127.0.0.1:{containers.health[service]}") as channel:
        timeout = stated.get("timeoutSeconds", 1)
        answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout, wait_for_ready=True)

    assert answer.status == SERVING


def test_a_call_without_a_token_is_refused(containers: Containers) -> None:
    with containers.channel("ledger") as channel, pytest.raises(grpc.RpcError) as caught:
        ledger_pb2_grpc.LedgerServiceStub(channel).GetHead(
            ledger_pb2.GetHeadRequest(mind_id="nobody"), timeout=10
        )

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED  # type: ignore[attr-defined]


def test_a_turn_goes_through_all_four_with_the_certificates_and_tokens_that_are_mounted(
    containers: Containers,
) -> None:
    with containers.channel("orchestrator") as channel:
        stub = orchestrator_pb2_grpc.OrchestratorServiceStub(channel)
        stub.CreateMind(
            orchestrator_pb2.CreateMindRequest(mind_id="ana"), metadata=containers.authorized, timeout=20
        )
        request = orchestrator_pb2.ConverseRequest(mind_id="ana", text="My sister lives in Porto.")
        parts = list(stub.Converse(request, metadata=containers.authorized, timeout=20))

    assert parts[-1].WhichOneof("part") == "completed"
    assert parts[-1].completed.warnings == []


def test_no_container_logs_what_was_said(containers: Containers) -> None:
    assert [
        service for service in SERVICES if "Porto" in (containers.root / f"{service}.log").read_text()
    ] == []


def test_sigterm_ends_every_container_with_0_within_its_grace_period(containers: Containers) -> None:
    codes: dict[str, int] = {}
    for service in reversed(SERVICES):
        containers.processes[service].terminate()
        codes[service] = containers.processes[service].wait(
            pod(FOLDER, service)["terminationGracePeriodSeconds"]
        )

    assert codes == dict.fromkeys(SERVICES, 0)
