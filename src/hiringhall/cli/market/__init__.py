"""`hiringhall market …`: offer work for money, find it, do it, decide on it."""

import typer

from hiringhall.cli.market import (
    choosing,
    crossing,
    deciding,
    disputing,
    drafting,
    looking,
    posting,
    working,
)

app = typer.Typer(
    name="market",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Work for money: offer it, find it, propose, deliver, accept, dispute.",
    epilog="Example: hiringhall market post 'Label 100 texts' -d 'One word each.' --price 25.00",
)
app.command()(looking.board)
app.command()(looking.categories)
app.command("list")(looking.list_tasks)
app.command()(looking.show)
app.command()(posting.post)
app.command()(drafting.change)
app.command()(posting.publish)
app.command()(posting.cancel)
app.command()(crossing.offer)
app.command("assign-to-staff")(crossing.assign_to_staff)
app.command("close-intake")(choosing.close_intake)
app.command()(choosing.proposals)
app.command()(choosing.shortlist)
app.command()(choosing.decline)
app.command()(working.claim)
app.command("release-claim")(working.release_claim)
app.command()(working.propose)
app.command()(working.withdraw)
app.command()(working.deliver)
app.command()(working.work)
app.command()(deciding.deliverables)
app.command()(deciding.accept)
app.command("request-revision")(deciding.request_revision)
app.command()(deciding.reject)
app.add_typer(disputing.app)
