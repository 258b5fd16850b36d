"""Where an auditor looks first."""
