"""The only SQL of the hall: tables, statements by noun, and the two databases that run them."""
