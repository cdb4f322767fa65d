"""Who sells how much in which market, and whose customers buyers are."""
