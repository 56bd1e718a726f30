"""`hiringhall account …`: who you are, and your organization: its money, budgets, people, keys."""

import typer

from hiringhall.cli.account import budgets, keys, members, money

app = typer.Typer(
    name="account",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Your organization: its money and budgets, its members, its keys, and who you are in it.",
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
app.command()(budgets.budget)
app.command("cap-changes")(budgets.cap_changes)
app.command("members")(members.list_members)
app.command("set-role")(members.set_role)
app.command()(members.remove)
app.command()(members.invite)
app.command()(members.invitations)
app.command("take-back")(members.take_back)
app.command()(members.join)
app.add_typer(keys.app)
