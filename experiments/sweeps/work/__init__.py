"""A sweep from first check to merged results: begun, resumed, extended, stopped, repaired."""
