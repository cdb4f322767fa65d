"""The books of a quarter: accounts, how they are settled, and indicators of trade."""
