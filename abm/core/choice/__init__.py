"""Where to produce: beliefs, values of sets of plants, projects, the long run."""
