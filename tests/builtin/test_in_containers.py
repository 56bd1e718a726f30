"""The built-in agent in containers: whole runs of a hall whose sandboxes are an engine's."""

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_result
from hiringhall.workers.sandboxes import choose
from tests.builtin.conftest import OpenShop
from tests.builtin.test_story import LOOK, WRITE, reach, working
from tests.support import kubernetes_cluster
from tests.support.docker_engine import docker_engine
from tests.support.halls import post
from tests.support.kubernetes_cluster import CLAIM, NAMESPACE, TOKEN, cluster
from tests.support.models import model_server

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@contextlib.asynccontextmanager
async def _engine(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Any, dict[str, Any]]]:
    """An engine's stand-in, and the settings by which a hall uses it."""
    given: dict[str, Any] = {"sandbox": name, "sandbox_image": kubernetes_cluster.IMAGE}
    if name == "docker":
        async with docker_engine(folder) as engine:
            yield engine, {**given, "docker_socket": engine.socket}
        return
    (folder / "token").write_text(TOKEN)
    monkeypatch.setattr(choose, "SERVICE_ACCOUNT", folder)
    root = folder / "data"
    root.mkdir(mode=0o700)
    async with cluster(root) as nodes:
        yield (
            nodes,
            {
                **given,
                "kubernetes_url": nodes.url,
                "kubernetes_namespace": NAMESPACE,
                "kubernetes_claim": CLAIM,
            },
        )


@pytest.mark.parametrize("name", ["docker", "kubernetes"])
async def test_a_task_is_done_and_its_branch_pushed(
    open_shop: OpenShop, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _engine(name, tmp_path, monkeypatch) as (engine, settings):
        with model_server(*working(WRITE, LOOK)) as models:
            async with open_shop(models, **settings) as shop:
                assert shop.app.probe.ok, shop.app.probe.sentence
                task = await post(shop.app.hall, shop.ada, repository=str(shop.repository))
                await reach(shop, task.id, State.IN_REVIEW)
                result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
                assert result.text == "greeting.txt says Good day."
                assert shop.git("show", f"{branch_of(task.id)}:greeting.txt") == "Good day\n"
                assert (await audit_all(shop.app.hall.database)).ok
        assert models.problems == []
        assert len(engine.created) >= 3  # the probe, the agent's tools, and what took the work out
        assert not engine.containers
