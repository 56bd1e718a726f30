"""Money into the hall and out of it: the books follow what a provider says, once."""
