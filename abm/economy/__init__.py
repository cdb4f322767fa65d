"""The economy: the tables that were observed, constants calibrated to them, last quarter's outcomes."""
