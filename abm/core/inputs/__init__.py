"""What inputs cost: sources, contracts, rules of origin, purchases."""
