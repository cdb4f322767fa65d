"""How fast the model is on this machine, and how fast it could be."""
