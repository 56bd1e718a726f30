"""`hiringhall admin budget`: what models have cost, and the caps that hold them."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from hiringhall.cli.local import operate, require_hall, settings_of
from hiringhall.cli.options import DatabaseUrl, DataDir, Json, Member, OrganizationId, UserId, named
from hiringhall.cli.outcome import CommandError, Exit
from hiringhall.cli.screen import Screen

_MOST = Decimal(10**9)
GOES_ON = (
    "It holds from the next call of a model on. What had stopped at it asks, and goes on once that "
    "is answered at its task."
)
"""What a cap that is set does not do by itself (decision 35)."""


def budget(
    email: Member = None,
    user: UserId = None,
    organization: OrganizationId = None,
    task: Annotated[
        str | None, typer.Option(help="One task instead of the organization.", metavar="TASK")
    ] = None,
    team: Annotated[
        bool, typer.Option("--team", help="Its default team instead of the organization.")
    ] = False,
    own: Annotated[
        bool, typer.Option("--own", help="What the hall itself asked models for today (UTC).")
    ] = False,
    cap: Annotated[
        str | None,
        typer.Option(help="Most it may spend on models, such as 50.00.", metavar="AMOUNT"),
    ] = None,
    usual_cap: Annotated[
        bool, typer.Option("--usual-cap", help="Have the hall's own cap hold it again.")
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: Json = False,
) -> None:
    """Show what models have cost an organization, a team or a task; or give it a cap of its own.

    Example: hiringhall admin budget --email ada@example.org --cap 50.00
    """
    if sum((cap is not None, usual_cap)) > 1 or (task is not None and team):
        raise CommandError("Say --cap or --usual-cap, and --task or --team.", Exit.USAGE)
    settings = settings_of(data_dir, database_url)
    require_hall(settings)
    if own:
        if any((email, user, organization, task, team, cap, usual_cap)):
            raise CommandError(
                "--own stands alone; its cap is HIRINGHALL_OWN_CAP_CENTS.", Exit.USAGE
            )
        _show("own", operate(settings, "show_own_budget"), as_json=as_json)
        return
    scope = "task" if task is not None else "team" if team else "organization"
    whom = named(email, user, organization)
    arguments: dict[str, Any] = {"email": whom, "scope": scope, "task_id": task}
    if cap is not None or usual_cap:
        cap_micros = None if cap is None else micros_of(cap)
        operate(settings, "set_cap", **arguments, cap_micros=cap_micros)
        Screen(as_json=as_json).note(GOES_ON)
    _show(scope, operate(settings, "show_budget", **arguments), as_json=as_json)


def _show(scope: str, value: dict[str, Any], *, as_json: bool) -> None:
    screen = Screen(as_json=as_json)
    if as_json:
        screen.value(value)
        return
    screen.table(
        ("of", "cap", "spent", "put by", "calls"),
        [
            (
                scope,
                str(value["cap"] or "-"),
                str(value["spent"]),
                str(value["put_by"]),
                str(value["calls"]),
            )
        ],
    )


def micros_of(text: str) -> int:
    """Millionths out of an amount such as 50.00; raises CommandError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= _MOST:
        raise CommandError(f"An amount is 0 to {_MOST}, such as 50.00, not {text!r}.", Exit.USAGE)
    return int(amount * 1_000_000)
