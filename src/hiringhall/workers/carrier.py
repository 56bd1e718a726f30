"""Between what actions ask of an engine and whoever does it, here or on another node."""

from collections.abc import Mapping
from typing import Any

from hiringhall.domain.runs import Run, RunToken
from hiringhall.engine.work import Carrier
from hiringhall.queries.fronts import Front
from hiringhall.signals import RUNS, STOP, Signals
from hiringhall.workers.runner import Runner


class HallEngine:
    """What actions may ask of the engine and its runner, which are made after the hall.

    With `signals` it is asked on every node: whoever has the run, or a place for one, does it.
    """

    def __init__(self, engine: Carrier[Run], signals: Signals | None = None) -> None:
        self._engine = engine
        self._signals = signals or Signals()
        self._signals.follow(RUNS, lambda _: engine.wake())
        self._signals.follow(STOP, self._stop)
        self.runner: Runner | None = None

    def wake(self) -> None:
        """Something may be ready to start, or a timer was set."""
        self._signals.notify(RUNS)

    def queued(self, run: Run) -> None:
        """Have a node look that can do a run and has a place, or have all of them look."""
        if not self._engine.hand_on(Front(run.id, run.runtime, run.priority)):
            self._signals.notify(RUNS)

    def look_at(self, team_id: str) -> None:
        """Have the runner see what a team may begin by itself; no other node need hear of it."""
        if self.runner is not None:
            self.runner.look_at(team_id)
            self._engine.wake()

    def stop_run(self, token: RunToken) -> None:
        """Have the runner end a run that was cancelled, wherever it is."""
        self._signals.notify(f"{STOP} {token.run_id}")

    def _stop(self, run_id: str) -> None:
        if self.runner is not None:
            self.runner.stop(run_id)

    def check_role(self, runtime: str, config: Mapping[str, Any]) -> None:
        """Have the runtime say whether a role can mean what it says."""
        if self.runner is not None:
            self.runner.check_role(runtime, config)
