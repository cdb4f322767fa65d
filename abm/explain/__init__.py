"""Why a firm did what it did: its situation, its decision, and what would change its mind."""
