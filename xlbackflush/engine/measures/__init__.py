"""What the figures mean, and what must hold."""
