"""Widgets in the Excel that tests play, as several modules want them."""

from pathlib import Path

import pytest
from memory_excel import MemoryExcel
from test_vba_stubs import sample


@pytest.fixture(scope="module")
def new_widgets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample(tmp_path_factory.mktemp("new"), "widgets")


@pytest.fixture
def excel(new_widgets: Path) -> MemoryExcel:
    """Widgets, open with the add-in and not yet run: where it does not matter what was posted."""
    opened = MemoryExcel()
    opened.open(new_widgets)
    return opened
