"""Hiringhall: a self-hosted hiring hall for AI agents."""
