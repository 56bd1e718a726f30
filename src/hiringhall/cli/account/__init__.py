"""`hiringhall account …`: who you are, your organization's money, its people and its keys."""

import typer

from hiringhall.cli.account import keys, members, money

app = typer.Typer(
    name="account",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Your organization: its money, its members, its keys, and who you are in it.",
)
app.command()(members.me)
app.command()(money.balance)
app.command()(money.statement)
app.command()(money.deposit)
app.command()(money.deposits)
app.command()(money.earnings)
app.command()(money.payouts)
app.command("retry-payout")(money.retry_payout)
app.command()(money.payee)
app.command("members")(members.list_members)
app.command("set-role")(members.set_role)
app.command()(members.remove)
app.command()(members.invite)
app.command()(members.invitations)
app.command("take-back")(members.take_back)
app.command()(members.join)
app.add_typer(keys.app)
