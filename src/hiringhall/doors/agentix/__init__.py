"""The Agentix door: teams of agents on a repository, as agentix.cloud's public page says."""
