"""`hiringhall webhooks`: from adding one to sending again what did not arrive."""

import asyncio
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.cli.outcome import Exit
from tests.cli.conftest import Shell
from tests.cli.people import Person
from tests.support.hooks import LOOPBACK
from tests.support.receiver import Receiver, receiving
from tests.support.served import ServedHall, served_hall

PATIENT = ("--timeout", "60")


@pytest.fixture
def hall(database_url: str, tmp_path: Path) -> Iterator[ServedHall]:
    with served_hall(
        tmp_path / "served", database_url=database_url, webhook_networks=LOOPBACK
    ) as hall:
        yield hall


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a loop of its own: the command line blocks the test's."""
    begun, stop = threading.Event(), asyncio.Event()
    found: list[tuple[Receiver, asyncio.AbstractEventLoop]] = []

    async def live() -> None:
        async with receiving() as receiver:
            found.append((receiver, asyncio.get_running_loop()))
            begun.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    assert begun.wait(60)
    receiver, loop = found[0]
    yield receiver
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)


def test_a_webhook_from_adding_to_removing(
    buyer: Person, receiver: Receiver, shell: Shell, tmp_path: Path
) -> None:
    made = buyer("webhooks", "add", "-", "--type", "task_created", stdin=f"{receiver.url}\n")
    hook = made.out.strip()
    stored = shell.home / ".config" / "hiringhall" / "webhooks" / f"{hook}.key"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    secret = stored.read_text().strip()
    assert secret.startswith("whsec_")
    assert secret not in made.out + made.err
    assert buyer("webhooks", "list").lines == [
        "\t".join((hook, "yes", "task_created", "-", receiver.url))
    ]

    assert "It arrived: 200" in buyer("webhooks", "test", hook, *PATIENT).out
    assert receiver.received[-1].verified(secret)
    receiver.answer(500, body=b"not now")
    failed = buyer("webhooks", "test", hook, *PATIENT, code=Exit.FAILED)
    assert "It did not arrive: 500" in failed.out
    newest = buyer("webhooks", "deliveries", hook).lines[0].split("\t")
    assert newest[1:5] == ["pending", "1", "ping", "-"]
    assert "not now" in buyer("webhooks", "delivery", hook, newest[0]).out
    receiver.answer(204, body=b"")
    again = buyer.json("webhooks", "redeliver", hook, newest[0], *PATIENT)
    assert (again["state"], again["attempts"]) == ("delivered", 2)
    assert buyer("webhooks", "deliveries", hook, "--state", "dead").out == ""

    other = tmp_path / "secret"
    renewed = buyer.json("webhooks", "rotate", hook, "--secret-to", str(other))
    assert "secret" not in renewed
    assert other.read_text().startswith("whsec_")
    assert other.read_text().strip() != secret
    buyer("webhooks", "test", hook, *PATIENT)
    assert receiver.received[-1].verified(secret)
    assert receiver.received[-1].verified(other.read_text().strip())

    assert "all" in buyer("webhooks", "change", hook, "--all-types", "-d", "For the chat").out
    assert "off" in buyer("webhooks", "change", hook, "--off").out
    assert "For the chat" in buyer("webhooks", "show", hook).out
    buyer("webhooks", "test", hook, code=Exit.REFUSED)
    buyer("webhooks", "change", hook, code=Exit.USAGE)
    buyer("webhooks", "remove", hook)
    buyer("webhooks", "show", hook, code=Exit.NOT_FOUND)
    assert buyer("webhooks", "list").out == ""


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(buyer: Person) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        hook = buyer("webhooks", "add", address, "--print-secret", "--json").json["id"]
        waiting = buyer("webhooks", "test", hook, "--timeout", "0", code=Exit.LATER)
        assert "on its way" in waiting.out


def test_what_cannot_be_an_address_is_refused(buyer: Person, tmp_path: Path) -> None:
    assert "no URL" in buyer("webhooks", "add", "ftp://x", code=Exit.REFUSED).err
    there = tmp_path / "there"
    there.write_text("mine")
    buyer("webhooks", "add", "https://x.example", "--secret-to", str(there), code=Exit.USAGE)
    assert there.read_text() == "mine"
    assert buyer("webhooks", "list").out == ""
