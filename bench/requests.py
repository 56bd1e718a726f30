"""The hall beside its floor: GET and POST, with a thousand and with a million tasks."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench.figures import Line, comparison
from bench.places import Place
from bench.processes import Load
from bench.racing import KINDS, Racer, race
from bench.scale import Plan

FLOOR_TARGETS = {"GET": 1.4, "POST": 1.5}
MILLION_TARGET = 1.15


def measure(plan: Plan, place: Place) -> Iterator[Line]:
    """The hall, its floor, and both with a million tasks, all serving at the same time."""
    with ExitStack() as opened:
        load = opened.enter_context(Load(plan.work))
        racers: dict[str, Racer] = {}
        for size, tasks in (("", plan.scale.thousand), (" million", plan.scale.million)):
            why_not = place.why_not(tasks)
            if not tasks or why_not:
                plan.say(f"{place.name}, {tasks:,} tasks: not measured. {why_not}" if tasks else "")
                continue
            plan.say(f"{place.name}: {tasks:,} tasks are found, or filled in")
            for name in ("hall", "floor"):
                made = place.make(f"{name}{size}".replace(" ", "_"), tasks)
                server = made.hall() if name == "hall" else made.floor()
                racers[f"{name}{size}"] = made.racer(opened.enter_context(server))
        results = race(load, racers, plan)
        for kind in KINDS:
            took = results[kind]
            for size in [""] + [" million"] * ("hall million" in racers):
                tasks = plan.scale.million if size else plan.scale.thousand
                yield comparison(
                    f"{place.name}: {kind} against the floor, {tasks:,} tasks",
                    took[f"hall{size}"],
                    took[f"floor{size}"],
                    target=FLOOR_TARGETS[kind],
                )
            if "hall million" in racers:
                yield comparison(
                    f"{place.name}: {kind}, {plan.scale.million:,} tasks against"
                    f" {plan.scale.thousand:,}",
                    took["hall million"],
                    took["hall"],
                    target=MILLION_TARGET,
                )
        memory_mib = racers["hall"].server.memory_bytes() / (1 << 20)
        yield Line(f"{place.name}: memory of the hall after the load", memory_mib, "MiB")
