"""The law of any date, by product: acts as data, and the duty that they make up."""
