"""The native door's runs: for now, taking one that is done elsewhere in hand."""

from hiringhall.actions.runs import external
from hiringhall.domain import errors, ids
from hiringhall.doors.caller import customer_or_worker
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Answer, Call, Route
from hiringhall.doors.native import wire_runs as wire

_NO_STORE = ((b"cache-control", b"no-store"),)


async def lease_run(desk: Desk, call: Call[wire.LeaseBody, None]) -> Answer:
    """Take a run of the runtime `external` in hand, or keep it there.

    Whoever takes it is told its service key, this once, and what is to be done. To keep it, ask
    again before `lease_until`, with either key; else it is lost, and the next run goes on. The id
    is the run's, or the `worker_…` of the Agentix door.
    """
    given = call.path["run_id"]
    lease = await external.lease_run(
        desk.hall,
        actor=call.actor,
        run_id=ids.id_of_ref("worker", given) or given,
        lease_s=call.body.lease_s,
    )
    return Answer(wire.lease_answer(lease), 200, _NO_STORE)


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "POST",
        "/runs/{run_id}/lease",
        lease_run,
        {200: wire.LeaseAnswer},
        "Take or keep a run that is done elsewhere",
        body=wire.LeaseBody,
        who=customer_or_worker,
        raises=(
            errors.Unauthorized,
            errors.Forbidden,
            errors.NotFound,
            errors.WrongState,
            errors.Superseded,
        ),
    ),
)
