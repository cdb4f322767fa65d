"""Where to produce: what moving costs, what sets of plants earn and are worth, who moves."""
