"""Which desk a run's own key leads to, for workers that reach the hall over a network."""

import contextlib
from collections import OrderedDict
from collections.abc import Generator

from hiringhall.actions.runs import working
from hiringhall.blobs import Blobs
from hiringhall.domain.errors import Forbidden
from hiringhall.domain.runs import EXTERNAL, RunToken
from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.elsewhere import DeskElsewhere
from hiringhall.workers.masking import LiveSecrets
from hiringhall.workers.stretch import RunningStretch

MOST_ELSEWHERE = 10_000
"""Desks of runs elsewhere that are remembered, with what each has used; the rest begins anew."""


class Desks:
    """Those of this process: of its own runs, and of runs that work elsewhere."""

    def __init__(self, hall: Hall, blobs: Blobs, secrets: LiveSecrets) -> None:
        self._hall = hall
        self._blobs = blobs
        self._secrets = secrets
        self._here: dict[str, Desk] = {}
        self._elsewhere: OrderedDict[str, DeskElsewhere] = OrderedDict()

    @contextlib.contextmanager
    def open(self, desk: Desk) -> Generator[None]:
        """A run works at this desk as long as the block lasts."""
        run_id = desk.token.run_id
        self._here[run_id] = desk
        try:
            yield
        finally:
            del self._here[run_id]

    async def of(self, token: RunToken) -> Desk:
        """The desk of a run that has proven itself.

        Raises:
            Superseded: it has ended, or another has taken its place.
            Forbidden: it works in a sandbox of another process, and only its socket leads there.
        """
        here = self._here.get(token.run_id)
        if here is not None:
            return here
        brief = await working.read_brief(self._hall, token=token)
        if brief.run.runtime != EXTERNAL:
            raise Forbidden("This run works in a sandbox: only its own socket leads to its desk")
        desk = self._elsewhere.pop(token.run_id, None)
        work = RunningStretch(self._hall, self._blobs, brief, self._secrets)
        if desk is None:
            desk = DeskElsewhere(self._hall, brief)
        desk.brief, desk.mask, desk.attach = brief, work.mask, work.attach
        self._elsewhere[token.run_id] = desk
        while len(self._elsewhere) > MOST_ELSEWHERE:
            self._elsewhere.popitem(last=False)
        return desk
