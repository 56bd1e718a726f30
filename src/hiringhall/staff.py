"""Who works in this hall: its runtimes, what hinders each, and who does what no role decides."""

from collections.abc import Collection
from dataclasses import dataclass

from hiringhall.domain.errors import Invalid
from hiringhall.domain.runs import EXTERNAL
from hiringhall.hall import Staffing
from hiringhall.settings import Settings, SettingsError
from hiringhall.workers.agents.finding import find_agents
from hiringhall.workers.builtin.host import LoopHost
from hiringhall.workers.gateway import Provider
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.place import Place
from hiringhall.workers.runtimes.agent import Agent, agent_runtimes
from hiringhall.workers.runtimes.builtin import Builtin
from hiringhall.workers.runtimes.builtin_role import read_model
from hiringhall.workers.runtimes.command import Command
from hiringhall.workers.runtimes.in_session import Reach
from hiringhall.workers.runtimes.port import Runtime
from hiringhall.workers.runtimes.rehearsal import BUILT_IN, Rehearsal, read_script
from hiringhall.workers.sandboxes.kubernetes import Kubernetes
from hiringhall.workers.sandboxes.port import Probe
from hiringhall.workers.sandboxes.process import ProcessUnsafe

NO_WORKER = (
    "No worker is set up: this hall has no model, no coding agent with one, and no default "
    "runtime. docs/builtin.md says how to give it a model (HIRINGHALL_MODEL), docs/agents.md how "
    "to install a coding agent. To see a task played, start it with HIRINGHALL_RUNTIME=rehearsal; "
    "or add a role that runs a command "
    "(hiringhall admin role set --help) and name it when you post a task."
)


@dataclass(frozen=True, slots=True)
class Staff:
    """The runtimes of a hall, and what it knows of them."""

    runtimes: dict[str, Runtime]
    staffing: Staffing


async def hire(
    settings: Settings,
    place: Place,
    probe: Probe,
    *,
    reach: Reach,
    loops: LoopHost,
) -> Staff:
    """Everyone who could work here; `reach` lets their runs into the hall.

    `loops` is where the hall's own agent thinks.

    Raises SettingsError where the settings name a runtime, or a script, that cannot be meant.
    """
    script = settings.rehearsal_script
    try:
        rehearsal = Rehearsal(BUILT_IN if script is None else read_script(script), logs=place.logs)
    except Invalid as error:
        raise SettingsError(error.message) from error
    command = Command(place, reach=reach, timeout_s=settings.run_timeout_s)
    agents = agent_runtimes(
        place=place,
        installed=find_agents(settings.data_dir / "agents"),
        reach=reach,
        timeout_s=settings.run_timeout_s,
    )
    hindrance = await _hindrance(probe)
    hindrances = {rehearsal.name: "", command.name: hindrance, EXTERNAL: ""}
    for name, agent in agents.items():
        hindrances[name] = hindrance or _agent_hindrance(agent, place)
    builtin = Builtin(
        place,
        loops=loops,
        reach=reach,
        model=None if settings.model is None else read_model(settings.model),
        timeout_s=settings.run_timeout_s,
    )
    providers = _providers(settings)
    hindrances[builtin.name] = hindrance or _builtin_hindrance(providers)
    _check_default(settings, hindrances)
    default = settings.runtime
    if default is None and settings.model is not None and not hindrances[builtin.name]:
        default = builtin.name
    default = default or _first_able(agents, hindrances, providers)
    own: list[Runtime] = [rehearsal, command, builtin]
    return Staff(
        {one.name: one for one in (*own, *agents.values())},
        Staffing(default, NO_WORKER, hindrances),
    )


async def _hindrance(probe: Probe) -> str:
    """Why nothing can be run in a sandbox here, with what to do; empty when it can."""
    if not probe.ok:
        return probe.sentence
    try:
        await Git().version()
    except WorkspaceError as error:
        return error.reason
    return ""


def _agent_hindrance(agent: Agent, place: Place) -> str:
    if place.sandbox.name == ProcessUnsafe.name:
        return "An agent reaches the hall out of a sandbox alone, and process-unsafe is none"
    if place.sandbox.name == Kubernetes.name:
        return "An agent reaches the hall by its sockets, which a Pod does not see"
    return agent.hindrance


def _builtin_hindrance(providers: Collection[Provider]) -> str:
    if Provider.ANTHROPIC not in providers and Provider.OPENAI not in providers:
        return "The built-in agent has no model to ask: docs/builtin.md says how to give it one"
    return ""


def _first_able(
    agents: dict[str, Agent], hindrances: dict[str, str], providers: Collection[Provider]
) -> str | None:
    """The first agent that is here and has a model; over ACP before any by `exec`."""
    return next(
        (
            name
            for name, agent in agents.items()
            if not hindrances[name] and agent.profile.provider in providers
        ),
        None,
    )


def _providers(settings: Settings) -> set[Provider]:
    """Whose models this hall can call, without a team's own key."""
    given = {
        Provider.ANTHROPIC: settings.anthropic_api_key or settings.anthropic_base_url,
        Provider.OPENAI: settings.openai_api_key or settings.openai_base_url,
        Provider.GEMINI: settings.gemini_api_key or settings.gemini_base_url,
    }
    return {provider for provider, way in given.items() if way}


def _check_default(settings: Settings, hindrances: dict[str, str]) -> None:
    """Refuse a default that nothing is called by, or that says nothing without a role."""
    needs_role = (Command.name, "acp:generic")
    able = [name for name in hindrances if name not in needs_role]
    if settings.runtime == Builtin.name and settings.model is None:
        raise SettingsError(
            "HIRINGHALL_RUNTIME is builtin, which needs a model: set HIRINGHALL_MODEL"
        )
    if settings.runtime is None or settings.runtime in able:
        return
    raise SettingsError(
        f"HIRINGHALL_RUNTIME cannot be '{settings.runtime}': it takes {', '.join(able)}; "
        "a command belongs to a role (hiringhall admin role set --help)"
    )
