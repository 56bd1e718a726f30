"""The options in which a poster says the terms of a task."""

from typing import Annotated

import typer

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
Description = Annotated[
    Text, typer.Option("--description", "-d", help="What you need, in full.", metavar="TEXT")
]
File = Annotated[
    Text, typer.Option("--file", "-f", help="Read that from a file; - is stdin.", metavar="FILE")
]
Price = Annotated[Text, typer.Option(help="What is paid, such as 25.00.", metavar="AMOUNT")]
Draft = Annotated[bool, typer.Option("--draft", help="Do not offer it yet: nothing is held.")]
FeeOnTop = Annotated[
    bool, typer.Option("--fee-on-top", help="Pay the hall's fee beside the price.")
]
Category = Annotated[Text, typer.Option(help="Such as data_labeling.", metavar="NAME")]
Deadline = Annotated[Text, typer.Option(help="Such as 2026-12-24T18:00:00Z.", metavar="TIME")]
Expires = Annotated[
    Number, typer.Option("--expires", help="Take it back after so long.", metavar="HOURS")
]
TimeLimit = Annotated[
    Number, typer.Option("--time-limit", help="For whoever has it.", metavar="MINUTES")
]
MaxProposals = Annotated[Number, typer.Option(help="Take no more after so many.", metavar="N")]
Instructions = Annotated[Text, typer.Option(help="For whoever has it.", metavar="TEXT")]
Expected = Annotated[
    Text, typer.Option("--expected", help="What is to be handed in.", metavar="TEXT")
]
Inputs = Annotated[
    Texts, typer.Option("--input", help="A text, or NAME=URL. Repeatable.", metavar="TEXT")
]
Assets = Annotated[
    Texts, typer.Option("--asset", help="For whoever has it; the same way.", metavar="TEXT")
]
Tags = Annotated[Texts, typer.Option("--tag", help="Repeatable.", metavar="WORD")]
Repository = Annotated[Text, typer.Option(help="Git repository it is about.", metavar="URL")]
Role = Annotated[Text, typer.Option(help="For staff: which role.", metavar="NAME")]
Team = Annotated[Text, typer.Option(help="For staff: which of your teams.", metavar="TEAM")]
Cap = Annotated[
    Text,
    typer.Option(help="For staff: most its models may cost, such as 5.00.", metavar="AMOUNT"),
]
