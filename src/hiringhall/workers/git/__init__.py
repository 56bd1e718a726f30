"""Git as the hall uses it: hardened, and never run by the host in a worker's checkout."""
