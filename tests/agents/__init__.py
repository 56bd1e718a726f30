"""Real coding agents at work: Claude Code and Codex in the sandbox, against a scripted model."""
