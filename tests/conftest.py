"""Settings of the test run: property tests draw the same examples every time and are not timed."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")
