"""Which changes of the engine no test notices. Run by `make mutants`."""
