"""`hiringhall tasks …`: post a task to any hall, follow it, answer, decide, fetch the result."""

import typer

from hiringhall.cli.tasks import answering, looking, posting

app = typer.Typer(
    name="tasks",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Post tasks to a hall, follow them, answer, decide, fetch results.",
    epilog="Example: hiringhall tasks create 'Landing page' -d 'Hero, pricing, footer.' --watch",
)
app.command()(posting.create)
app.command("list")(posting.list_tasks)
app.command()(looking.show)
app.command()(looking.events)
app.command()(looking.watch)
app.command()(answering.reply)
app.command()(answering.approve)
app.command()(answering.reject)
app.command()(answering.plan)
app.command()(looking.result)
app.command()(answering.cancel)
