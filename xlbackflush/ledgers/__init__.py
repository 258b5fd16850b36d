"""The journal as posted, written for a ledger."""
