"""Clients that others published, unchanged, against a hall."""
