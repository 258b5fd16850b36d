"""What the counts ask for, level by level."""
