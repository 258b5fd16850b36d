"""What one unit is, and costs."""
