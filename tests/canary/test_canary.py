"""Secrets with a mark go through whole stories, and then every byte is searched for them."""

import asyncio
import base64
import contextlib
import json
import os
import secrets as random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.market.agents import approve_agent, register_agent
from hiringhall.actions.roles import set_role
from hiringhall.actions.teams import change_team
from hiringhall.app import open_app
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.teams import list_teams
from hiringhall.settings import read_settings
from tests.canary.echoes import EchoServer, MailServer, serving
from tests.canary.searching import Search, Watch, run
from tests.escape.cell import HELPERS, interpreter
from tests.escape.prison import as_agent, played
from tests.support.halls import open_account
from tests.workspace.support import GitServer, Origin, git

pytestmark = [pytest.mark.sandbox]

PATIENCE_S = 120.0

ROAM = """
say(dict(os.environ))
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [one for one in folders if one not in {"usr", "lib", "opt", "sys"}]
    for name in files:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.path.getsize(path) < 100000:
            sys.stdout.write(read(path))
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    sys.stdout.write(read(path))
"""


@dataclass
class Canaries:
    """The secrets of one hall, by what they are."""

    provider: str = field(default_factory=lambda: f"sk-canary-{random.token_hex(20)}")
    openai: str = field(default_factory=lambda: f"sk-canary+/{random.token_hex(20)}")
    gemini: str = field(default_factory=lambda: f"AIza-canary-{random.token_hex(20)}")
    github: str = field(default_factory=lambda: f"ghp_canary{random.token_hex(20)}")
    team_model: str = field(default_factory=lambda: f"sk-ant-canary-{random.token_hex(20)}")
    mail: str = field(default_factory=lambda: f"mail canary&{random.token_hex(12)}")
    database: str = field(default_factory=lambda: f"db-canary-{random.token_hex(12)}")
    password: str = field(default_factory=lambda: f"password canary {random.token_hex(12)}")
    metrics: str = field(default_factory=lambda: f"metrics-canary-{random.token_hex(12)}")
    customer: str = ""
    agent: str = ""
    delivers: str = ""
    fails: str = ""
    """The service keys of two runs elsewhere; a run in a sandbox has none."""
    sealing: bytes = field(default_factory=lambda: random.token_bytes(32))


