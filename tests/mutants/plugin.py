"""What pytest needs beside mutmut: no test may see results that the code without the mutant has left in a cache.

mutmut imports the tests once and forks a process for each mutant, so caches of functions are inherited. They are emptied
before the tests of a mutant; and, while mutmut notes which test calls which function, before each test, for else only the
first of those that share a result would be noted. The pool of random inputs stays: no code of the package makes it.
"""

import functools
import gc
import os

import worlds


def empty_caches() -> None:
    for candidate in gc.get_objects():
        if isinstance(candidate, functools._lru_cache_wrapper) and candidate is not worlds.pool:
            candidate.cache_clear()


def pytest_collection_finish() -> None:
    empty_caches()


def pytest_runtest_setup() -> None:
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        empty_caches()
