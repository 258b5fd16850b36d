"""The commands behind the command line, each a function from parsed arguments to an exit code."""
