"""The MCP door for clients, `/mcp`: what posts and what works, as tools for an agent."""
