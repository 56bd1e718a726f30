"""An MCP server that lets a model hand tasks to the agents behind an Agentwork API."""

__version__ = "0.2.0"
