"""Property tests draw the same examples every time, and are not timed.

Where one fails, `pytest --hypothesis-profile shrink` looks for a smaller example (this can take minutes), and
`--hypothesis-profile thorough` looks for others.
"""

import gc
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import office
import pytest
from hypothesis import Phase, settings

settings.register_profile("shrink", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("repeatable", settings.get_profile("shrink"), phases=[Phase.explicit, Phase.generate])
settings.register_profile("thorough", settings.get_profile("repeatable"), derandomize=False, max_examples=1_000)
settings.load_profile("repeatable")


#: files with few tests that take long: they start first, so that no worker ends long before the others
DEAREST = (
    "test_live_proofs.py", "test_live.py", "test_file.py", "test_vba_addin.py", "test_lifecycle.py", "test_explain.py",
    "test_upgrade.py", "test_second_engine.py", "test_vba_stubs.py", "test_vba_probe.py", "test_doctor.py",
    "test_validator.py", "test_mutations.py", "test_sensitivity.py", "test_killed.py", "test_dashboard.py",
)  # fmt: skip


def pytest_collection_finish() -> None:
    """Modules and collected tests stay in memory to the end: the garbage collector need not go through them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: DEAREST.index(item.path.name) if item.path.name in DEAREST else len(DEAREST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """With -n alone: a file's tests go to one worker, which runs the workbooks that they share once, not each worker."""
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


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
def disk() -> Iterator[None]:
    """No write waits for the disk: the workbooks of tests are thrown away. A test of a disk that fails patches the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def archives() -> Iterator[None]:
    """Archives that nobody closed end in silence.

    openpyxl leaves one open for each workbook with macros that it loads. Closing it fails whenever the garbage collector comes
    by, and the report of that has broken the parser of Python 3.11 in the middle of a test (gh-106905).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "__del__", lambda archive: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def libreoffice() -> Iterator[None]:
    """LibreOffice, where a test has started it, serves the others of the process and ends with the last."""
    yield
    office.stop()
