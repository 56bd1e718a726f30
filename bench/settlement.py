"""Settlement: money held and released, cycle after cycle, beside a floor that does only that."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec

from bench.cycles import Prepared
from bench.figures import Line
from bench.pgbench import PgBench
from bench.places import Made, Place
from bench.processes import Child
from bench.scale import Plan
from bench.settling import Done, Job

AT_ONCE = 16
OF_PGBENCH = 0.35
OF_ONE_ROUND_TRIP = 0.5
_DEADLINE_S = 300.0

Turn = Callable[[int, int], Done]
"""Carries out so many cycles, from a number on."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the hall is held against, and how much of its rate is to be reached."""

    name: str
    turn: Turn
    least: float | None = None


class Settler(Child):
    """A process that carries cycles out."""

    def __init__(self, how: str, url: str, prepared: Path, folder: Path) -> None:
        super().__init__(["-m", "bench.settling", how, url, str(prepared)], folder=folder)

    def turn(self, first: int, count: int) -> Done:
        """So many cycles, from a number on."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(Job(first, count, AT_ONCE)) + b"\n")
        self.process.stdin.flush()
        return msgspec.json.decode(self.line(_DEADLINE_S), type=Done)


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """The hall's own functions, by turns with the same statements and nothing around them."""
    plan.say(f"{place.name}: money held and released")
    made = place.make("settling", 0)
    told = made.folder / "prepared.json"
    prepared = _prepare(made, told, plan.scale.cycles * 3 * (plan.rounds + 1))
    with ExitStack() as stack:
        hall = stack.enter_context(Settler("hall", made.url, told, made.folder))
        if place.name == "SQLite":
            floors = [Floor("the same statements alone", _bare(stack, made, told))]
        else:
            floors = [
                Floor("pgbench", _pgbench(made, prepared, in_one=False), OF_PGBENCH),
                Floor(
                    "pgbench with one round trip",
                    _pgbench(made, prepared, in_one=True),
                    OF_ONE_ROUND_TRIP,
                ),
            ]
        rounds = _rounds(plan, [hall.turn, *(floor.turn for floor in floors)])
    yield from _lines(place.name, plan.scale.cycles, floors, rounds)


def _prepare(made: Made, told: Path, tasks: int) -> Prepared:
    command = ["-m", "bench.settling", "prepare", made.url, str(tasks)]
    with Child(command, folder=made.folder) as child:
        told.write_bytes(child.line(_DEADLINE_S))
        child.process.wait(_DEADLINE_S)
    return msgspec.json.decode(told.read_bytes(), type=Prepared)


def _bare(stack: ExitStack, made: Made, told: Path) -> Turn:
    """A process on a copy of the file: two would wait for each other on one."""
    path = Path(made.url.removeprefix("sqlite://"))
    beside = path.with_name("bare.db")
    shutil.copyfile(path, beside)
    return stack.enter_context(Settler("bare", f"sqlite://{beside}", told, made.folder)).turn


def _pgbench(made: Made, prepared: Prepared, *, in_one: bool) -> Turn:
    bench = PgBench(made.url, prepared, made.folder, in_one=in_one)

    def turn(first: int, count: int) -> Done:
        rate = bench.run(first=first, each=count // AT_ONCE, clients=AT_ONCE)
        return Done(count / rate, 0.0)

    return turn


def _rounds(plan: Plan, turns: list[Turn]) -> list[list[Done]]:
    """All by turns on fresh tasks, each time another one first; the first round warms up."""
    rounds: list[list[Done]] = []
    count = plan.scale.cycles
    for number in range(plan.rounds + 1):
        done = [Done(0, 0)] * len(turns)
        for step in range(len(turns)):
            at = (number + step) % len(turns)
            done[at] = turns[at]((number * 3 + at) * count, count)
        if number:
            rounds.append(done)
    return rounds


def _lines(on: str, count: int, floors: list[Floor], rounds: list[list[Done]]) -> Iterator[Line]:
    mine = median(count / done[0].wall_s for done in rounds)
    for at, floor in enumerate(floors, start=1):
        ratios = [done[at].wall_s / done[0].wall_s for done in rounds]
        theirs = median(count / done[at].wall_s for done in rounds)
        yield Line(
            f"{on}: cycles of hold and release, against {floor.name}",
            median(ratios),
            "times",
            floor.least,
            at_least=True,
            cells={"hall": f"{mine:.0f} /s", "against": f"{theirs:.0f} /s"},
            details={"ratios": ratios, "hall_per_s": mine, "floor_per_s": theirs},
        )
    cpu_us = [median(done[at].cpu_s / count * 1e6 for done in rounds) for at in (0, 1)]
    yield Line(
        f"{on}: CPU of the hall for a cycle of hold and release",
        cpu_us[0],
        "µs",
        # Of pgbench it is not told: its work is the server's.
        cells={"against": f"{cpu_us[1]:.0f} µs"} if cpu_us[1] else {},
    )
