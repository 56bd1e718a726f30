"""What can do the work of a run: each runtime turns a brief into an outcome."""
