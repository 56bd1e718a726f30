"""One module for each version of the tables. They go forward only: the way back is a backup."""
