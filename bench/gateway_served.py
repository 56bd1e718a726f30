"""The two programs that a streamed call is measured between: a model server, and the gateway.

`python -m bench.gateway_served models` serves the tests' own model server;
`python -m bench.gateway_served hall DATABASE_URL SOCKET MODEL_URL` one run's gateway at a socket,
on the loop and the protocol that a hall serves with. Each says where it is in a line of JSON, and
lives until it is ended.
"""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Sequence

import uvicorn
import uvloop

from hiringhall.actions.runs import working
from hiringhall.app import now_us
from hiringhall.hall import Rules
from hiringhall.store.database import open_database
from hiringhall.workers.gateway import Endpoint, Gateway, PriceTable, Provider
from tests.gateway.clients import PRICE
from tests.support.halls import QuietEngine, make_hall, post, sign_up
from tests.support.models import Turn, model_server

WORDS = "So this is what the model has to say about it. " * 20


def _say(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)


def models() -> None:
    """Serve a model that says the same to everybody."""
    with model_server(Turn(WORDS)) as server:
        _say(server.url)
        signal.sigwait({signal.SIGTERM})


async def hall(database_url: str, path: str, model_url: str) -> None:
    """Serve the gateway of one run that is at work."""
    database = await open_database(database_url)
    rules = Rules(credits_per_day=2**50)
    made = make_hall(database, clock=now_us, engine=QuietEngine(), rules=rules)
    await post(made, await sign_up(made, "the-agents-poster"))
    run = await working.claim_next_run(made, node_id="bench", lease_s=600, runtimes=["rehearsal"])
    assert run is not None
    brief = await working.start_run(made, token=run.token)
    endpoint = Endpoint(Provider.ANTHROPIC, model_url, "a-key")
    gateway = Gateway(made, endpoints={Provider.ANTHROPIC: endpoint}, prices=PriceTable({}, PRICE))
    config = uvicorn.Config(
        gateway.app_for(brief), lifespan="off", log_level="error", access_log=False
    )
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        _say(f"http://{path}")
        await uvicorn.Server(config).serve(sockets=[listener])
    await gateway.close()
    await database.close()


def main(arguments: Sequence[str]) -> None:
    """One of the two."""
    if arguments[0] == "models":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        models()
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(hall(*arguments[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
