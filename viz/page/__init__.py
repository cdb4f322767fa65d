"""The page: what it shows, what it remembers, and the server behind a guard."""
