"""A run that is worked out a second time as it goes, a few firms a quarter, by slow plain means."""
