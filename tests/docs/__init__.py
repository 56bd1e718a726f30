"""Tests of the pages: what they name exists, and what they print can be run."""
