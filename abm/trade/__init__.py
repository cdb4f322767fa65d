"""Who buys what from whom, and at what price: inputs, origin, borders, markets, accounts."""
