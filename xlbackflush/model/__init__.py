"""The records, as accountants speak. Imports the schema alone."""
