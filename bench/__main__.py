"""`make bench`: what the hall costs beside a bare floor in the same run; a table, and JSON."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from bench import (
    board,
    engine,
    gateway,
    pages,
    queue,
    races,
    report,
    requests,
    sandboxed,
    settlement,
    streams,
)
from bench.figures import Line
from bench.fill import Cache
from bench.places import Place, PostgresPlace, SqlitePlace
from bench.processes import BenchError
from bench.scale import FULL, QUICK, TINY, Plan

RESULTS = Path(__file__).parent / "results"
MEASURES: dict[str, Callable[[Plan, Place], Iterator[Line]]] = {
    "requests": requests.measure,
    "runs": engine.runs,
    "idle": engine.idle,
    "restart": engine.restart,
    "queue": queue.measure,
    "sandboxed": sandboxed.measure,
    "gateway": gateway.measure,
    "streams": streams.measure,
    "settlement": settlement.measure,
    "board": board.measure,
    "races": races.measure,
    "pages": pages.measure,
}
DATABASES = ("sqlite", "postgresql")
EXAMPLES = """\
make bench                                       everything, in some ten minutes
make bench ARGS="--quick"                        without the million, in under a minute
make bench ARGS="--only runs --on sqlite"        a part of it
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show and write down; 0 whatever the figures are, which no machine keeps to."""
    options = _options(arguments)
    scale = {"full": FULL, "quick": QUICK, "tiny": TINY}[options.scale]
    console = Console(stderr=True, highlight=False)
    begun_s = time.monotonic()
    lines: list[Line] = []
    with _work_folder(options.results) as work:
        plan = Plan(scale, options.rounds or scale.rounds, Path(work), console.print)
        for database in options.on or DATABASES:
            with _place(database, plan, options.results) as place:
                for name in options.only or MEASURES:
                    lines += MEASURES[name](plan, place)
    path = report.write(lines, plan, options.scale, options.results)
    report.show(lines)
    console.print(f"{time.monotonic() - begun_s:.0f} s. Written to {path}", soft_wrap=True)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sizes = parser.add_mutually_exclusive_group()
    for name, told in (
        ("quick", "small counts, and no million"),
        ("tiny", "so little that nothing but the bench itself is tested"),
    ):
        sizes.add_argument(f"--{name}", dest="scale", action="store_const", const=name, help=told)
    parser.add_argument("--only", action="append", choices=MEASURES, help="one measure, or more")
    parser.add_argument("--on", action="append", choices=DATABASES, help="one database of the two")
    parser.add_argument("--rounds", type=int, help="how often the servers take turns; 3 or more")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for what is written")
    parser.set_defaults(scale="full")
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < 3:
        parser.error("--rounds takes 3 or more: a median of fewer says nothing")
    return options


def _place(database: str, plan: Plan, results: Path) -> SqlitePlace | PostgresPlace:
    if database == "sqlite":
        return SqlitePlace(plan.work, Cache(results / "cache"))
    return PostgresPlace(plan.work)


def _work_folder(results: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder on the results' disk, removed at the end; what killed benches left is removed."""
    results.mkdir(parents=True, exist_ok=True)
    for left in results.glob("work-*"):
        if not Path(f"/proc/{left.name.split('-')[1]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"work-{os.getpid()}-", dir=results)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
