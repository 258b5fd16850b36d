"""Raw cells to typed inputs, and back."""
