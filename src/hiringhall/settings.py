"""The operator's settings: read once from the environment and a TOML file, frozen, handed in."""

import difflib
import os
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from hiringhall.hall import Registration
from hiringhall.setting_reading import PREFIX, SettingsError, convert, judge


class SpecApproval(StrEnum):
    """Whether every task gets a plan to approve, or only those that ask for it."""

    OPT_IN = "opt-in"
    ALWAYS = "always"


class PaymentWay(StrEnum):
    """How money comes into the hall and goes out of it."""

    PLAY = "play"
    MANUAL = "manual"
    STRIPE = "stripe"


class EngineKind(StrEnum):
    """What carries runs to nodes."""

    AUTO = "auto"
    LOCAL = "local"
    PROCRASTINATE = "procrastinate"


def default_data_dir() -> Path:
    """Where a hall keeps its things unless told otherwise (XDG base directories)."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "hiringhall"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set; `docs/settings.md` is printed from it."""

    data_dir: Annotated[
        Path, "folder for the database, files, keys and workspaces (~/.local/share/hiringhall)"
    ] = Path()
    database_url: Annotated[
        str | None, "postgresql://… to keep rows in PostgreSQL instead of SQLite in the data folder"
    ] = None
    host: Annotated[str, "address to listen on"] = "127.0.0.1"
    port: Annotated[int, "port to listen on; 0 takes a free one"] = 8470
    public_url: Annotated[
        str | None, "base of every absolute link, such as https://hall.example; unset: as asked for"
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        "addresses or networks whose X-Forwarded-For is believed, by commas",
    ] = ()
    door_hosts: Annotated[
        tuple[str, ...],
        "host names that belong to one door, such as agentwork=aw.hall.example, by commas",
    ] = ()
    registration: Annotated[
        Registration | None,
        "open, invite or closed; unset: open on loopback with no public URL or proxy, else closed",
    ] = None
    registrations_per_hour: Annotated[int, "registrations taken from one address in any hour"] = 60
    registrations_per_email: Annotated[
        int, "registrations to be confirmed that are begun for one e-mail in any hour"
    ] = 5
    sign_ins_per_hour: Annotated[int, "key exchanges tried from one address in any hour"] = 60
    sign_ins_per_email: Annotated[
        int,
        "key exchanges and sign-ins tried for one e-mail from one address in any quarter of an "
        "hour; ten times as many from all",
    ] = 10
    agent_requests_per_minute: Annotated[
        int | None, "requests of one agent's key in any minute; unset: any number"
    ] = None
    runtime: Annotated[
        str | None,
        "what does staff work where no role says otherwise, such as acp:claude-code or rehearsal; "
        "unset: builtin where HIRINGHALL_MODEL is set, else a coding agent that is here and has a "
        "model",
    ] = None
    rehearsal_script: Annotated[
        Path | None, "JSON file that the rehearsal runtime plays instead of its built-in turns"
    ] = None
    local_runs: Annotated[int, "runs at once in this process; 0 takes none"] = 4
    team_runs: Annotated[int | None, "most runs at once of one team; unset: any number"] = None
    lease_s: Annotated[int, "seconds a node may be silent before its runs go on elsewhere"] = 30
    save_every_s: Annotated[
        int,
        "seconds between two saves of what an agent at work has (session, unfinished work), for "
        "when its node dies, where a hall has other nodes; 0: only when it has ended",
    ] = 300
    engine: Annotated[
        EngineKind,
        "what carries runs to nodes: local (each looks when it is told), procrastinate (jobs on "
        "PostgreSQL), or auto, which is local",
    ] = EngineKind.AUTO
    run_timeout_s: Annotated[int, "wall clock of a run unless its role says less, in seconds"] = (
        3600
    )
    sandbox: Annotated[
        str, "bubblewrap, docker, kubernetes, or process-unsafe, which isolates nothing"
    ] = "bubblewrap"
    sandbox_image: Annotated[str, "the image that docker and kubernetes run"] = (
        "hiringhall-sandbox:latest"
    )
    docker_socket: Annotated[Path, "where the Docker Engine listens"] = Path("/var/run/docker.sock")
    kubernetes_url: Annotated[str, "where the cluster's API is"] = "https://kubernetes.default.svc"
    kubernetes_namespace: Annotated[str, "where Pods of runs are made"] = "hiringhall"
    kubernetes_claim: Annotated[
        str | None, "the volume claim that holds the data folder and is shown to Pods"
    ] = None
    require_sandbox: Annotated[
        bool, "refuse to serve where the sandbox cannot isolate (tests: fail instead of skip)"
    ] = False
    allow_local_repositories: Annotated[
        bool, "let tasks name repositories by local path and at private addresses"
    ] = False
    egress_hosts: Annotated[
        tuple[str, ...],
        "what customers' own roles may open of the network: names and *.names by commas, *: any; "
        "unset: nothing (the operator's roles open what they say)",
    ] = ()
    egress_networks: Annotated[
        tuple[str, ...],
        "addresses and networks, by commas, that runs may go to although they are private",
    ] = ()
    webhook_networks: Annotated[
        tuple[str, ...],
        "addresses and networks, by commas, that webhooks are sent to although they are private, "
        "by plain http too",
    ] = ()
    ssh_key_file: Annotated[
        Path | None, "private key for repositories over ssh; unset: none are taken"
    ] = None
    ssh_known_hosts_file: Annotated[
        Path | None, "known_hosts file with the keys of the hosts that ssh may go to"
    ] = None
    repository_mib: Annotated[
        int, "largest repository taken: its history, packed, and its files, each in MiB"
    ] = 8192
    run_disk_mib: Annotated[
        int, "what a run may write to the disk where its role does not say, in MiB"
    ] = 4096
    work_mib: Annotated[int, "largest work taken from a run, packed, in MiB"] = 512
    repository_days: Annotated[
        int, "days that a repository's copy is kept when no run uses it and no task there goes on"
    ] = 30
    repositories_mib: Annotated[
        int, "MiB that all copies together may take before the longest unused go; 0: any"
    ] = 51_200
    opening_balance_cents: Annotated[
        int, "play money that every new organization starts with, in cents"
    ] = 100_000
    payments: Annotated[
        PaymentWay,
        "play (play money alone), manual (an admin books what comes in and pays out by hand), or "
        "stripe (docs/payments.md)",
    ] = PaymentWay.PLAY
    currency: Annotated[str, "what all money of the hall is in, such as usd or eur"] = "usd"
    fee_basis_points: Annotated[
        int, "the hall's fee on what workers earn, in hundredths of a percent"
    ] = 1_000
    stripe_secret_key: Annotated[str | None, "Stripe's secret key, where payments are stripe"] = (
        field(default=None, repr=False)
    )
    stripe_webhook_secret: Annotated[
        tuple[str, ...],
        "the signing secrets (whsec_…) of the two webhook endpoints at Stripe, separated by commas",
    ] = field(default=(), repr=False)
    stripe_base_url: Annotated[
        str | None, "where Stripe's API is; unset: https://api.stripe.com"
    ] = None
    credits_per_day: Annotated[int, "credits of each user and UTC day"] = 100
    selection_hours: Annotated[
        int, "hours in which a poster chooses among proposals, before the money returns"
    ] = 72
    grace_hours: Annotated[
        int, "hours that whoever has a task of the market gets beyond its time"
    ] = 24
    review_hours: Annotated[int, "hours after which silence accepts what was delivered"] = 72
    dispute_hours: Annotated[int, "hours after which silence decides a dispute"] = 72
    spec_approval: Annotated[
        SpecApproval, "always: every task gets a plan to approve; opt-in: those that ask"
    ] = SpecApproval.OPT_IN
    anthropic_api_key: Annotated[
        str | None, "the hall's key for Anthropic's models; it never enters a sandbox"
    ] = field(default=None, repr=False)
    anthropic_base_url: Annotated[
        str | None, "where Anthropic Messages are answered; unset: https://api.anthropic.com"
    ] = None
    openai_api_key: Annotated[
        str | None, "the hall's key for OpenAI's models, or for a server that speaks like them"
    ] = field(default=None, repr=False)
    openai_base_url: Annotated[
        str | None,
        "where Chat Completions and Responses are answered, such as a local model server's "
        "http://127.0.0.1:11434/v1; unset: https://api.openai.com/v1",
    ] = None
    gemini_api_key: Annotated[str | None, "the hall's key for Google's Gemini models"] = field(
        default=None, repr=False
    )
    gemini_base_url: Annotated[
        str | None,
        "where Gemini is reached; unset: https://generativelanguage.googleapis.com",
    ] = None
    model: Annotated[
        str | None,
        "the model of the built-in agent, such as claude-sonnet-5 or openai:llama3.3; with it that "
        "agent does what no role or runtime setting decides (docs/builtin.md)",
    ] = None
    manager: Annotated[
        bool, "with HIRINGHALL_MODEL: the manager of Task Forces plans and reads by it"
    ] = True
    models: Annotated[
        tuple[str, ...], "models that agents may call, names or globs by commas; unset: any"
    ] = ()
    force_model: Annotated[
        str | None, "the model that every call is made with, whatever the agent asks for"
    ] = None
    hosted_tools: Annotated[
        bool, "let agents use tools that providers run themselves (web search and the like)"
    ] = False
    model_prices: Annotated[
        Path | None, "TOML file of prices over the hall's own; see docs/models.md"
    ] = None
    credit_cents: Annotated[int, "cents of priced compute that one credit stands for"] = 1
    run_cap_cents: Annotated[int | None, "most that one run may spend on models; unset: no cap"] = (
        None
    )
    task_cap_cents: Annotated[
        int | None, "most that one task may; at a cap its poster is asked"
    ] = None
    team_cap_cents: Annotated[int | None, "most that one team may"] = None
    organization_cap_cents: Annotated[int | None, "most that one organization may"] = None
    own_cap_cents: Annotated[
        int | None, "most that the hall itself (checks, plans) may spend on models in one UTC day"
    ] = None
    secret_key_file: Annotated[
        Path | None, "file with the key that signs links; made in the data folder when unset"
    ] = None
    email: Annotated[
        str, "how mail is sent: console prints it; or smtp://user:password@host:port, or smtps://…"
    ] = field(default="console", repr=False)
    email_from: Annotated[
        str | None, "address that mail comes from; unset: the SMTP user, or hiringhall@ its host"
    ] = None
    github_api_url: Annotated[
        str | None, "GitHub's API, or an Enterprise server's; unset: https://api.github.com"
    ] = None
    blobs: Annotated[
        str | None,
        "s3://bucket/prefix (or gs://, az://), or file:///a/folder that nodes share, to keep files "
        "there; unset: the data folder",
    ] = None
    metrics_token: Annotated[
        str | None, "bearer token that opens /metrics from elsewhere than loopback"
    ] = None
    log_level: Annotated[str, "debug, info, warning or error"] = "info"
    log_format: Annotated[str, "auto, console or json"] = "auto"

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'hall.db'}"


