"""The table of a run of the bench, and the JSON that it is kept as."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Line
from bench.scale import Plan

_CELLS = {
    "hall": "CPU",
    "against": "against",
    "hall_ms": "p50 / p99 ms",
    "against_ms": "against",
}
_STYLES = {"reached": "green", "missed": "red"}
_WIDE = 190


def show(lines: Sequence[Line]) -> None:
    """Print every line with its figure, what it is held to, and the verdict."""
    table = Table(box=None, pad_edge=False)
    table.add_column("what")
    for header in ("figure", "to reach"):
        table.add_column(header, justify="right")
    table.add_column("")
    for header in _CELLS.values():
        table.add_column(header, justify="right")
    for line in lines:
        bound = "at least" if line.at_least else "at most"
        target = "" if line.target is None else f"{bound} {line.target:g} {line.unit}"
        verdict = f"[{_STYLES[line.verdict]}]{line.verdict}[/]" if line.verdict else ""
        cells = (line.cells.get(name, "") for name in _CELLS)
        table.add_row(line.name, f"{line.value:.3g} {line.unit}", target, verdict, *cells)
    # In a file or a pipe no line is to be broken.
    Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False).print(table)


def write(lines: Sequence[Line], plan: Plan, scale: str, folder: Path) -> Path:
    """Keep the figures with what is needed to judge them; the file."""
    at = datetime.now(UTC)
    path = folder / f"{at:%Y%m%dT%H%M%S}-{scale}.json"
    told = {
        "at": at.isoformat(),
        "scale": scale,
        "rounds": plan.rounds,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "lines": [{**asdict(line), "verdict": line.verdict} for line in lines],
    }
    path.write_text(json.dumps(told, indent=1))
    return path
