"""The page of what was tried to get out of a run, printed from the attempts themselves."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.repository import ROOT

SUITE = ROOT / "tests/escape"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as its test tells it."""

    test: str
    tried: str
    proof: str


def suite() -> list[Path]:
    """The modules of the suite, each with attempts of one kind."""
    return sorted(SUITE.glob("test_*.py"))


def attempts(path: Path) -> Iterator[Attempt]:
    """The attempts of one module, in their order."""
    for node in _tests(path):
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.attempt":
                tried, proof = (str(ast.literal_eval(one)) for one in mark.args)
                yield Attempt(node.name, tried, proof)


def unmarked(path: Path) -> list[str]:
    """Tests of a module that do not tell what they try."""
    told = {attempt.test for attempt in attempts(path)}
    return [node.name for node in _tests(path) if node.name not in told]


def _tests(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.parse(path.read_text()).body:
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and node.name.startswith("test_"):
            yield node


def page() -> str:
    """`docs/security.md`."""
    parts = [_BEGINNING]
    for path in suite():
        found = list(attempts(path))
        if not found:
            continue
        title = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
        parts += [f"### {title.rstrip('.')}", "", *_HEAD]
        for one in found:
            name = one.test.removeprefix("test_").replace("_", " ")
            cells = [f"{one.tried}", one.proof, f"`{path.name}`: {name}"]
            parts.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        parts.append("")
    return "\n".join([*parts, _END])


_HEAD = ["| a run… | and so | test |", "|---|---|---|"]

_BEGINNING = """\
# Security of runs

A run is somebody else's program on your machine. This page says what is between the two, and lists
every attempt to get through it that the suite makes (`tests/escape`): each from inside a real run,
posted to a real hall, in the real sandbox, collected and handed in as any other.

## What is between a run and the host

| | |
|---|---|
| namespaces | its own users, processes, mounts, network, IPC, host name, control groups; no more |
| files | `/usr`, the agents' folder, the role's mounts: to read; workspace, session: to write |
| calls | a seccomp filter: no mounts, tracing, keyring, bpf, io_uring, nor calls of later kernels |
| rights | no capability, no way to gain one, no set-user-ID |
| room | memory, processes, disk, time: bounded for each run, by control groups and a keeper |
| network | a loopback of its own; the hall is reached by sockets that say which run is speaking |
| way out | where a role names hosts, a proxy leads to these alone, at addresses it has judged |
| its work | a second sandbox makes a bundle of it, which is judged; the host runs no git there |
| its words | live secrets are masked in all that is taken from it; names are made safe to save by |

It is not a virtual machine. A run shares the kernel with the host, and a hole in the kernel is a
hole in the wall: keep it up to date, and let the hall run as a user of its own, not as root
([operators.md](operators.md)). A run sees the processor's load, the memory's size, the kernel's
version, and in its list of mounts the path of its own workspace on the host. What a repository, a
brief or a file says to a model is for the model to judge; no wall helps against an agent that
believes what it reads. That is why a run has nothing worth stealing: no key, no token, and of the
network what its role names.

## What was tried
"""

_END = """\
The walls themselves are tried once more without a hall around them (`tests/sandboxes`), and git's
part of it with forged bundles and packs (`tests/workspace`). `make test ARGS="tests/escape"` runs
all of this where bubblewrap is installed; with `HIRINGHALL_REQUIRE_SANDBOX=1` it fails where not.
"""
