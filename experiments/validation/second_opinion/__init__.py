"""An equilibrium model written independently, and the model with its frictions off beside it."""
