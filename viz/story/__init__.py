"""A run published as one file: made of the page's parts, with no server behind it."""
