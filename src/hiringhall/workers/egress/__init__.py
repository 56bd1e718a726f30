"""The way out of a sandbox: to the hosts that a role names, through the hall, and to no others."""
