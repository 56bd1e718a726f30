"""From the name in the settings to a provider: exactly the one that was named, or an error."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.docker import Docker
from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.kubernetes.api import Access
from hiringhall.workers.sandboxes.port import SandboxError, SandboxProvider
from hiringhall.workers.sandboxes.process import ProcessUnsafe
from hiringhall.workers.sandboxes.pulse import Pulse

NAMES = (Bubblewrap.name, Docker.name, Kubernetes.name, ProcessUnsafe.name)

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Engines:
    """Where container engines are, and what they run. `owner` names this node for ever.

    `root` is the node's data folder, which the claim of a cluster holds.
    """

    owner: str
    root: Path
    image: str
    docker_socket: str
    kubernetes_url: str
    kubernetes_namespace: str
    kubernetes_claim: str | None


def choose_sandbox(
    name: str,
    *,
    forbidden: Sequence[Path],
    engines: Engines | None = None,
    silence_s: float | None = None,
) -> SandboxProvider:
    """Raises `SandboxError` for an unknown name, or one whose settings are missing.

    `forbidden` are the hall's own folders, which no role may mount into a sandbox; `silence_s` is
    after how long a process that does not run loses its sandboxes. Nothing is chosen in a named
    provider's stead: whether it works here is for its `probe` to say.
    """
    if name == Bubblewrap.name:
        return Bubblewrap(forbidden=forbidden, silence_s=silence_s)
    if name == ProcessUnsafe.name:
        return ProcessUnsafe(silence_s=silence_s)
    if name in (Docker.name, Kubernetes.name) and engines is None:
        raise SandboxError(f"{name} has to be told where its engine is.")
    if name == Docker.name and engines is not None:
        return Docker(
            socket=engines.docker_socket,
            image=engines.image,
            owner=engines.owner,
            pulse=Pulse(engines.root / "alive", silence_s),
            forbidden=forbidden,
        )
    if name == Kubernetes.name and engines is not None:
        return _kubernetes(engines, silence_s)
    if name == "process":
        raise SandboxError(
            "A sandbox that isolates nothing goes by the name `process-unsafe` only."
        )
    raise SandboxError(f"No sandbox is called {name!r}; there are {', '.join(NAMES)}.")


def _kubernetes(engines: Engines, silence_s: float | None) -> Kubernetes:
    if engines.kubernetes_claim is None:
        raise SandboxError(
            "kubernetes needs HIRINGHALL_KUBERNETES_CLAIM: the volume claim that holds the data "
            "folder, which Pods share with the hall."
        )
    access = Access(
        engines.kubernetes_url,
        engines.kubernetes_namespace,
        SERVICE_ACCOUNT / "token",
        SERVICE_ACCOUNT / "ca.crt",
    )
    return Kubernetes(
        access,
        image=engines.image,
        owner=engines.owner,
        claim=engines.kubernetes_claim,
        root=engines.root,
        pulse=Pulse(engines.root / "alive", silence_s),
    )
