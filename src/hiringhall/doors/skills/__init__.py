"""Skill files: for each door what a coding agent has to know to use it."""
