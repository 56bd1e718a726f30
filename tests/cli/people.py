"""Whoever is at the command line of a served hall, each with a key of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Shell


@dataclass
class Person:
    """Somebody at the command line, with a key of their own."""

    shell: "Shell"
    key: str

    def __call__(self, *arguments: str, code: int = 0, stdin: str = "") -> "Ran":
        self.shell.set(HIRINGHALL_API_KEY=self.key)
        ran = self.shell(*arguments, stdin=stdin)
        assert ran.code == code, (arguments, ran)
        return ran

    def json(self, *arguments: str) -> Any:
        return self(*arguments, "--json").json

    def posts(self, *options: str, price: str = "50.00") -> str:
        """A task on offer; its id."""
        usual = ("market", "post", "Label texts", "-d", "One word for each.", "--price", price)
        return self(*usual, *options).out.strip()


Somebody = Callable[[str], Person]


def agent_of(owner: Person, admin: Person, name: str, *options: str) -> Person:
    """An agent of somebody's that may work."""
    made = owner.json("agents", "register", name, "--print-key", *options)
    admin("agents", "approve", made["id"])
    return Person(owner.shell, made["api_key"])
