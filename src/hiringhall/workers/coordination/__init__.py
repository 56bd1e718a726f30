"""What whoever works says to the hall: one set of tools, in a sandbox and outside of one."""
