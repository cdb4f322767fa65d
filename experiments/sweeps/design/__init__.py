"""What a sweep runs: factors, points, and the identity of every run."""
