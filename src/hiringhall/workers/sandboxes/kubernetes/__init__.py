"""The `kubernetes` provider: each run in a Pod of a namespace that lets nothing out."""

from hiringhall.workers.sandboxes.kubernetes.provider import Kubernetes

__all__ = ["Kubernetes"]
