"""The project's own tests about files, paths and encodings, run by the pytest of Windows Python."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from wine import ROOT, Windows

#: file of tests, and which of them (an expression of pytest); what is left out says nothing about Windows, or takes long
TESTS = {
    "addin/test_functions_server": "",
    "addin/test_install": "",
    "ledgers/test_export": "looks_as_it_did or beside or existing or target or left_as_it_is or letters or split",
    "workbook/test_file": "mode or byte_order or utf_16 or read_only or open_elsewhere or changed_meanwhile or crash "
    "or interrupted or thrown_away or folder_are_refused or every_part_that or changes_not_one_byte or xml_cannot_hold",
    "workbook/test_undo": "wherever or newest or damaged or cannot_be_kept or copies_are_in",
}
#: how the reasons begin for which a test may skip on Windows
REASONS = ("on Windows",)


@pytest.mark.parametrize("name", TESTS)
def test_the_projects_own_tests_pass(windows: Windows, tmp_path: Path, name: str) -> None:
    report = tmp_path / "report.xml"
    options = ("-p", "no:cacheprovider", "--tb=short", f"--junitxml={windows.path(report)}")
    done = windows.run_python(
        ["-P", "-m", "pytest", f"tests/{name}.py", "-k", TESTS[name], *options], cwd=ROOT, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (suite,) = ET.parse(report).getroot()
    skipped = [case.get("message", "") for case in suite.iterfind("testcase/skipped")]
    assert [reason for reason in skipped if not reason.startswith(REASONS)] == []
    assert int(suite.get("tests", 0)) > len(skipped)
