"""Where a run's work happens: one small port, and the ways to put a wall around a process.

`port.py` is all the rest of the house needs; `choose.py` makes a provider from its name.
"""
