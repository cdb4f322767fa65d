"""What the generated parts of the documentation say, block by block."""
