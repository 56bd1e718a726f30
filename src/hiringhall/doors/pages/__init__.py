"""The pages: the hall for people, over the same actions and queries as every other door."""
