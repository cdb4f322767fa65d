"""A run from scenario to folder: carried out, stopped, continued, repeated and packed."""
