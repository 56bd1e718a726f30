"""The hall's database in one file, owned by one process.

Nothing in that process opens the file but through SQLite: closing any descriptor of it lets go of
the locks that SQLite holds on it, which is how POSIX locks are.
"""
