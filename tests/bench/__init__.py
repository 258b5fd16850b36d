"""The benchmark: what a run costs, beside what else could be done. Run by `make bench`."""
