"""`make bench`: what the hall costs beside a bare floor, in the same run; a table, and JSON.

make bench                          everything: a million tasks, both databases, three rounds
make bench ARGS="--quick"           under a minute or two, without the million
make bench ARGS="--only sqlite"     one section: sqlite, postgresql, runs, idle, restart
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.engine import idle, restart, runs
from bench.figures import Line, comparison
from bench.fill import fill_postgres, filled_file
from bench.processes import BenchError, Load, start_floor, start_hall
from bench.racing import KINDS, Racer, Results, race
from bench.scale import FULL, QUICK, TINY, Scale
from tests.support.postgres import start_server

RESULTS = Path(__file__).parent / "results"
TARGETS = {"GET": 1.4, "POST": 1.5}
MILLION_TARGET = 1.15
SECTIONS = ("sqlite", "postgresql", "runs", "idle", "restart")

Say = Callable[[str], None]


def main() -> int:
    """Measure what was asked for; 0 when every target of it is reached, else 1."""
    options = _options()
    scale = {"full": FULL, "quick": QUICK, "tiny": TINY}[options.scale]
    console = Console(stderr=True)
    lines: list[Line] = []
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as folder:
        for section in options.only or SECTIONS:
            console.print(f"[bold]{section}[/bold]")
            measure = _MEASURES[section]
            lines += measure(Path(folder) / section, scale, options.rounds, console.print)
    _show(lines)
    path = _write(lines, options.scale, options.rounds)
    console.print(f"{time.monotonic() - begun_s:.0f} s; written to {path}")
    return 0 if all(line.verdict != "missed" for line in lines) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument(
        "--quick", dest="scale", action="store_const", const="quick", default="full",
        help="small counts, no million",
    )  # fmt: skip
    parser.add_argument(
        "--tiny", dest="scale", action="store_const", const="tiny",
        help="so little that only the bench itself is tested",
    )  # fmt: skip
    parser.add_argument("--only", action="append", choices=SECTIONS, help="one section, or more")
    return parser.parse_args()


def _sqlite(folder: Path, scale: Scale, rounds: int, say: Say) -> list[Line]:
    with ExitStack() as opened:
        load = opened.enter_context(Load(folder))
        racers: dict[str, Racer] = {}
        filled = filled_file(scale.thousand)
        hall = folder / "hall"
        filled.copy_to(hall / "hall.db")
        racers["hall"] = Racer(opened.enter_context(start_hall(hall)), filled.population)
        url = filled.copy_to(folder / "floor" / "hall.db")
        racers["floor"] = Racer(
            opened.enter_context(start_floor(folder / "floor", url)), filled.population
        )
        if scale.million:
            say(f"  filling {scale.million:,} tasks, or finding them filled")
            many = filled_file(scale.million)
            hall = folder / "million"
            many.copy_to(hall / "hall.db")
            racers["million"] = Racer(opened.enter_context(start_hall(hall)), many.population)
        results = race(load, racers, scale, rounds=rounds, say=lambda text: say(f"  {text}"))
        lines = list(_compared("SQLite", results, scale))
        memory_mib = racers["hall"].server.memory_bytes() / (1 << 20)
        return [*lines, Line("SQLite: memory of the hall after the load", memory_mib, "MiB")]


def _postgresql(folder: Path, scale: Scale, rounds: int, say: Say) -> list[Line]:
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        # The server is not root's, and its folder lies in here.
        for path in (folder.parent, folder):
            path.chmod(0o755)
    server = start_server(durable=True)
    try:
        with ExitStack() as opened:
            load = opened.enter_context(Load(folder))
            racers: dict[str, Racer] = {}
            for name, tasks in (
                ("hall", scale.thousand),
                ("floor", scale.thousand),
                ("million", scale.million),
            ):
                if not tasks:
                    continue
                say(f"  filling {tasks:,} tasks for {name}")
                url = _new_database(server.url, name)
                population = fill_postgres(url, tasks)
                started = (
                    start_floor(folder / name, url)
                    if name == "floor"
                    else start_hall(folder / name, database_url=url)
                )
                racers[name] = Racer(opened.enter_context(started), population)
            results = race(load, racers, scale, rounds=rounds, say=lambda text: say(f"  {text}"))
            return list(_compared("PostgreSQL", results, scale))
    finally:
        server.stop()


def _new_database(maintenance_url: str, name: str) -> str:
    import asyncio
    from urllib.parse import urlsplit

    import asyncpg

    async def create() -> None:
        connection = await asyncpg.connect(maintenance_url)
        try:
            await connection.execute(f'CREATE DATABASE "bench_{name}"')
        finally:
            await connection.close()

    asyncio.run(create())
    return urlsplit(maintenance_url)._replace(path=f"/bench_{name}").geturl()


def _compared(database: str, results: Results, scale: Scale) -> Iterator[Line]:
    for kind in KINDS:
        took = results[kind]
        yield comparison(
            f"{database}: {kind}, hall against floor, {scale.thousand:,} tasks",
            took["hall"],
            took["floor"],
            target=TARGETS[kind],
        )
    for kind in KINDS if "million" in results["GET"] else ():
        took = results[kind]
        yield comparison(
            f"{database}: {kind}, {scale.million:,} tasks against {scale.thousand:,}",
            took["million"],
            took["hall"],
            target=MILLION_TARGET,
        )


def _show(lines: list[Line]) -> None:
    columns = {"hall": "hall CPU", "against": "against", "hall_ms": "hall p50 / p99 ms"}
    columns |= {"against_ms": "against p50 / p99 ms"}
    table = Table("what", "measured", "at most", "", *columns.values())
    for line in lines:
        target = "" if line.target is None else f"{line.target:g} {line.unit}"
        cells = (line.cells.get(name, "") for name in columns)
        table.add_row(line.name, f"{line.value:.3g} {line.unit}", target, line.verdict, *cells)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _write(lines: list[Line], scale: str, rounds: int) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    path = RESULTS / f"{at:%Y%m%dT%H%M%S}-{scale}.json"
    told = {
        "at": at.isoformat(),
        "scale": scale,
        "rounds": rounds,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "lines": [{**asdict(line), "verdict": line.verdict} for line in lines],
    }
    path.write_text(json.dumps(told, indent=1))
    return path


_MEASURES: dict[str, Callable[[Path, Scale, int, Say], list[Line]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "runs": runs,
    "idle": idle,
    "restart": restart,
}

if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench: {error}")
