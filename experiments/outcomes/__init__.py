"""What a run says in numbers: its tables, measures drawn from them, and a summary."""
