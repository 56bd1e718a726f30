"""The `docker` provider: each run in a container of a Docker Engine, or of what speaks its API."""

from hiringhall.workers.sandboxes.docker.provider import Docker

__all__ = ["Docker"]
