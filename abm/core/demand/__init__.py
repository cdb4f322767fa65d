"""Who sells what: demand, customers, prices at held shares, claims at borders."""
