"""A firm of a finished run explained: the run is made again, and told in words."""