@dataclass
class Story:
    """A hall in a process of its own, and everything that it ever answered."""

    url: str
    data: Path
    log: Path
    canaries: Canaries
    told: list[bytes] = field(default_factory=list[bytes])
    http: httpx.Client = field(default_factory=httpx.Client)

    def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Ask, and remember the answer, head and all."""
        headers = {"Authorization": f"Bearer {key or self.canaries.customer}"}
        headers |= more.pop("headers", {})
        url = f"{self.url}{path}"
        answer = self.http.request(method, url, headers=headers, timeout=60, **more)
        self.told.append(str(answer.headers).encode() + answer.content)
        return answer

    def work(self, role: str, words: str = "Do it", **fields: Any) -> str:
        """A task from its posting to the end of its run; its status."""
        body = {"title": "A task", "description": words, "role": role, **fields}
        answer = self.ask("POST", "/api/v1/tasks/", json=body)
        assert answer.status_code == 201, answer.text
        task, status = answer.json()["task_id"], "processing"
        until = time.monotonic() + PATIENCE_S
        while status == "processing":
            assert time.monotonic() < until, self.log.read_text()[-3000:]
            time.sleep(0.05)
            answer = self.http.get(
                f"{self.url}/api/v1/tasks/{task}",
                headers={"Authorization": f"Bearer {self.canaries.customer}"},
            )
            status = answer.json()["status"]
        for more in ("", "/result", "/events", "/log"):
            self.ask("GET", f"/api/v1/tasks/{task}{more}")
        return str(status)


@dataclass
class Around:
    """What is around the hall."""

    provider: EchoServer
    github: EchoServer
    mail: MailServer
    repositories: GitServer
    origin: Origin


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Around]:
    origin = Origin.make(tmp_path / "served" / "project.git")
    git(origin.folder, "config", "http.receivepack", "true")
    made = Around(EchoServer(), EchoServer(), MailServer(), GitServer(origin.folder.parent), origin)
    with (
        serving(made.provider), serving(made.github), serving(made.mail), made.repositories
    ):  # fmt: skip
        yield made


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


async def _prepare(data: Path, database_url: str, canaries: Canaries, around: Around) -> None:
    """An account whose team has secrets, with roles for what will be done."""
    key_file = data.with_name("secret.key")
    key_file.write_bytes(base64.b64encode(canaries.sealing))
    key_file.chmod(0o600)
    settings = read_settings(
        {},
        data_dir=data,
        database_url=database_url,
        secret_key_file=key_file,
        require_sandbox=True,
        allow_local_repositories=True,
    )
    argv, mounts = interpreter()
    shown = [str(path) for path, _ in mounts]
    async with open_app(settings) as app:
        issued = await open_account(app.hall)
        canaries.customer = issued.secret
        ada = await authenticate(app.hall, issued.secret)
        (team,) = await list_teams(app.hall, actor=ada)
        config = {
            "gitRepoUrl": around.repositories.url("project.git"),
            "githubToken": canaries.github,
            "anthropicApiKey": canaries.team_model,
        }
        await change_team(app.hall, actor=ada, team_id=team.id, config=config)
        email = tidy_email("ada@example.com")
        roam = {"argv": [*argv, "-c", HELPERS + ROAM], "mounts": shown}
        await set_role(app.hall, email=email, name="roam", runtime="command", config=roam)
        agent = {**played(), "memory_mib": 512, "timeout_s": 60}
        await set_role(app.hall, email=email, name="agent", runtime="acp:generic", config=agent)
        await set_role(app.hall, email=email, name="elsewhere", runtime="external", config={})
        profile = make_profile(name="Zoe")
        made, canaries.agent = await register_agent(app.hall, actor=ada, profile=profile)
        await approve_agent(app.hall, actor=HALL, agent_id=made.id)


@contextlib.contextmanager
def _served(
    folder: Path, database_url: str, canaries: Canaries, around: Around
) -> Generator[tuple[Story, int]]:
    data = folder / "data"
    asyncio.run(_prepare(data, database_url, canaries, around))
    mail = f"smtp://hall:{quote(canaries.mail, safe='')}@127.0.0.1:{around.mail.port}"
    given = {
        "DATA_DIR": str(data),
        "DATABASE_URL": _with_password(database_url, canaries.database),
        "SECRET_KEY_FILE": str(folder / "secret.key"),
        "EMAIL": mail,
        "ANTHROPIC_API_KEY": canaries.provider,
        "ANTHROPIC_BASE_URL": around.provider.url,
        "OPENAI_API_KEY": canaries.openai,
        "OPENAI_BASE_URL": around.provider.url,
        "GEMINI_API_KEY": canaries.gemini,
        "GEMINI_BASE_URL": around.provider.url,
        "GITHUB_API_URL": around.github.url,
        "METRICS_TOKEN": canaries.metrics,
        "LOG_LEVEL": "debug",
        "REGISTRATION": "open",
        "ALLOW_LOCAL_REPOSITORIES": "1",
        "REQUIRE_SANDBOX": "1",
    }
    environ = {"PATH": os.environ["PATH"], **{f"HIRINGHALL_{k}": v for k, v in given.items()}}
    log = folder / "log"
    argv = [str(Path(sys.executable).with_name("hiringhall")), "serve", "--json", "--port", "0"]
    with log.open("wb") as errors:
        server = subprocess.Popen(
            argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
    assert server.stdout is not None
    line = server.stdout.readline()
    try:
        assert line, log.read_text()
        story = Story(json.loads(line)["url"], data, log, canaries, [line])
        with story.http:
            yield story, server.pid
    finally:
        server.terminate()
        rest, _ = server.communicate(timeout=PATIENCE_S)
        log.write_bytes(log.read_bytes() + rest)


def _with_password(url: str, password: str) -> str:
    """The same database; the tests' own server lets anybody in, with any password."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite" or not parts.hostname:
        return url
    user = parts.username or "postgres"
    place = f"{user}:{password}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=place))


