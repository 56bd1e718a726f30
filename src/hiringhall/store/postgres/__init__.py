"""The hall's database on PostgreSQL, shared by any number of processes."""
