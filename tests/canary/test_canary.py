"""Secrets with a mark go through whole stories, and then every byte is searched for them."""

import asyncio
import base64
import contextlib
import json
import os
import secrets as random
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

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
from tests.canary.slips import (
    BROKEN_LAST,
    break_tables,
    keys_made_of,
    meet_faults,
    meet_nobody,
    sign_and_send,
    tell_elsewhere,
)
from tests.canary.story import PATIENCE_S, Canaries, Story
from tests.escape.cell import HELPERS, interpreter
from tests.escape.prison import as_agent, played
from tests.support.halls import open_account
from tests.workspace.support import GitServer, Origin, git

pytestmark = [pytest.mark.sandbox]

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
class Around:
    """What is around the hall."""

    provider: EchoServer
    github: EchoServer
    mail: MailServer
    hooks: EchoServer
    repositories: GitServer
    origin: Origin


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Around]:
    origin = Origin.make(tmp_path / "served" / "project.git")
    git(origin.folder, "config", "http.receivepack", "true")
    made = Around(
        EchoServer(),
        EchoServer(),
        MailServer(),
        EchoServer(),
        GitServer(origin.folder.parent),
        origin,
    )
    with (
        serving(made.provider), serving(made.github), serving(made.mail), serving(made.hooks),
        made.repositories,
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
        "WEBHOOK_NETWORKS": "127.0.0.0/8",
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
        # An address is kept as it is, for its owner to see: it is only no stranger's, nor the log's.
        outside = Search({"hook_token": named.pop("hook_token")})
        search = Search(named)
        with Watch(pid, search) as watch:
            _tell(story, around)
            tell_elsewhere(story)
            around.hooks.statuses = [200] * 20
            for _ in range(2):
                # The second time with the first one's secrets known to whoever looks.
                sign_and_send(story, around.hooks.url)
                search.know({"webhook": canaries.webhook, "renewed": canaries.renewed})
        later = ("delivers", "fails")
        search.know({name: getattr(canaries, name) for name in later})
        search.know(keys_made_of(canaries.sealing))
        with Watch(pid, search):
            time.sleep(0.1)
        break_tables(database_url)
        answered = meet_faults(story)
        break_tables(database_url, BROKEN_LAST)
        unknown = meet_nobody(story)
    assert {door: said for door, said in answered.items() if 500 not in said} == {}
    assert set(unknown.values()) == {500}, unknown
    assert canaries.hook_token in "".join(around.hooks.paths)
    # It was all really said to those whom it was for: else there would be nothing to look for.
    heard = "\n".join([*around.provider.heard, *around.github.heard])
    for secret in (canaries.openai, canaries.gemini, canaries.github):
        assert secret in heard
    assert canaries.provider in heard or canaries.team_model in heard
    assert len(watch.seen) > 10
    for looking in (search, outside):
        for answer in story.told:
            looking.look(answer, "an answer")
        looking.look(story.log.read_bytes(), "the server's log")
    assert outside.found == set()
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
