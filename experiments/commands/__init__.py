"""The command line: each command is read, calls one function, and prints."""
