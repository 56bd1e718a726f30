"""The hall's own agent: its loop in one process beside the hall, its tools in the sandbox."""
