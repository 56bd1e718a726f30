"""What does the work of a run: workspace, sandbox, runtime, outcome."""
