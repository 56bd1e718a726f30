"""What a cluster is asked for, and what it may answer."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.kubernetes.api import Access
from hiringhall.workers.sandboxes.port import BadMount, Exit, ExitReason, SandboxError
from hiringhall.workers.sandboxes.pulse import PLACE, Pulse
from tests.sandboxes.inside import LIMITS, Inside
from tests.support import kubernetes_cluster
from tests.support.kubernetes_cluster import CLAIM, NAMESPACE, POLICY, TOKEN, Cluster, cluster

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path) as nodes:
        yield nodes


@pytest.fixture
async def podded(nodes: Cluster, tmp_path: Path) -> AsyncIterator[Inside]:
    provider = _provider(nodes, tmp_path)
    yield Inside(provider, tmp_path)
    await provider.close()


def _provider(nodes: Cluster, folder: Path, **more: Any) -> Kubernetes:
    token = folder / "token"
    token.write_text(TOKEN)
    access = Access(more.pop("url", nodes.url), NAMESPACE, token, folder / "no-ca")
    known: dict[str, Any] = {
        "image": kubernetes_cluster.IMAGE,
        "owner": "o",
        "claim": CLAIM,
        "root": folder,
        "pulse": Pulse(folder / "alive", None),
    }
    return Kubernetes(access, **{**known, **more})


async def test_what_a_pod_may_do(podded: Inside, nodes: Cluster) -> None:
    await podded.shell("true", environment={"A": "$(HOME)"})
    (manifest,) = nodes.created
    spec = manifest["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] > LIMITS.wall_s
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["resources"]["limits"]["memory"] == str(LIMITS.memory_bytes)
    assert {"name": "A", "value": "$$(HOME)"} in container["env"]
    assert [one["mountPath"] for one in container["volumeMounts"] if "subPath" in one] == [
        "/workspace",
        "/session",
        PLACE,
    ]
    assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "hiringhall"


async def test_what_a_pod_cannot_have_is_refused(podded: Inside, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot reach the hall's sockets"):
        await podded.shell("true", sockets=tmp_path, relays={"work.sock": 7101})
    with pytest.raises(BadMount, match="in the image"):
        podded.provider.check_mounts([(tmp_path, "/data")])
    with pytest.raises(SandboxError, match="in the image"):
        await podded.shell("true", read_only=[(tmp_path, "/data")])
    elsewhere = Inside(_provider(Cluster(tmp_path), tmp_path, root=tmp_path / "x"), tmp_path)
    with pytest.raises(SandboxError, match="not in the hall's data folder"):
        await elsewhere.shell("true")


_OPEN = {"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}}
_OTHERS = {"spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}}


@pytest.mark.parametrize(
    ("policies", "ok"),
    [
        ([POLICY], True),
        ([{"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}, _OTHERS], True),
        ([], False),
        ([_OTHERS], False),
        ([POLICY, _OPEN], False),
        ([{"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}], False),
        ([{"spec": {"podSelector": 7}}], False),
    ],
)
async def test_no_pod_runs_without_a_policy_that_lets_nothing_through(
    podded: Inside, nodes: Cluster, policies: list[Any], ok: bool
) -> None:
    nodes.policies = policies
    probe = await podded.provider.probe()
    assert probe.ok is ok, probe.sentence
    assert ok or "NetworkPolicy" in probe.sentence


async def test_memory_of_a_pod_that_runs_out_is_said(podded: Inside, nodes: Cluster) -> None:
    nodes.memory_runs_out = True
    went = await podded.shell("kill -9 $$")
    assert went.exit == Exit(137, ExitReason.OUT_OF_MEMORY, 1)


async def test_a_cluster_that_is_not_there_or_cannot_begin_a_pod(
    nodes: Cluster, tmp_path: Path
) -> None:
    for provider, why in (
        (_provider(nodes, tmp_path, url="http://127.0.0.1:9"), "does not answer"),
        (_provider(nodes, tmp_path, image="none"), "ImagePullBackOff"),
        (_provider(nodes, tmp_path, claim="none"), "persistentvolumeclaim"),
    ):
        probe = await provider.probe()
        assert not probe.ok
        assert why in probe.sentence
        await provider.close()
    assert not nodes.containers
    provider = _provider(nodes, tmp_path)
    (tmp_path / "token").write_text("another")
    assert "Unauthorized" in (await provider.probe()).sentence
    await provider.close()
