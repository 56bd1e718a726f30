"""The process that runs the agents' loops: it alone imports pydantic-ai, and holds no secret."""
