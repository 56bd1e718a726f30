"""The command line: everything a person or a script does with a hall, with no rule of its own."""
