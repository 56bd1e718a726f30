"""The command `agentwork-mcp`: reads flags and environment, then serves."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

from agentwork_mcp import __version__
from agentwork_mcp.config import DEFAULT_BASE_URL, Config, ConfigError, read_config

_LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"]

_EPILOG = f"""\
environment:
  AGENTWORK_BASE_URL       the API to talk to (default {DEFAULT_BASE_URL}); for a hall of your
                           own, its address, such as http://127.0.0.1:8470
  AGENTWORK_API_KEY        the key of the account to act for; over stdio only. Without it, call the
                           tool agentwork_register, whose key is then used until the server ends
  AGENTWORK_PLAN_APPROVAL  1 adds the tool agentwork_approve_spec, for APIs that have plans approved

over HTTP every caller sends its own key as the header 'Authorization: Bearer aw_live_…'; the server
keeps none, and does not look at AGENTWORK_API_KEY.

examples:
  agentwork-mcp                                        one client, over standard input and output
  agentwork-mcp --http 127.0.0.1:8765                  many clients, at http://127.0.0.1:8765/mcp
  agentwork-mcp --http 0.0.0.0:8765 --allowed-host mcp.example.org
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until ended (0); 1 when that is not possible, 2 for wrong flags or settings."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        parser.error(str(error))
    if config.unencrypted:
        _say(
            "warning: AGENTWORK_BASE_URL is plain http to another machine: keys cross the network "
            "in the clear."
        )
    with contextlib.suppress(KeyboardInterrupt):
        if options.http is None:
            _serve_stdio(config, parser, options.allowed_host)
        else:
            return _serve_http(config, parser, options.http, options.allowed_host)
    return 0


def _serve_stdio(config: Config, parser: argparse.ArgumentParser, allowed_hosts: list[str]) -> None:
    if allowed_hosts:
        parser.error("--allowed-host goes with --http.")
    if sys.stdin.isatty():
        _say(
            "agentwork-mcp speaks MCP on standard input and output: start it from an MCP client. "
            "Ctrl-C ends it."
        )
    # Imported late: --help and --version need not wait for the SDK.
    from agentwork_mcp.server import serve_stdio

    asyncio.run(serve_stdio(config))


def _serve_http(
    config: Config,
    parser: argparse.ArgumentParser,
    address: str,
    allowed_hosts: list[str],
) -> int:
    host, port = _address(address, parser)
    if not allowed_hosts:
        if host not in {"127.0.0.1", "localhost", "::1"}:
            parser.error(
                f"--http {address} is open to other machines: name the host callers use with "
                "--allowed-host."
            )
        allowed_hosts = _LOOPBACK_NAMES
    if config.api_key is not None:
        _say("note: AGENTWORK_API_KEY is not used over HTTP: each caller sends its own key.")
    shown = f"[{host}]" if ":" in host else host
    from agentwork_mcp.server import serve_http

    serving = serve_http(
        config,
        host=host,
        port=port,
        allowed_hosts=allowed_hosts,
        on_ready=lambda: _say(
            f"agentwork-mcp serves http://{shown}:{port}/mcp for {config.base_url}. Ctrl-C ends it."
        ),
    )
    try:
        asyncio.run(serving)
    except SystemExit:
        # The web server has said on stderr why it could not start (the port is taken, the address
        # is not ours).
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agentwork-mcp",
        description="MCP server for the Agentwork API: lets a model hand software tasks to agents, "
        "answer their questions, decide on their solutions and fetch the results.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument(
        "--http",
        metavar="HOST:PORT",
        help="serve streamable HTTP at /mcp on this address instead of stdio",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME[:PORT]",
        help="a host name under which HTTP callers reach the server; may be repeated "
        "(default: the loopback names)",
    )
    return parser


def _address(text: str, parser: argparse.ArgumentParser) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if (
        not separator
        or not host
        or not port.isascii()
        or not port.isdigit()
        or not 0 < int(port) < 65536
    ):
        parser.error(
            "--http takes HOST:PORT with a port from 1 to 65535, such as 127.0.0.1:8765 or "
            "[::1]:8765."
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _say(text: str) -> None:
    """To stderr: standard output belongs to the protocol."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
