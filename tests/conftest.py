"""Property tests draw the same examples every time, and are not timed.

Where one fails, `pytest --hypothesis-profile shrink` looks for a smaller example (this can take minutes), and
`--hypothesis-profile thorough` looks for others.
"""

from collections.abc import Iterator
from pathlib import Path

import office
import pytest
from hypothesis import Phase, settings

settings.register_profile("shrink", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("repeatable", settings.get_profile("shrink"), phases=[Phase.explicit, Phase.generate])
settings.register_profile("thorough", settings.get_profile("repeatable"), derandomize=False, max_examples=1_000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests: workbooks that several of them look at are made once (see `live_books.ran`)."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs keep for `restore` goes to a folder of the tests, not of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLBACKFLUSH_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def libreoffice() -> Iterator[None]:
    """LibreOffice, where a test has started it, serves the others of the process and ends with the last."""
    yield
    office.stop()
