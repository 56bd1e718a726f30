"""What import contracts cannot say: the domain is pure, and importing a module does nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT, shown, tracked

# The domain knows; it does not read, wait, draw or ask what time it is (rule 11).
IMPURE = {
    "asyncio", "concurrent", "ctypes", "http", "io", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess",
    "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip

# Run with -B: writing byte code is Python's doing, not the module's.
_IMPORT_ALL = """
import importlib, os, pkgutil, sys, threading

def watch(event, args):
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if writes and args[0] != os.devnull or event in {
        "os.mkdir", "os.remove", "os.rename", "os.fork", "os.posix_spawn", "os.system",
        "socket.bind", "socket.connect", "sqlite3.connect", "subprocess.Popen",
    }:
        frame = sys._getframe(1)
        while frame:
            if any(f"{os.sep}{name}{os.sep}" in frame.f_code.co_filename for name in sys.argv[1:]):
                raise SystemExit(f"{frame.f_code.co_filename}:{frame.f_lineno} {event} {args}")
            frame = frame.f_back

for name in sys.argv[1:]:
    package = importlib.import_module(name)
    sys.addaudithook(watch)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        if ".migrations." not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
threads = [one.name for one in threading.enumerate() if one is not threading.main_thread()]
assert not threads, threads
"""


@pytest.mark.parametrize("path", tracked("src/hiringhall/domain/*.py"), ids=lambda path: path.stem)
def test_the_domain_imports_only_what_is_pure(path: Path) -> None:
    imported = _imported(path)
    foreign = {
        name
        for name in imported
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith("hiringhall.domain")
    }
    assert foreign == set()
    assert {name.split(".")[0] for name in imported} & IMPURE == set()


@pytest.mark.parametrize("path", tracked("src/hiringhall/domain/*.py"), ids=lambda path: path.stem)
def test_the_domain_has_no_clock(path: Path) -> None:
    called = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    }
    clocks = {
        name for name in called if name.endswith((".now", ".utcnow", ".today", "uuid1", "uuid4"))
    }
    assert clocks == set()


def test_settings_come_from_one_place() -> None:
    """The environment is read at the top and handed in; only PATH is everybody's."""
    reads = [
        f"{shown(path)}: {ast.unparse(node)}"
        for path in tracked("src/hiringhall/*.py")
        if path.name != "settings.py" and "cli" not in path.parts
        for node in _environment_reads(ast.parse(path.read_text(), path))
    ]
    assert reads == []


@pytest.mark.parametrize("package", ["hiringhall", "agentwork_mcp"])
def test_importing_does_nothing(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", _IMPORT_ALL, package],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), path)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module)
            case ast.ImportFrom():
                names.add(f"hiringhall.domain.{node.module}")
            case _:
                pass
    return names


def _environment_reads(tree: ast.Module) -> list[ast.Attribute]:
    """Each `os.environ` and `os.getenv`, but for asking where programs are."""
    about_path: set[ast.expr] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=environ, attr="get"), args=[ast.Constant("PATH"), *_]
            ):
                about_path.add(environ)
            case _:
                pass
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"os.environ", "os.getenv"}
        and node not in about_path
    ]
