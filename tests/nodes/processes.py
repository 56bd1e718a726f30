"""Processes of one hall on one PostgreSQL database, started as an operator starts them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.repository import ROOT

START_S = 60.0


@dataclass
class Running:
    """One process, alive until it is ended; `said` is its first line."""

    process: asyncio.subprocess.Process
    said: dict[str, Any]
    log: Path

    @property
    def node_id(self) -> str:
        """What it is called among the nodes."""
        return (Path(self.said["data_dir"]) / "node.id").read_text().strip()

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send it a signal and wait until it is gone; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
        async with asyncio.timeout(START_S):
            return await self.process.wait()

    def events(self) -> list[str]:
        """The events in its log, in order."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [str(json.loads(line).get("event")) for line in lines]


class Machines:
    """Where the hall's processes run; each has a data folder of its own."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self._folder = folder
        self._settings: Mapping[str, str] = {
            "DATABASE_URL": database_url,
            "SECRET_KEY_FILE": str(folder / "secret.key"),
            "BLOBS": f"file://{folder / 'files'}",
            "RUNTIME": "rehearsal",
            "REGISTRATION": "open",
            "LOG_FORMAT": "json",
            "LEASE_S": "6",
            **settings,
        }
        self._all: list[Running] = []

    def with_settings(self, **settings: str) -> "Machines":
        """These, with more settings for all that is started from now on."""
        self._settings = {**self._settings, **settings}
        return self

    async def start(self, command: str, name: str, *options: str, **settings: str) -> Running:
        """Start `hiringhall serve` or `hiringhall worker`; it is at work when this returns."""
        log = self._folder / f"{name}.log"
        given = {**self._settings, **settings}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HIRINGHALL_")}
        environment |= {f"HIRINGHALL_{key}": value for key, value in given.items()}
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hiringhall.cli.main", command, "--json",
                "--data-dir", str(self._folder / name), *options,
                cwd=ROOT, env=environment, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=said,
            )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        running = Running(process, json.loads(line or "{}"), log)
        self._all.append(running)
        assert line or process.returncode is not None or await process.wait(), "it never ran"
        return running

    async def serve(self, name: str = "server", **settings: str) -> Running:
        return await self.start("serve", name, "--port", "0", **settings)

    async def work(self, name: str, **settings: str) -> Running:
        return await self.start("worker", name, **settings)

    async def end_all(self) -> None:
        for running in self._all:
            await running.end()
