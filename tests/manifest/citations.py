"""Finds which test names which promise, by reading the test files, not by running them.

So the answer is whole in a partial run too, and covers tests of packages that are collected apart.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

DATABASE_FIXTURE = "database_url"
_EXCUSES = {"skip", "skipif", "xfail"}

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Citation:
    """A test that says it proves a promise."""

    promise: str
    test: str
    """Where the test is, as pytest would name it."""
    on_both_databases: bool
    excused: bool
    """Whether it may be skipped or fail, and so proves nothing."""


@dataclass
class _Module:
    path: Path
    tree: ast.Module

    @cached_property
    def fixtures(self) -> dict[str, set[str]]:
        """Each fixture that the module defines, with the fixtures it asks for."""
        return dict(_fixtures(self.tree))

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """Values of the module's own names: parameter tables, `pytestmark`."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    found[name] = value
                case _:
                    pass
        return found


@dataclass
class Suite:
    """All test files below some folders."""

    root: Path
    folders: Iterable[Path]
    _modules: list[_Module] = field(default_factory=list[_Module])

    def __post_init__(self) -> None:
        """Read every file once."""
        paths = sorted(path for folder in self.folders for path in folder.rglob("*.py"))
        self._modules = [_Module(path, ast.parse(path.read_text(), path)) for path in paths]
        self._shared = [one for one in self._modules if _is_shared(one.path)]

    def citations(self) -> list[Citation]:
        """Every citation of every test."""
        return [
            citation
            for module in self._modules
            if module.path.name.startswith("test_")
            for citation in self._of_module(module)
        ]

    def _of_module(self, module: _Module) -> Iterator[Citation]:
        for name, function, marks in _tests(module):
            both = DATABASE_FIXTURE in self._fixtures_of(module, function, marks)
            # Parametrizing the fixture itself narrows it to what the test chose.
            both = both and DATABASE_FIXTURE not in _parametrized(marks)
            excused = any(_mark_name(mark) in _EXCUSES for mark in marks)
            where = f"{module.path.relative_to(self.root)}::{name}"
            for mark in marks:
                for promise in _promises(mark):
                    yield Citation(promise, where, both, excused)

    def _fixtures_of(self, module: _Module, test: _Function, marks: list[ast.expr]) -> set[str]:
        """The fixtures a test asks for, and those they ask for."""
        visible = [one.fixtures for one in self._shared if _sees(module.path, one.path)]
        visible.append(module.fixtures)
        found: set[str] = set()
        wanted = _asked_for(test) | {word for mark in marks for word in _used(mark)}
        while wanted:
            name = wanted.pop()
            if name in found:
                continue
            found.add(name)
            wanted |= {asked for fixtures in visible for asked in fixtures.get(name, set())}
        return found


def _is_shared(path: Path) -> bool:
    return not path.name.startswith("test_")


def _sees(test: Path, shared: Path) -> bool:
    """A conftest serves the folders below it; other modules serve whoever imports them."""
    return shared.name != "conftest.py" or shared.parent in test.parents


def _fixtures(tree: ast.AST) -> Iterator[tuple[str, set[str]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if ast.unparse(call.func if call else decorator).endswith("fixture"):
                named = [
                    word.value for word in (call.keywords if call else []) if word.arg == "name"
                ]
                names = [one.value for one in named if isinstance(one, ast.Constant)]
                yield str(names[0]) if names else node.name, _asked_for(node)


def _asked_for(function: _Function) -> set[str]:
    """The parameters of a test or fixture, and what it fetches from `request` by name."""
    arguments = function.args
    asked = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    for node in ast.walk(function):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="getfixturevalue"), args=[ast.Constant(value=str(name))]
            ):
                asked.add(name)
            case _:
                pass
    return asked


def _tests(module: _Module) -> Iterator[tuple[str, _Function, list[ast.expr]]]:
    """Each test with its name and all its marks: its own, its class's, its module's."""
    common = _flat(
        module, [module.assigned["pytestmark"]] if "pytestmark" in module.assigned else []
    )
    for node in module.tree.body:
        match node:
            case ast.ClassDef(name=owner, body=body, decorator_list=decorators):
                above = common + _flat(module, decorators)
                inside, prefix = body, f"{owner}::"
            case _:
                above, inside, prefix = common, [node], ""
        for one in inside:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith(
                "test"
            ):
                yield prefix + one.name, one, above + _flat(module, one.decorator_list)


def _flat(module: _Module, decorators: list[ast.expr]) -> list[ast.expr]:
    """The marks in decorators, in lists, and in the parameter tables that decorators name."""
    marks: list[ast.expr] = []
    for decorator in decorators:
        tables = [
            module.assigned[node.id]
            for node in ast.walk(decorator)
            if isinstance(node, ast.Name) and node.id in module.assigned
        ]
        for root in (decorator, *tables):
            marks += [
                node for node in ast.walk(root) if isinstance(node, ast.expr) and _mark_name(node)
            ]
    return marks


def _mark_name(node: ast.expr) -> str | None:
    """`x` for `pytest.mark.x` and `pytest.mark.x(…)`."""
    target = node.func if isinstance(node, ast.Call) else node
    match target:
        case ast.Attribute(
            value=ast.Attribute(value=ast.Name(id="pytest"), attr="mark"), attr=name
        ):
            return name
        case _:
            return None


def _words(mark: ast.expr) -> list[str]:
    arguments = mark.args if isinstance(mark, ast.Call) else []
    return [
        one.value
        for one in arguments
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _promises(mark: ast.expr) -> list[str]:
    if _mark_name(mark) != "promise" or not isinstance(mark, ast.Call):
        return []
    names = _words(mark)
    if len(names) != len(mark.args) or not names:
        raise ValueError(f"line {mark.lineno}: a promise is named by a plain string")
    return names


def _used(mark: ast.expr) -> list[str]:
    return _words(mark) if _mark_name(mark) == "usefixtures" else []


def _parametrized(marks: list[ast.expr]) -> set[str]:
    named = [
        _words(mark)[0] for mark in marks if _mark_name(mark) == "parametrize" and _words(mark)
    ]
    return {name.strip() for names in named for name in names.split(",")}
