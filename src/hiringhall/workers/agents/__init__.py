"""Coding agents made by others: which there are, how each is started, and how it is talked to."""
