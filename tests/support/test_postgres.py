"""The tests' own server never outlives whoever asked for it, however that one ends."""

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.support.repository import ROOT

PATIENCE_S = 60.0

_OWNER = """
import time
from tests.support.postgres import start_server
print(start_server().url, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("killed", ["owner", "keeper"])
def test_the_server_ends_when_somebody_above_it_is_killed(killed: str) -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWNER], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert owner.stdout is not None
        server, folders = _look(owner.stdout.readline().decode().strip())
        ended = os.pidfd_open(server)
        os.kill(owner.pid if killed == "owner" else _parent_of(server), signal.SIGKILL)

        assert select.select([ended], [], [], PATIENCE_S)[0], f"the server outlived its {killed}"
        os.close(ended)
    finally:
        owner.kill()
        owner.communicate()
    if killed == "keeper":
        # Nobody is left to do it; a later server of the same user would, but not at once.
        for folder in folders:
            shutil.rmtree(folder)


def _look(url: str) -> tuple[int, set[Path]]:
    """The server's process id, and the folders of its cluster and its log."""
    server, cluster = asyncio.run(_ask(url))
    log = Path(f"/proc/{server}/fd/1").readlink()
    return server, {Path(cluster).parent, log.parent}


async def _ask(url: str) -> tuple[int, str]:
    connection = await asyncpg.connect(url)
    try:
        # The server is the parent of the process that serves this connection, while it is open.
        backend = await connection.fetchval("select pg_backend_pid()")
        return _parent_of(backend), await connection.fetchval("show data_directory")
    finally:
        await connection.close()


def _parent_of(pid: int) -> int:
    # The name in brackets may hold anything; after it come the state and the parent.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
