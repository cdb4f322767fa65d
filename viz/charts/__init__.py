"""The charts of the page, for a browser."""
