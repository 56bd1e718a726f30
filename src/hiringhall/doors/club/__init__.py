"""The AgentWork Club door: tasks for money, posted by programs, as its public page says."""
