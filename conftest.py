"""Gives the tests of the hall and of its packages the same fixtures and the same guards."""

pytest_plugins = (
    "tests.support.guards",
    "tests.support.databases",
    "tests.support.halls",
)
