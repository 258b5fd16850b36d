"""Tests on Windows Python under Wine: run by `make test-windows`, skipped by `make test`."""

from collections.abc import Iterator

import pytest
from wine import COMMAND, Windows


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--windows", action="store_true", help="run the tests that need Windows; it must be there")


@pytest.fixture(scope="session")
def windows(request: pytest.FixtureRequest) -> Iterator[Windows]:
    """The Windows that `make test-windows` has made. Where it is missing, that command fails and any other skips."""
    if not request.config.getoption("--windows", default=False):
        pytest.skip(f"runs on Windows Python: {COMMAND}")
    machine = Windows()
    if not machine.ready:
        pytest.fail(f"there is no Windows in {machine.folder}: {COMMAND}")
    machine.start()
    yield machine
    machine.stop()


@pytest.fixture(scope="session")
def installed(windows: Windows) -> None:
    """The add-in and its configuration, where Excel and xlwings look for them."""
    done = windows.run_python(["-m", "xlbackflush", "install"])
    assert done.returncode == 0, done