def _tell(story: Story, around: Around) -> None:
    """Everything in which somebody could let something slip."""
    canaries = story.canaries
    # Registration, with passwords, right and wrong; a letter that cannot be sent.
    who = {"email": "carl@example.com", "name": "Carl", "password": canaries.password}
    for path in ("/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/token"):
        story.ask("POST", path, json={**who, "organization_name": "Carl's"}, headers={"X-A": "b"})
        story.ask("POST", path, content=b'{"password": "' + canaries.password.encode())
    story.ask("POST", "/register", json={"email": "dora@example.com", "agentName": "Dora"})
    # A command that prints whatever it sees, and an agent that calls models of every provider.
    assert story.work("roam") == "awaiting_solution_approval"
    around.provider.statuses = [401, 400, 403, 500, 429]
    story.work("agent", as_agent(CALLS))
    # A repository that does not take the team's token, and GitHub, which says it back.
    around.repositories.token = "another"
    story.work("roam", repository=around.repositories.url("project.git"))
    teams = story.ask("GET", "/teams").json()
    found = teams.get("teams", teams) if isinstance(teams, dict) else teams
    for team in found:
        config = {"gitRepoUrl": "https://github.com/ada/project", "githubToken": canaries.github}
        named = {"config": config}
        assert story.ask("PATCH", f"/teams/{team['id']}", json=named).status_code == 200
        for more in ("", "/github-activity", "/playbook"):
            story.ask("GET", f"/teams/{team['id']}{more}")
        story.ask("PATCH", f"/teams/{team['id']}", json={"config": {"githubToken": 7}})
    # Keys in the wrong place, and faults.
    for path in ("/api/v1/tasks/", "/teams", "/metrics", "/readyz", "/nothing", "/hall/v1/tasks"):
        story.ask("GET", path)
        story.ask("GET", path, key=canaries.customer + "x")
        story.ask("GET", f"{path}?api_key={canaries.customer}&token={canaries.password}")
        story.ask("POST", path, content=canaries.customer.encode())
    story.ask("GET", "/metrics", key=canaries.metrics)


def _lease(story: Story) -> tuple[str, str, str, str]:
    """Take a run that is done elsewhere: its team, task and worker, and its service key."""
    body = {"title": "A task", "description": "Do it", "role": "elsewhere"}
    assert story.ask("POST", "/api/v1/tasks/", json=body).status_code == 201
    team = story.ask("GET", "/teams").json()[0]["id"]
    worker = story.ask("GET", f"/workers?teamId={team}&status=starting").json()[0]
    # The one answer that a key is in is not remembered: there it has to be.
    answer = story.http.post(
        f"{story.url}/hall/v1/runs/{worker['id']}/lease",
        headers={"Authorization": f"Bearer {story.canaries.customer}"},
        json={"lease_s": 600},
    )
    assert answer.status_code == 200, answer.text
    return team, worker["taskId"], worker["id"], str(answer.json()["service_key"])


