"""An .xlsx as bytes: parts, cells, styles, addresses. Knows no costing."""
