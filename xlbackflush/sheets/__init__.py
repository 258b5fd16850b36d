"""What every output sheet holds: values and live formulas."""