def _tell_elsewhere(story: Story) -> None:
    """Two runs elsewhere say their own service keys in all that they say, right and wrong."""
    for name, status in (("delivers", "completed"), ("fails", "failed")):
        team, task, worker, key = _lease(story)
        setattr(story.canaries, name, key)
        words = f"my key is {key}, I say"
        event = {"teamId": team, "type": "message", "actor": words, "data": {"a": [{key: words}]}}
        assert story.ask("POST", "/events", key=key, json=event).status_code == 201
        part = {"title": words, "description": words, "acceptCriteria": words, "createdBy": words}
        answer = story.ask("POST", f"/tasks/{task}/subtasks", key=key, json=part)
        assert answer.status_code == 201
        for tool, said in (
            ("report_progress", {"text": words}),
            ("post_message", {"text": words}),
            ("create_subtask", {"title": words, "description": words}),
            ("attach_file", {"name": f"{key}.txt", "content": words}),
            ("nothing", {"text": words}),
            ("report_progress", {key: words}),
        ):
            story.ask("POST", f"/mcp/work/tools/{tool}", key=key, json=said)
        call = {"name": "report_progress", "arguments": {"text": words}}
        said = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        story.ask("POST", "/mcp/work", key=key, json=said)
        for path in ("/api/v1/tasks", "/teams", "/hall/v1/tasks", "/api/v1/agents/me", "/metrics"):
            story.ask("GET", path, key=key)
            story.ask("GET", f"{path}?key={key}")
            story.ask("POST", path, key=key, content=b'{"title": "' + key.encode())
        report = {
            "worker_id": worker, "task_id": task, "status": status, "summary": words,
            "git_branch": f"worker/{key}",
        }  # fmt: skip
        for _ in range(2):
            story.ask("POST", "/webhooks/worker-complete", key=key, json={**report, "status": key})
            answer = story.ask("POST", "/webhooks/worker-complete", key=key, json=report)
            assert answer.status_code == 200, answer.text
        story.ask("POST", "/events", key=key, json=event)
        for path in (f"/tasks/{task}", f"/workers/{worker}", f"/events?teamId={team}"):
            story.ask("GET", path)


BROKEN = ("tasks", "teams", "roles", "agents", "events", "runs", "registrations")
"""Tables that are taken away, so that every door meets what it does not expect."""


