"""A user's own figures, read into the model's terms."""
