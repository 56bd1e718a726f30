"""The Agentwork door: tasks for the hall's own workers, as agentwork.com's public pages say."""
