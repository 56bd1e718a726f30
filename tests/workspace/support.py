"""Real repositories, a real git server on loopback, and a hall's workspaces, for tests."""

import base64
import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

GIT_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def git(folder: Path, *arguments: str, stdin: bytes | str = b"") -> str:
    """Run git as a person would, in a repository that a test trusts."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    ended = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=given,
        capture_output=True,
        env=GIT_ENVIRONMENT,
        timeout=60,
        check=False,
    )
    if ended.returncode != 0:
        raise AssertionError(f"git {arguments}: {ended.stderr.decode(errors='replace')}")
    return ended.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def fresh_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Origin:
    """A customer's repository."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *, branch: str = "main", empty: bool = False) -> "Origin":
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--bare", f"--initial-branch={branch}")
        origin = cls(folder)
        if not empty:
            origin.commit({"README.md": "A project\n", "src/app.py": "print(1)\n"}, branch=branch)
        return origin

    def commit(
        self, files: Mapping[str, str | bytes], *, branch: str = "main", message: str = "Change"
    ) -> str:
        """Add a commit with these files to a branch, without a checkout."""
        index = self.folder / f"index-{uuid.uuid4().hex}"
        head = self.tip(branch)
        env_git = [f"--git-dir={self.folder}"]
        environment = {**GIT_ENVIRONMENT, "GIT_INDEX_FILE": str(index)}

        def run(*arguments: str, stdin: bytes = b"") -> str:
            ended = subprocess.run(
                ["git", *env_git, *arguments],
                input=stdin,
                capture_output=True,
                env=environment,
                timeout=60,
                check=True,
            )
            return ended.stdout.decode().strip()

        if head:
            run("read-tree", head)
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            blob = run("hash-object", "-w", "--stdin", stdin=data)
            run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
        tree = run("write-tree")
        parents = ["-p", head] if head else []
        commit = run("commit-tree", *parents, "-m", message, tree)
        run("update-ref", f"refs/heads/{branch}", commit)
        index.unlink(missing_ok=True)
        return commit

    def tip(self, branch: str) -> str | None:
        ended = subprocess.run(
            [
                "git",
                f"--git-dir={self.folder}",
                "rev-parse",
                "-q",
                "--verify",
                f"refs/heads/{branch}",
            ],
            capture_output=True,
            text=True,
            env=GIT_ENVIRONMENT,
            timeout=60,
            check=False,
        )
        return ended.stdout.strip() or None

    def branches(self) -> list[str]:
        return git(self.folder, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def files(self, branch: str) -> list[str]:
        return git(self.folder, "ls-tree", "-r", "--name-only", "-z", branch).split("\0")[:-1]

    def read(self, branch: str, name: str) -> str:
        return git(self.folder, "cat-file", "blob", f"{branch}:{name}")


@dataclass
class Seen:
    """What a server was asked."""

    paths: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


class GitServer(ThreadingHTTPServer):
    """Serves the repositories below a folder by git's own smart-HTTP program."""

    daemon_threads = True

    def __init__(self, root: Path, *, token: str | None = None, stalls: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.root = root
        self.token = token
        self.stalls = stalls
        self.redirect_to: str | None = None
        self.status: int | None = None
        self._after: tuple[str, int] | None = None
        self.seen = Seen()
        self.stalled = threading.Event()
        self.release = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    def url(self, name: str, *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}/{name}"

    def refuse_after(self, part: str, status: int) -> None:
        """Answer with a status from the first request on that comes behind one for `part`."""
        self._after = (part, status)

    def note(self, path: str, authorization: str | None) -> None:
        """Somebody asks for something."""
        if self._after and self._after[0] not in path and self.seen.paths:
            self.status = self._after[1]
        self.seen.paths.append(path)
        self.seen.authorizations.append(authorization)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Request(BaseHTTPRequestHandler):
    server: GitServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding") == "chunked":
            body = self._read_chunks()
        self.server.note(self.path, self.headers.get("authorization"))
        if self.server.stalls:
            self.server.stalled.set()
            self.server.release.wait(120)
            return self._plain(503)
        if self.server.redirect_to is not None:
            return self._plain(301, {"Location": self.server.redirect_to + self.path})
        if self.server.status is not None:
            return self._plain(self.server.status)
        if self.server.token is not None:
            pair = f"x-access-token:{self.server.token}".encode()
            wanted = "Basic " + base64.b64encode(pair).decode()
            if self.headers.get("authorization") != wanted:
                return self._plain(401, {"WWW-Authenticate": 'Basic realm="git"'})
        return self._backend(body)

    do_GET = do_POST = _handle  # noqa: N815

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _plain(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **GIT_ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            "REMOTE_USER": "ada",
            "REMOTE_ADDR": "127.0.0.1",
        }
        program = Path(git(Path("/"), "--exec-path")) / "git-http-backend"
        ended = subprocess.run(
            [str(program)],
            input=body,
            capture_output=True,
            env=environment,
            timeout=60,
            check=False,
        )
        head, _, content = ended.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def everything_below(folder: Path) -> bytes:
    """All bytes of all files below a folder, with their names."""
    found = bytearray()
    for path in sorted(folder.rglob("*")):
        found += os.fsencode(path) + b"\n"
        if path.is_file() and not path.is_symlink():
            found += path.read_bytes()
    return bytes(found)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def as_worker(folder: Path, *commands: Sequence[str] | str) -> None:
    """Do in a workspace what a worker would do in its sandbox (trusted: the test wrote it)."""
    shell = shutil.which("sh") or "/bin/sh"
    for command in commands:
        words = [shell, "-c", command] if isinstance(command, str) else list(command)
        ended = subprocess.run(
            words,
            cwd=folder,
            env=GIT_ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, (command, ended.stderr)
