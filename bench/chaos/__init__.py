"""Kills a really served hall, again and again, and looks whether anything is lost or doubled."""
