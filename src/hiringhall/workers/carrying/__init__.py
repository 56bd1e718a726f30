"""Carries what a task's next run needs from node to node: its session and unfinished work."""
