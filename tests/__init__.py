"""The tests, and what they share; a package, so that no other of that name is found first."""
