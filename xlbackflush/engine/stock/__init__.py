"""What moved, and what is left."""
