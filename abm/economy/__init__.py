"""The economy: tables observed, constants calibrated to them, last quarter's outcomes."""
