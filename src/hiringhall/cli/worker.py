"""`hiringhall worker`: a node that works and serves nobody; what it does is in `running`."""

from typing import Annotated

import typer

from hiringhall.cli.options import DatabaseUrl, DataDir, Json
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.serve import carry_on

EXAMPLES = """\
\b
Examples:
  hiringhall worker --database-url postgresql://hall@db/hall --data-dir /var/lib/hall-worker
  HIRINGHALL_LOCAL_RUNS=8 hiringhall worker --database-url postgresql://hall@db/hall
"""


def worker(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    runs: Annotated[
        int | None,
        typer.Option(
            min=1, max=1000, help="Runs at once.  [default: HIRINGHALL_LOCAL_RUNS, 4]", metavar="N"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Work for a hall on PostgreSQL until Ctrl-C or SIGTERM: no doors, on any number of machines.

    It has a data folder of its own, and every setting that the hall's servers have: the same
    secret key, the same place for files. With --json: one line with node, data_dir and pid once
    it works.
    """
    from hiringhall.cli.local import settings_of
    from hiringhall.cli.running import work_until_told
    from hiringhall.cli.screen import Screen

    settings = settings_of(data_dir, database_url, local_runs=runs)
    if settings.database.startswith("sqlite:"):
        raise CommandError(
            "A worker needs a hall on PostgreSQL, which several processes can share: name it with "
            "--database-url.",
            Exit.USAGE,
        )
    if settings.local_runs == 0:
        raise CommandError(
            "A worker that takes no runs does nothing: HIRINGHALL_LOCAL_RUNS is 0; --runs says "
            "otherwise.",
            Exit.USAGE,
        )
    carry_on(settings, work_until_told(settings, Screen(as_json=as_json)))