def read_settings(
    environ: Mapping[str, str], *, file: Path | None = None, **overrides: Any
) -> Settings:
    """The settings of a TOML file, the environment over it, and overrides over both.

    The file is HIRINGHALL_CONFIG's, or `hiringhall.toml` in the data folder when there is one.
    Overrides that are None are passed over. Raises SettingsError.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    from_environment = {
        name[len(PREFIX) :].lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value != ""
    }
    data_dir = given.get("data_dir") or from_environment.get("data_dir") or default_data_dir()
    path = file or _config_file(environ, Path(data_dir))
    merged: dict[str, Any] = {"data_dir": data_dir}
    merged |= {} if path is None else _read_file(path)
    known = {one.name: one for one in fields(Settings)}
    merged |= {name: value for name, value in from_environment.items() if name in known}
    merged |= given
    kinds = typing.get_type_hints(Settings)
    values: dict[str, Any] = {}
    for name, value in merged.items():
        if name not in known:
            raise SettingsError(f"There is no setting '{name}' (in {path}); see docs/settings.md")
        values[name] = convert(name, value, kinds[name])
        judge(name, values[name])
    # Meant from where the command was given: git and the sandbox work in folders of their own.
    values["data_dir"] = values["data_dir"].absolute()
    return Settings(**values)


def _config_file(environ: Mapping[str, str], data_dir: Path) -> Path | None:
    named = environ.get(f"{PREFIX}CONFIG")
    if named:
        return Path(named)
    usual = data_dir / "hiringhall.toml"
    try:
        return usual if usual.exists() else None
    except OSError:  # whoever opens a folder that is closed to us says so, better than this could
        return None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}") from error


# What the command, its tests and its workers call by such a name and is no setting.
_HELPERS = frozenset(
    {"CONFIG", "DEBUG", "URL", "API_KEY", "KEY_FILE"}
    | {"TASK_ID", "TITLE", "BRIEF", "BRIEF_JSON", "BRANCH"}
)


def strange_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like settings and are none, with the one that may be meant, or ""."""
    known = {one.name.upper() for one in fields(Settings)} | _HELPERS
    found: dict[str, str] = {}
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX).upper()
        if not variable.startswith(PREFIX) or name in known or name.startswith("TEST_"):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        found[variable] = f"{PREFIX}{near[0]}" if near else ""
    return found


def describe() -> list[tuple[str, str, str]]:
    """Each setting as its variable, its default and what it means: for the documentation."""
    hints = typing.get_type_hints(Settings, include_extras=True)
    return [
        (f"{PREFIX}{one.name.upper()}", _shown(one.default), hints[one.name].__metadata__[0])
        for one in fields(Settings)
    ]


def _shown(default: Any) -> str:
    if default is None or default in ((), Path()):
        return ""
    return str(int(default)) if isinstance(default, bool) else str(default)
