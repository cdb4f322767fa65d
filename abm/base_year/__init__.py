"""How the calibration year is made: firms, their access to markets, and where they stand."""
