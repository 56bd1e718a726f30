"""`make chaos`: kill -9 a hall two hundred times in a mixed workload, and tell what it survived."""

import argparse
import asyncio
import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from bench.chaos.campaign import Campaign, Orders, Outcome
from tests.support.postgres import start_server

_SECONDS_A_KILL = 20
"""What a kill may take at most, on a loaded machine: past that the whole is given up."""


def main() -> int:
    """Run the campaigns; 1 when anything was lost, doubled, late or left."""
    options = _options()
    # Told to stop, it clears up as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"seed {options.seed} (again: make chaos ARGS='--seed {options.seed}')", flush=True)
    lack = _lack_of_sandbox()
    if lack:
        print(f"No command is run, and so none is killed: {lack}", flush=True)
    databases = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    outcomes: dict[str, Outcome] = {}
    for number, name in enumerate(databases):
        kills = (options.kills + number) // len(databases)
        with _folder(name) as folder, _database(name, folder) as url:
            orders = Orders(
                name=name,
                folder=folder,
                seed=options.seed,
                kills=kills,
                database_url=url,
                with_commands=not lack,
                restart_s=options.restart_s,
            )
            outcomes[name] = asyncio.run(_carry_out(orders))
            if outcomes[name].violations:
                _keep(folder)
    _print_table(outcomes)
    return 1 if any(outcome.violations or outcome.late for outcome in outcomes.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument(
        "--kills", type=int, default=200, help="kill points, shared by the databases [200]"
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="[by the clock]")
    parser.add_argument(
        "--restart-s", type=float, default=5.0, help="seconds in which it must be ready [5]"
    )
    return parser.parse_args()


async def _carry_out(orders: Orders) -> Outcome:
    campaign = Campaign(orders, lambda line: print(f"{orders.name} {line}", flush=True))
    try:
        async with asyncio.timeout(120 + orders.kills * _SECONDS_A_KILL):
            return await campaign.run()
    except TimeoutError:
        campaign.outcome.violations.append("the campaign did not come to its end in time")
        return campaign.outcome


def _lack_of_sandbox() -> str:
    """Why no command can be run isolated here; empty when it can."""
    trial = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    if shutil.which(trial[0]) is None:
        return "bubblewrap is not installed."
    ended = subprocess.run(trial, capture_output=True, text=True, timeout=60, check=False)
    return "" if ended.returncode == 0 else ended.stderr.strip()


@contextlib.contextmanager
def _folder(name: str) -> Generator[Path]:
    """A folder for one campaign; gone afterwards, unless `_keep` moved it."""
    folder = Path(tempfile.mkdtemp(prefix=f"hiringhall-chaos-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(folder: Path) -> None:
    kept = folder.with_name(f"{folder.name}-kept")
    folder.rename(kept)
    print(f"{folder.name}: kept for study in {kept}", flush=True)


@contextlib.contextmanager
def _database(name: str, folder: Path) -> Generator[str | None]:
    """Where the hall keeps its rows: in its folder, or on a server that syncs each commit."""
    if name == "sqlite":
        yield None
        return
    server = start_server(durable=True)
    try:
        yield server.url
    finally:
        server.stop()


def _print_table(outcomes: dict[str, Outcome]) -> None:
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at the end")
    for name, outcome in outcomes.items():
        counts, restarts = outcome.counts, outcome.restarts_s or [0.0]
        cleared, settled = outcome.cleared_s or [0.0], outcome.settled_s or [0.0]
        print(
            f"\n{name}: {outcome.kills.total()} kill points, {len(outcome.violations)} violations"
        )
        for aim, count in outcome.kills.most_common():
            print(f"  {count:4}  {aim}")
        print(f"  ready again       p50 {_s(restarts, 0.5)}  p99 {_s(restarts, 0.99)}"
              f"  max {max(restarts):.2f} s, {outcome.late} too late")  # fmt: skip
        print(f"  nothing of it left  p50 {_s(cleared, 0.5)}  max {max(cleared):.2f} s")
        print(f"  all tasks at their end and all folders empty  max {max(settled):.1f} s")
        print(f"  {counts['tasks']} tasks, {counts['completed']} completed; "
              f"{counts['acknowledged']} words acknowledged, "
              f"{counts['unanswered']} requests without an answer and repeated")  # fmt: skip
        for violation in outcome.violations:
            print(f"  VIOLATION  {violation}")


def _s(values: list[float], share: float) -> str:
    """The smallest value that at least a share of all do not exceed."""
    return f"{sorted(values)[max(0, math.ceil(share * len(values)) - 1)]:.2f} s"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
