"""What runs inside Excel, and how it gets there."""
