"""The tools of whoever works, by MCP."""