def _break(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite://")
        with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as made:
            made.execute("PRAGMA legacy_alter_table = ON")
            for name in BROKEN:
                made.execute(f"ALTER TABLE {name} RENAME TO {name}_gone")
        return

    async def rename() -> None:
        connection: Any = await asyncpg.connect(database_url)
        for name in BROKEN:
            await connection.execute(f"ALTER TABLE {name} RENAME TO {name}_gone")
        await connection.close()

    asyncio.run(rename())


def _meet_faults(story: Story) -> dict[str, set[int]]:
    """Ask every door for what is broken, with secrets in all that is sent; what each answered."""
    canaries = story.canaries
    secrets = {
        "password": canaries.password, "githubToken": canaries.github,
        "anthropicApiKey": canaries.team_model, "name": canaries.mail, "title": canaries.openai,
        "description": canaries.gemini, "email": "eve@example.com", "payout_cents": 100,
        "instructions": canaries.provider, "categories": [], "agentName": canaries.metrics,
        "config": {"githubToken": canaries.github}, "planText": canaries.provider * 2,
        "worker_id": "worker_x", "task_id": "task_x", "status": "failed", "summary": "x",
    }  # fmt: skip
    calls = (
        ("agentwork", "/api/v1/tasks", canaries.customer),
        ("club", "/api/agent/v1/tasks", canaries.customer),
        ("nexwork", "/api/v1/agents/me/tasks", canaries.agent),
        ("nexwork", "/nexwork/api/v1/tasks", canaries.agent),
        ("agentix", "/teams", canaries.customer),
        ("agentix", "/register", canaries.customer),
        ("agentix", "/webhooks/worker-complete", canaries.delivers),
        ("native", "/hall/v1/tasks", canaries.customer),
        ("native", "/hall/v1/agents", canaries.customer),
        ("work", "/mcp/work/tools/get_task", canaries.fails),
        ("work", "/mcp/work", canaries.fails),
    )
    answered: dict[str, set[int]] = {}
    for door, path, key in calls:
        for answer in (
            story.ask("GET", f"{path}?token={key}", key=key),
            story.ask("POST", path, key=key, json=secrets),
        ):
            answered.setdefault(door, set()).add(answer.status_code)
    return answered


CALLS = """
def ask(path, headers):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect("/run/hall/model.sock")
        body = json.dumps({"model": "m", "max_tokens": 9, "stream": False, "input": "x",
                           "messages": [{"role": "user", "content": "x"}],
                           "contents": [{"parts": [{"text": "x"}]}]}).encode()
        head = f"POST {path} HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n"
        s.sendall((head + headers + f"Content-Length: {len(body)}\\r\\n\\r\\n").encode() + body)
        return s.recv(65536).decode(errors="replace")
said = []
for path in ("/v1/messages", "/v1/chat/completions", "/v1/responses",
             "/v1beta/models/m:generateContent", "/v1/messages", "/v1/models", "/v1/../v1/messages"):
    try:
        said.append(ask(path, "x-api-key: of-the-agent\\r\\nAuthorization: Bearer of-the-agent\\r\\n"))
    except OSError as error:
        said.append(str(error))
open("/workspace/said.txt", "w").write("\\n".join(said))
print(said, file=sys.stderr)
call(self.url, "deliver", {"text": "\\n".join(said) + json.dumps(dict(os.environ))})
"""


def test_no_secret_is_anywhere_it_need_not_be(
    tmp_path: Path, database_url: str, around: Around, canaries: Canaries
) -> None:
    with _served(tmp_path, database_url, canaries, around) as (story, pid):
        named = {name: value for name, value in vars(canaries).items() if value}
        search = Search(named)
        with Watch(pid, search) as watch:
            _tell(story, around)
            _tell_elsewhere(story)
        search.know({name: getattr(canaries, name) for name in ("delivers", "fails")})
        with Watch(pid, search):
            time.sleep(0.1)
        _break(database_url)
        answered = _meet_faults(story)
    assert all(500 in statuses for statuses in answered.values()), answered
    # It was all really said to those whom it was for: else there would be nothing to look for.
    heard = "\n".join([*around.provider.heard, *around.github.heard])
    for secret in (canaries.openai, canaries.gemini, canaries.github):
        assert secret in heard
    assert canaries.provider in heard or canaries.team_model in heard
    assert len(watch.seen) > 10
    for answer in story.told:
        search.look(answer, "an answer")
    search.look(story.log.read_bytes(), "the server's log")
    search.look_below(story.data)
    search.look_below(around.origin.folder)
    if database_url.startswith("sqlite"):
        search.look_below(Path(database_url.removeprefix("sqlite://")).parent)
    else:
        run(search, database_url)
    assert search.looked_bytes > 1 << 20
    # The host's own git is given a team's token so, for it must stand in no argument and no file.
    by_git = {one for one in search.found if one.startswith("github in the environment of git,")}
    assert sorted(search.found - by_git) == []


def test_what_would_be_there_is_found(tmp_path: Path) -> None:
    """The search itself: in a file, in a packed repository, in every spelling."""
    secret = f"sk-canary+/{random.token_hex(8)}"
    repository = tmp_path / "r"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    (repository / "a").write_text(f"x{secret}y" * 3)
    git(repository, "add", ".")
    git(repository, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", "One")
    git(repository, "gc", "-q")
    (repository / "a").unlink()
    search = Search({"it": secret})
    search.look_below(tmp_path)
    assert any("git's objects" in one for one in search.found)
    for spelled in (
        base64.b64encode(b"ab" + secret.encode() + b"cd"), secret.encode().hex().encode(),
        quote(secret, safe="").encode(), json.dumps(secret).encode(), secret[::-1].encode(),
    ):  # fmt: skip
        again = Search({"it": secret})
        again.look(b"around " + spelled, "bytes")
        assert again.found, spelled
