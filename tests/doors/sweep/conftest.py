"""Whoever runs the hall, as at the native door."""

from tests.doors.native.conftest import admin

__all__ = ["admin"]
