"""The entries."""
