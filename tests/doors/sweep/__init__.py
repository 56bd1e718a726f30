"""Whose things are whose, at every route of every door."""
