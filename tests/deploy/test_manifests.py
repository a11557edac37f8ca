"""What the manifests promise beyond being valid."""

from __future__ import annotations

import pytest

from tests.deploy.manifests import (
    FOLDERS,
    ROOT,
    SERVICES,
    container,
    entrypoint,
    environment,
    mounts,
    needs_kubectl,
    objects,
    of_kind,
    pod,
    stages,
    workload,
)
from tools.check_kubernetes import MANIFESTS, VERSIONS, folders, problems
from tools.kubernetes_secrets import GRANTS

pytestmark = needs_kubectl

EVERY_FOLDER = pytest.mark.parametrize("folder", FOLDERS)
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
STATEFUL = ("ledger", "memory")


def test_the_tests_know_every_overlay() -> None:
    assert [str(path.relative_to(MANIFESTS)) for path in folders()] == list(FOLDERS)


@EVERY_FOLDER
@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_kubernetes_knows(folder: str, version: str) -> None:
    assert list(problems(objects(folder), version)) == []


@EVERY_FOLDER
@EVERY_SERVICE
def test_a_service_that_keeps_files_has_a_volume_and_the_others_have_none(folder: str, service: str) -> None:
    assert workload(folder, service)["kind"] == ("StatefulSet" if service in STATEFUL else "Deployment")
    assert ("emptyDir" in mounts(folder, service)["/data"]) == (service not in STATEFUL)


@EVERY_FOLDER
def test_ledger_and_orchestrator_never_run_twice(folder: str) -> None:
    assert workload(folder, "ledger")["spec"]["replicas"] == 1
    assert workload(folder, "orchestrator")["spec"]["replicas"] == 1
    assert workload(folder, "orchestrator")["spec"]["strategy"] == {"type": "Recreate"}


@EVERY_FOLDER
def test_deleting_the_ledger_keeps_its_volume(folder: str) -> None:
    policy = workload(folder, "ledger")["spec"]["persistentVolumeClaimRetentionPolicy"]

    assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}


@EVERY_FOLDER
@EVERY_SERVICE
def test_a_pod_may_do_nothing_that_it_need_not(folder: str, service: str) -> None:
    spec = pod(folder, service)

    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(folder, service)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"/data", "/tmp"} <= set(mounts(folder, service))


@EVERY_FOLDER
@EVERY_SERVICE
def test_a_container_starts_its_image_as_the_image_starts_itself(folder: str, service: str) -> None:
    spec = container(folder, service)

    assert spec["image"].partition(":")[0] == f"pmm-{service}"
    assert service in stages()
    assert spec["command"] == entrypoint(service)
    assert "args" not in spec


@EVERY_FOLDER
@EVERY_SERVICE
def test_probes_ask_the_service_on_a_declared_port(folder: str, service: str) -> None:
    spec = container(folder, service)
    ports = {port["name"]: port["containerPort"] for port in spec["ports"]}
    full_name = f"pmm.{service}.v1.{service.title()}Service"

    assert [spec[probe]["grpc"]["port"] for probe in PROBES] == [ports["health"]] * 3
    assert [spec[probe]["grpc"].get("service", "") for probe in PROBES] == [full_name, full_name, ""]
    assert environment(folder, service)["PMM_SERVER__PORT"] == str(ports["grpc"])
    assert environment(folder, service)["PMM_SERVER__HEALTH_PORT"] == str(ports["health"])


@EVERY_FOLDER
@EVERY_SERVICE
def test_a_pod_has_time_to_drain_and_flush(folder: str, service: str) -> None:
    drain = float(environment(folder, service)["PMM_SERVER__DRAIN_SECONDS"])

    assert pod(folder, service)["terminationGracePeriodSeconds"] >= drain + 10


@EVERY_FOLDER
@EVERY_SERVICE
def test_a_container_says_what_it_needs_and_cannot_take_the_nodes_memory(folder: str, service: str) -> None:
    resources = container(folder, service)["resources"]

    assert {"cpu", "memory"} <= set(resources["requests"])
    assert "memory" in resources["limits"]


@EVERY_FOLDER
@EVERY_SERVICE
def test_a_headless_service_leads_to_the_pods_by_the_name_that_the_others_call(
    folder: str, service: str
) -> None:
    (found,) = [item for item in of_kind(folder, "Service") if item["metadata"]["name"] == service]
    (port,) = found["spec"]["ports"]
    labels = workload(folder, service)["spec"]["template"]["metadata"]["labels"]
    peers = environment(folder, "orchestrator")

    assert found["spec"]["clusterIP"] == "None"
    assert found["spec"]["selector"].items() <= labels.items()
    assert port["targetPort"] == "grpc"
    if service != "orchestrator":
        assert peers[f"PMM_PEERS__{service.upper()}"] == f"{service}:{port['port']}"


@EVERY_FOLDER
def test_the_network_lets_through_those_calls_that_the_tokens_allow(folder: str) -> None:
    policies = {item["metadata"]["name"]: item["spec"] for item in of_kind(folder, "NetworkPolicy")}

    assert policies["deny-all"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policies["deny-all"]
    for service in ("ledger", "memory", "inference"):
        (rule,) = policies[service]["ingress"]
        callers = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in rule["from"]}
        assert callers == set(GRANTS[service])


def test_the_local_overlay_takes_images_from_the_machine() -> None:
    for service in SERVICES:
        spec = container("overlays/local", service)
        assert (spec["image"], spec["imagePullPolicy"]) == (f"pmm-{service}:local", "Never")


def test_the_base_names_the_release() -> None:
    version = (ROOT / "pyproject.toml").read_text().split('version = "', 1)[1].split('"', 1)[0]

    assert {container("base", service)["image"] for service in SERVICES} == {
        f"pmm-{service}:{version}" for service in SERVICES
    }
