"""Parameters of a scenario fitted to targets by simulated moments, and how well they are known."""
