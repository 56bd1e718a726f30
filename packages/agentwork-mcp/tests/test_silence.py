"""An API that takes a request and never answers, or breaks off: said so, and what may have been."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from agentwork_mcp.client import AgentworkClient
from agentwork_mcp.config import Config
from agentwork_mcp.errors import Advice, CallFailed

pytestmark = pytest.mark.anyio

ADVICE = Advice(get_key="", after_timeout="It may have been taken all the same.")
KEY = "aw_live_0123456789"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def at(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_silence_ends(listener: socket.socket) -> None:
    async with AgentworkClient(Config(at(listener), timeout_s=0.2)) as client:
        with pytest.raises(CallFailed) as failed:
            await client.post("/tasks/", {}, api_key=KEY, advice=ADVICE)
    assert str(failed.value) == (
        f"{at(listener)} did not answer within 0.2 seconds. It may have been taken all the same."
    )


async def test_a_broken_connection_is_said_to_be_one(listener: socket.socket) -> None:
    def hang_up() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)

    thread = threading.Thread(target=hang_up, daemon=True)
    thread.start()
    async with AgentworkClient(Config(at(listener))) as client:
        with pytest.raises(CallFailed, match="broke before an answer came") as failed:
            await client.get("/tasks/x", api_key=KEY, advice=ADVICE)
    thread.join(60)
    assert KEY not in str(failed.value)
