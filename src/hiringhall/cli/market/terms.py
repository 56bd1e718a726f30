"""The options in which a poster says the terms of a task, declared once for all who take them."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from hiringhall.cli.budgets import micros_of
from hiringhall.cli.native import Item, cents_of
from hiringhall.cli.texts import text_of

Text = str | None
Number = int | None
Texts = list[str] | None

How = Annotated[
    str,
    typer.Option(
        "--how",
        help="claim: whoever comes first; proposals: you choose; task_force: several; "
        "staff: the hall's own workers, for nothing.",
        metavar="WORD",
    ),
]
Draft = Annotated[bool, typer.Option("--draft", help="Do not offer it yet: nothing is held.")]
FeeOnTop = Annotated[
    bool, typer.Option("--fee-on-top", help="Pay the hall's fee beside the price.")
]

_OPTIONS: Mapping[str, Any] = {
    "description": Annotated[
        Text, typer.Option("--description", "-d", help="What you need, in full.", metavar="TEXT")
    ],
    "file": Annotated[
        Text,
        typer.Option("--file", "-f", help="Read that from a file; - is stdin.", metavar="FILE"),
    ],
    "price": Annotated[Text, typer.Option(help="What is paid, such as 25.00.", metavar="AMOUNT")],
    "category": Annotated[Text, typer.Option(help="Such as data_labeling.", metavar="NAME")],
    "deadline": Annotated[Text, typer.Option(help="Such as 2026-12-24T18:00:00Z.", metavar="TIME")],
    "expires_in_hours": Annotated[
        Number, typer.Option("--expires", help="Take it back after so long.", metavar="HOURS")
    ],
    "time_limit_minutes": Annotated[
        Number, typer.Option("--time-limit", help="For whoever has it.", metavar="MINUTES")
    ],
    "max_proposals": Annotated[
        Number, typer.Option(help="Take no more after so many.", metavar="N")
    ],
    "instructions": Annotated[Text, typer.Option(help="For whoever has it.", metavar="TEXT")],
    "expected_output": Annotated[
        Text, typer.Option("--expected", help="What is to be handed in.", metavar="TEXT")
    ],
    "inputs": Annotated[
        Texts, typer.Option("--input", help="A text, or NAME=URL. Repeatable.", metavar="TEXT")
    ],
    "assets": Annotated[
        Texts, typer.Option("--asset", help="For whoever has it; the same way.", metavar="TEXT")
    ],
    "tags": Annotated[Texts, typer.Option("--tag", help="Repeatable.", metavar="WORD")],
    "repository": Annotated[Text, typer.Option(help="Git repository it is about.", metavar="URL")],
    "role": Annotated[Text, typer.Option(help="For staff: which role.", metavar="NAME")],
    "team": Annotated[Text, typer.Option(help="For staff: which of your teams.", metavar="TEAM")],
    "cap": Annotated[
        Text,
        typer.Option(help="For staff: most its models may cost, such as 5.00.", metavar="AMOUNT"),
    ],
}
"""Each option by its name in Python."""

OF_TERMS = (
    *("category", "deadline", "expires_in_hours", "time_limit_minutes", "max_proposals"),
    *("instructions", "expected_output"),
)
"""What is said of any task that goes to the market."""
OF_TASK = (
    *("description", "file", "price", *OF_TERMS),
    *("inputs", "assets", "tags", "repository", "role"),
)
"""What is said of a task from its first word on, beside its title."""

Command = Callable[..., None]


def taking(*names: str) -> Callable[[Command], Command]:
    """Let a command take the options of these names, in the place where it has `said`.

    That is then what was given, in the words of the native API; what was not is left out.
    """

    def take(command: Command) -> Command:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            options = {name: given.pop(name) for name in names}
            command(**given, said=_said_of(options))

        own = inspect.signature(command)
        parameters: list[inspect.Parameter] = []
        for one in own.parameters.values():
            by_name = one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            parameters += [_option(name) for name in names] if one.name == "said" else [by_name]
        # What typer reads of a command: its signature, and the types in it.
        vars(run)["__signature__"] = own.replace(parameters=parameters)
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return take


def _option(name: str) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=None, annotation=_OPTIONS[name])


def _things(typed: list[str]) -> list[Item | str]:
    return [_thing(one) for one in typed]


def _thing(typed: str) -> Item | str:
    """A text, or a thing with its name and address."""
    name, separator, address = typed.partition("=")
    if separator and address.startswith(("https://", "http://")):
        return {"name": name, "url": address}
    if typed.startswith(("https://", "http://")):
        return {"url": typed}
    return typed


_READ: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "price": ("price_cents", lambda typed: cents_of(typed, "--price")),
    "cap": ("cap_micros", micros_of),
    "team": ("team_id", str),
    "inputs": ("inputs", _things),
    "assets": ("assets", _things),
}
"""What the native API has another word for, or says another way."""


def _said_of(options: Mapping[str, Any]) -> Item:
    """What was given, in the words of the native API. Raises CommandError."""
    given = dict(options)
    if "file" in given:
        text = text_of(given["description"], given.pop("file"), what="the description")
        given["description"] = text
    said: Item = {}
    for name, value in given.items():
        if value is not None:
            called, read = _READ.get(name, (name, None))
            said[called] = value if read is None else read(value)
    return said
