"""What the project measures of itself: `make bench`, `make chaos`, and what a `Tx` costs."""
