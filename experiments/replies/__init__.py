"""What a government would do best, given the others: its reply, and replies upon replies."""
