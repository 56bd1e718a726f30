"""The hall's database in one file, owned by one process."""
