"""The agents that the hall knows: their commands, variables and files, and nothing else."""

from hiringhall.workers.agents.profile import Asking, Exec, Profile
from hiringhall.workers.gateway.providers import Provider

_QUIET_CLAUDE = {
    "ANTHROPIC_BASE_URL": "$model_url",
    "ANTHROPIC_AUTH_TOKEN": "$key",
    "CLAUDE_CONFIG_DIR": "$home/.claude",
    # Its own way of hiding tools until a model asks for them hides the hall's, too.
    "ENABLE_TOOL_SEARCH": "false",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_MAX_RETRIES": "1",
    # Without it, permissions cannot be skipped by root; and root it is in some sandboxes.
    "IS_SANDBOX": "1",
}

_CODEX_CONFIG = """\
model = "$model"
model_provider = "hall"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[analytics]
enabled = false

[history]
persistence = "none"

[model_providers.hall]
name = "The hall"
base_url = "$model_url/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1

[mcp_servers.hall]
url = "$mcp_url"
required = true

[projects."/workspace"]
trust_level = "trusted"
"""

CLAUDE_CODE = Profile(
    name="claude-code",
    title="Claude Code",
    provider=Provider.ANTHROPIC,
    acp=("claude-agent-acp",),
    exec=Exec(
        argv=(
            *("claude", "-p", "--output-format", "stream-json", "--verbose"),
            *("--mcp-config", "$home/hall-mcp.json", "--strict-mcp-config"),
            "--dangerously-skip-permissions",
        ),
        again=("--resume", "$session"),
        lines="claude",
        model=("--model", "$model"),
    ),
    needs=("node",),
    environment=_QUIET_CLAUDE,
    with_model={"ANTHROPIC_MODEL": "$model", "ANTHROPIC_SMALL_FAST_MODEL": "$model"},
    files={
        "hall-mcp.json": '{"mcpServers": {"hall": {"type": "http", "url": "$mcp_url"}}}\n',
    },
    mode="bypassPermissions",
    asking=Asking(),
    forget=("hall-mcp.json",),
    memory_mib=4096,
)

CODEX = Profile(
    name="codex",
    title="Codex",
    provider=Provider.OPENAI,
    acp=("codex-acp",),
    exec=Exec(
        argv=(
            *("codex", "exec", "--json", "--skip-git-repo-check"),
            "--dangerously-bypass-approvals-and-sandbox",
        ),
        again=("resume", "$session"),
        lines="codex",
        last=("-",),
    ),
    environment={
        "OPENAI_BASE_URL": "$model_url/v1",
        "OPENAI_API_KEY": "$key",
        "CODEX_API_KEY": "$key",
        "CODEX_HOME": "$home/.codex",
    },
    files={".codex/config.toml": _CODEX_CONFIG},
    # Without a model it waits for one without end. For models of its own list it hides the hall's
    # tools until they are searched for, which those models do; to all others it shows them.
    model="gpt-5.1-codex",
    # It writes all of its environment into its snapshots of the shell.
    forget=(".codex/shell_snapshots", ".codex/config.toml", ".codex/auth.json"),
    # In each of its other modes it fails in a sandbox within ours, without asking.
    mode="agent-full-access",
    takes_mcp=False,
    memory_mib=2048,
)

_GEMINI_SETTINGS = (
    '{"security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": false}}, '
    '"general": {"disableAutoUpdate": true}, "privacy": {"usageStatisticsEnabled": false}, '
    '"telemetry": {"enabled": false}, '
    # It asks before it uses a tool of a server that is not trusted: the hall's own are.
    '"mcpServers": {"hall": {"httpUrl": "$mcp_url", "trust": true}}}\n'
)

GEMINI = Profile(
    name="gemini",
    title="Gemini CLI",
    provider=Provider.GEMINI,
    acp=("gemini", "--acp", "--yolo"),
    needs=("node",),
    environment={
        "GOOGLE_GEMINI_BASE_URL": "$model_url",
        "GEMINI_API_KEY": "$key",
        "GEMINI_TELEMETRY_ENABLED": "false",
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_FORCE_FILE_STORAGE": "true",
    },
    with_model={"GEMINI_MODEL": "$model"},
    # Left to choose, it first asks another model which one to ask.
    model="gemini-2.5-pro",
    files={".gemini/settings.json": _GEMINI_SETTINGS},
    asking=Asking(acp=("gemini", "--acp", "--approval-mode", "default")),
    settle_s=1.0,
    memory_mib=4096,
)

OPENCODE = Profile(
    name="opencode",
    title="OpenCode",
    provider=Provider.OPENAI,
    acp=("opencode", "acp"),
    environment={
        "OPENCODE_CONFIG": "$home/.config/opencode/hall.json",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    },
    files={
        ".config/opencode/hall.json": '{"autoupdate": false, "share": "disabled", '
        '"model": "hall/$model", "small_model": "hall/$model", '
        '"permission": {"edit": "allow", "bash": "allow", "webfetch": "deny"}, '
        '"provider": {"hall": {"npm": "@ai-sdk/openai-compatible", "name": "The hall", '
        '"options": {"baseURL": "$model_url/v1", "apiKey": "$key"}, '
        '"models": {"$model": {"name": "$model"}}}}}\n',
    },
    asking=Asking(
        environment={
            # What a repository brings along would be read after the hall's own, and allow more.
            "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
            "OPENCODE_PERMISSION": '{"edit": "ask", "bash": "ask", "task": "deny"}',
        },
    ),
    model="gpt-5.5",
    memory_mib=4096,
)

GENERIC = Profile(
    name="generic",
    title="The role's own agent",
    asking=Asking(),
    environment={
        "ANTHROPIC_BASE_URL": "$model_url",
        "ANTHROPIC_API_KEY": "$key",
        "OPENAI_BASE_URL": "$model_url/v1",
        "OPENAI_API_KEY": "$key",
        "GOOGLE_GEMINI_BASE_URL": "$model_url",
        "GEMINI_API_KEY": "$key",
    },
)
"""Any agent that speaks ACP: its command is the role's `argv`."""

ALL = (CLAUDE_CODE, CODEX, GEMINI, OPENCODE, GENERIC)
"""In the order in which a hall with several of them chooses one for tasks that name no role."""
