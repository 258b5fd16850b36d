"""`install` and `uninstall`: what stands where, what is left alone, and what is refused, on each system."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from machines import machine, with_python
from support_files import Parts, cli

from xlbackflush import __version__
from xlbackflush.addin.computer import Machine
from xlbackflush.addin.install import Step, configuration, install, uninstall
from xlbackflush.model.errors import UnusableError
from xlbackflush.schema import excel
from xlbackflush.template import binaries

XLSTART = "AppData/Roaming/Microsoft/Excel/XLSTART/xlbackflush.xlam"
CONF = ".xlbackflush/xlbackflush.conf"
STARTUP = "Library/Group Containers/UBF8T346G9.Office/User Content.localized/Startup.localized/Excel/xlbackflush.xlam"
MAC_CONF = "Library/Containers/com.microsoft.Excel/Data/xlbackflush.conf"
BUILT = Path(__file__).parents[2] / "vba" / "built"
SCRIPTS = "Library/Application Scripts/com.microsoft.Excel"


@pytest.fixture
def windows(tmp_path: Path) -> Machine:
    """Without a DLL of xlwings, which may stand beside the Python that runs the tests."""
    return with_python(machine("Windows", tmp_path / "home"), tmp_path / "python" / Path(sys.executable).name)


@pytest.fixture
def mac(tmp_path: Path) -> Machine:
    return machine("Mac", tmp_path / "mac")


def files(home: Path) -> set[str]:
    return {p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()}


def done(steps: list[Step]) -> list[str]:
    return [step.done for step in steps]


def read_conf(path: Path, encoding: str) -> dict[str, str]:
    """A configuration as VBA's Input # reads it: quoted values, commas between, no escapes."""
    text = path.read_bytes().decode(encoding)
    assert text.endswith("\r\n")
    return {row[0]: row[1] for row in csv.reader(text.splitlines())}


# ---------------------------------------------------------------------------------------------------- places


def test_on_windows_add_in_and_configuration_stand_where_excel_and_xlwings_look(
    windows: Machine,
) -> None:
    assert done(install(windows)) == ["Wrote", "Wrote"]
    assert files(windows.home) == {XLSTART, CONF, ".xlbackflush/xlbackflush-installed.json"}
    assert (windows.home / XLSTART).read_bytes() == (BUILT / excel.ADDIN).read_bytes()


def test_on_a_mac_the_script_that_starts_python_comes_along(mac: Machine) -> None:
    assert done(install(mac)) == ["Wrote"] * 3
    script = f"{SCRIPTS}/xlwings-{binaries.XLWINGS}.applescript"
    manifest = Path(MAC_CONF).with_name("xlbackflush-installed.json").as_posix()
    assert files(mac.home) == {STARTUP, MAC_CONF, script, manifest}
    assert (mac.home / script).read_bytes() == (binaries.xlwings_folder() / Path(script).name).read_bytes()


def test_without_excel_a_folder_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="--folder DIR"):
        install(machine("Other", tmp_path / "home"))


@pytest.mark.parametrize("system", ["Windows", "Mac", "Other"])
def test_a_folder_takes_all_files(system: str, tmp_path: Path) -> None:
    computer, folder = machine(system, tmp_path / "home"), tmp_path / "for" / "others"  # type: ignore[arg-type]
    assert done(install(computer, folder)) == ["Wrote", "Wrote"]
    assert files(folder) == {excel.ADDIN, "xlbackflush.conf", "xlbackflush-installed.json"}
    assert done(uninstall(computer, folder)) == ["Removed", "Removed"]
    assert files(folder) == set()
    assert files(computer.home) == set()


# --------------------------------------------------------------------------------------------- configuration


def test_the_configuration_names_this_python_and_keeps_workbook_folders_out(windows: Machine) -> None:
    install(windows)
    assert read_conf(windows.home / CONF, "cp1252") == {
        "INTERPRETER_WIN": str(windows.executable),
        "PYTHONPATH": "",
        "ADD_WORKBOOK_TO_PYTHONPATH": "False",
        "USE UDF SERVER": "False",
        "SHOW CONSOLE": "False",
    }


def test_every_name_in_the_configuration_is_one_that_the_module_of_xlwings_reads(
    windows: Machine, mac: Machine
) -> None:
    source = (binaries.xlwings_folder() / "xlwings_custom_addin.bas").read_text()
    for computer, text in ((windows, configuration(windows)), (mac, configuration(mac))):
        for name, _ in csv.reader(text.decode(computer.encoding).splitlines()):
            assert f'GetConfig("{name}"' in source


def test_a_python_without_console_is_started_with_one(windows: Machine) -> None:
    python = Path("/py/python.exe")
    assert f'{python}"'.encode() in configuration(with_python(windows, Path("/py/pythonw.exe")))


def test_a_path_is_written_in_the_code_page_of_vba(windows: Machine) -> None:
    python = Path("/Users/Jörg Müller & Söhne/python.exe")
    assert str(python).encode("cp1252") in configuration(with_python(windows, python))


@pytest.mark.parametrize("folder", ["Łódź", "東京", "100% Python", 'the "new" Python'])
def test_a_path_that_excel_cannot_read_is_refused_before_anything_is_written(windows: Machine, folder: str) -> None:
    with pytest.raises(UnusableError, match=r"The path of Python, .* has the character .* in it"):
        install(with_python(windows, Path(f"/Users/{folder}/python.exe")))
    assert files(windows.home) == set()


def test_a_python_of_the_microsoft_store_is_refused(windows: Machine) -> None:
    store = Path("/Program Files/WindowsApps/PythonSoftwareFoundation.Python.3.12/python.exe")
    with pytest.raises(UnusableError, match="Microsoft Store"):
        install(with_python(windows, store))
    assert files(windows.home) == set()


# ------------------------------------------------------------------------------------------ again and changed


def test_a_second_install_changes_nothing(windows: Machine) -> None:
    install(windows)
    before = {p: p.stat().st_mtime_ns for p in windows.home.rglob("*")}
    assert done(install(windows)) == ["Unchanged", "Unchanged"]
    assert {p: p.stat().st_mtime_ns for p in windows.home.rglob("*")} == before


def test_a_new_python_replaces_the_configuration_alone(windows: Machine) -> None:
    install(windows)
    moved = with_python(windows, Path("/new/python.exe"))
    assert done(install(moved)) == ["Unchanged", "Replaced"]
    assert read_conf(windows.home / CONF, "cp1252")["INTERPRETER_WIN"] == str(Path("/new/python.exe"))
    assert done(uninstall(moved)) == ["Removed", "Removed"]


def test_it_is_said_that_excel_starts_another_python_from_now_on(windows: Machine) -> None:
    """Two Pythons may have xlbackflush, and Excel starts one."""
    assert [step.note for step in install(windows)] == ["", ""]
    moved = with_python(windows, Path("/new/python.exe"))
    _, configuration = install(moved)
    assert configuration.note == f"Excel now starts {Path('/new/python.exe')}; before, it started {windows.python}"
    assert configuration.note in configuration.line
    assert [step.note for step in install(moved)] == ["", ""]


@pytest.mark.parametrize("name", [XLSTART, CONF])
def test_a_file_that_somebody_changed_is_replaced_only_with_force(windows: Machine, name: str) -> None:
    install(windows)
    (windows.home / name).write_bytes(b"mine")
    with pytest.raises(UnusableError, match=r"was changed by someone else; nothing was installed\. Add --force"):
        install(windows)
    assert (windows.home / name).read_bytes() == b"mine"
    assert sorted(done(install(windows, force=True))) == ["Replaced", "Unchanged"]
    assert done(install(windows)) == ["Unchanged", "Unchanged"]


def test_a_file_that_was_there_before_is_not_taken_for_ours(windows: Machine) -> None:
    (windows.home / ".xlbackflush").mkdir()
    (windows.home / CONF).write_bytes(b"older")
    with pytest.raises(UnusableError, match="nothing was installed"):
        install(windows)
    assert files(windows.home) == {CONF}


def test_an_older_script_is_taken_away_with_an_upgrade_of_xlwings(mac: Machine) -> None:
    install(mac)
    new, old = (
        mac.home / SCRIPTS / f"xlwings-{binaries.XLWINGS}.applescript",
        mac.home / SCRIPTS / "xlwings-0.1.0.applescript",
    )
    new.rename(old)  # as an earlier version of xlwings would have left it
    manifest = mac.home / MAC_CONF
    manifest = manifest.with_name("xlbackflush-installed.json")
    manifest.write_text(manifest.read_text().replace(new.name, old.name))
    assert done(install(mac)) == ["Unchanged", "Unchanged", "Wrote", "Removed"]
    assert [p.name for p in (mac.home / SCRIPTS).iterdir()] == [new.name]


# ------------------------------------------------------------------------------------------- the DLL of xlwings

DLL = f"xlwings64-{binaries.XLWINGS}.dll"
COPY = f".xlbackflush/{DLL}"


@pytest.fixture
def bridged(windows: Machine) -> Machine:
    """A computer on which pip had no write access beside Python, and put the DLL under the user's folder."""
    library = windows.appdata / "Python" / DLL
    library.parent.mkdir(parents=True)
    library.write_bytes(b"machine code")
    return replace(windows, libraries=(library,))


def test_the_dll_is_copied_to_where_the_add_in_looks_whatever_pip_did(bridged: Machine) -> None:
    assert done(install(bridged)) == ["Wrote"] * 3
    assert (bridged.home / COPY).read_bytes() == b"machine code"
    assert done(install(bridged)) == ["Unchanged"] * 3
    assert done(uninstall(bridged)) == ["Removed"] * 3
    assert files(bridged.home) == {bridged.libraries[0].relative_to(bridged.home).as_posix()}


@pytest.mark.parametrize("up", [0, 1], ids=["installation", "virtual environment"])
def test_a_dll_beside_python_is_copied_as_well(windows: Machine, up: int) -> None:
    python = windows.home / "python" / "Scripts" / "python.exe"
    python.parent.mkdir(parents=True)
    (python.parents[up] / DLL).write_bytes(b"machine code")
    install(with_python(windows, python))
    assert (windows.home / COPY).read_bytes() == b"machine code"


def test_dlls_for_both_kinds_of_excel_are_copied_and_those_of_an_older_xlwings_go(bridged: Machine) -> None:
    folder = bridged.libraries[0].parent
    other = folder / f"xlwings32-{binaries.XLWINGS}.dll"
    other.write_bytes(b"32 bits")
    both = replace(bridged, libraries=(*bridged.libraries, other))
    assert done(install(both)) == ["Wrote"] * 4
    manifest = bridged.home / CONF
    manifest = manifest.with_name("xlbackflush-installed.json")
    (bridged.home / COPY).rename(manifest.with_name("xlwings64-0.1.0.dll"))  # as an earlier version left it
    manifest.write_text(manifest.read_text().replace(DLL, "xlwings64-0.1.0.dll"))
    assert done(install(both)) == ["Unchanged", "Unchanged", "Wrote", "Unchanged", "Removed"]
    assert {p.name for p in manifest.parent.glob("*.dll")} == {DLL, other.name}


def test_a_dll_that_excel_holds_stays_and_is_removed_the_next_time(
    bridged: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bridged)
    free = Path.unlink

    def held(self: Path, missing_ok: bool = False) -> None:
        if self.suffix == ".dll":
            raise PermissionError(5, "Access is denied", str(self))
        free(self, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        steps = uninstall(bridged)
    assert done(steps) == ["Removed", "Removed", "In use"]
    assert "close Excel and run this again" in steps[2].line
    assert (bridged.home / COPY).exists()
    assert done(uninstall(bridged)) == ["Removed"]
    assert not (bridged.home / ".xlbackflush").exists()


# ------------------------------------------------------------------------------------- versions and signatures


def test_another_xlwings_is_refused_with_the_command_that_mends_it(
    windows: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.30.1" if name == "xlwings" else real(name))
    with pytest.raises(UnusableError) as refused:
        install(windows)
    assert str(refused.value) == (
        f"xlwings 0.30.1 is installed, but the add-in is made for xlwings {binaries.XLWINGS}. "
        f"Run: python -m pip install xlwings=={binaries.XLWINGS}"
    )
    assert files(windows.home) == set()


def signed(path: Path) -> Path:
    """A copy of the add-in as a signing program leaves it: the signature is a part beside the project."""
    with zipfile.ZipFile(BUILT / excel.ADDIN) as ours, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in ours.namelist():
            copy.writestr(name, ours.read(name))
        copy.writestr("xl/vbaProjectSignature.bin", b"signature")
    return path


def test_a_signed_copy_of_the_add_in_is_installed_and_stays(windows: Machine, tmp_path: Path) -> None:
    copy = signed(tmp_path / "signed.xlam")
    install(windows)
    assert done(install(windows, given=copy)) == ["Replaced", "Unchanged"]
    assert (windows.home / XLSTART).read_bytes() == copy.read_bytes()
    assert done(install(windows)) == ["Unchanged", "Unchanged"]
    assert done(uninstall(windows)) == ["Removed", "Removed"]


@pytest.mark.parametrize("spoil", ["unsigned", "another version", "no add-in"])
def test_only_a_signed_copy_of_this_version_is_taken(windows: Machine, tmp_path: Path, spoil: str) -> None:
    copy = signed(tmp_path / "signed.xlam")
    if spoil == "unsigned":
        copy.write_bytes((BUILT / excel.ADDIN).read_bytes())
    elif spoil == "another version":
        parts = Parts(copy)
        parts.edit("docProps/core.xml", f"xlbackflush {__version__}", "xlbackflush 0.0.9")
        parts.save(copy)
    else:
        copy.write_bytes(b"text")
    with pytest.raises(UnusableError, match=r"signed\.xlam is not a signed copy of the add-in"):
        install(windows, given=copy)
    assert files(windows.home) == set()


def test_add_in_held_open_by_excel(windows: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to replace a file that is open; Linux does not, so that the refusal itself is made here."""
    install(windows)
    (windows.home / XLSTART).write_bytes(b"of an older version")
    before = {p: p.read_bytes() for p in windows.home.rglob("*") if p.is_file()}

    free = Path.replace

    def held(self: Path, target: Path) -> Path:
        if target == windows.home / XLSTART:
            raise PermissionError(13, "The process cannot access the file", str(target))
        return free(self, target)

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(UnusableError, match=r"it is open in Excel, .*\. Close Excel and run this again"):
        install(with_python(windows, Path("/new/python.exe")), force=True)
    assert {p: p.read_bytes() for p in windows.home.rglob("*") if p.is_file()} == before


# ------------------------------------------------------------------------------------------------- uninstall


@pytest.mark.parametrize("system", ["Windows", "Mac"])
def test_uninstall_takes_away_what_install_wrote(system: str, tmp_path: Path) -> None:
    computer = machine(system, tmp_path / "home")  # type: ignore[arg-type]
    neighbour = computer.home / Path(XLSTART if system == "Windows" else STARTUP).with_name("PERSONAL.XLSB")
    neighbour.parent.mkdir(parents=True)
    neighbour.write_bytes(b"macros of one's own")
    install(computer)
    assert set(done(uninstall(computer))) == {"Removed"}
    assert files(computer.home) == {neighbour.relative_to(computer.home).as_posix()}
    assert not (computer.home / ".xlbackflush").exists()
    assert uninstall(computer) == []


def left_changed(path: Path) -> None:
    path.write_bytes(b"mine")


@pytest.mark.parametrize(
    ("change", "said"), [(left_changed, "Left"), (Path.unlink, "Gone")], ids=["changed", "removed"]
)
def test_uninstall_leaves_what_somebody_changed(windows: Machine, change: Callable[[Path], None], said: str) -> None:
    install(windows)
    change(windows.home / CONF)
    assert done(uninstall(windows)) == ["Removed", said]
    assert (CONF in files(windows.home)) == (said == "Left")


def test_uninstall_leaves_a_script_that_xlwings_put_there_before(mac: Machine) -> None:
    script = mac.home / SCRIPTS / f"xlwings-{binaries.XLWINGS}.applescript"
    script.parent.mkdir(parents=True)
    script.write_bytes((binaries.xlwings_folder() / script.name).read_bytes())
    assert done(install(mac)) == ["Wrote", "Wrote", "Unchanged"]
    assert done(install(mac)) == ["Unchanged"] * 3
    assert done(uninstall(mac)) == ["Removed", "Removed"]
    assert script.exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"files": 3}', "not json"])
def test_a_spoilt_manifest_removes_nothing(windows: Machine, text: str) -> None:
    install(windows)
    (windows.home / CONF).with_name("xlbackflush-installed.json").write_text(text)
    assert uninstall(windows) == []
    assert {XLSTART, CONF} <= files(windows.home)
    assert done(install(windows)) == ["Unchanged", "Unchanged"]
    assert done(uninstall(windows)) == ["Removed", "Removed"]


# ------------------------------------------------------------------------------------------ the command line


def test_the_commands_print_a_line_for_each_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    result = cli("install", "--folder", folder)
    assert result.code == 0
    assert result.out.splitlines()[:2] == [
        f"Wrote      {folder / 'xlbackflush.xlam'}",
        f"Wrote      {folder / 'xlbackflush.conf'}",
    ]
    assert cli("install", "--folder", folder, "--quiet").out == ""
    again = cli("install", "--folder", folder, "--json").json
    assert [f["done"] for f in again["files"]] == ["Unchanged", "Unchanged"]
    gone = cli("uninstall", "--folder", folder)
    assert (gone.code, gone.out.splitlines()[0]) == (0, f"Removed    {folder / 'xlbackflush.xlam'}")
    assert cli("uninstall", "--folder", folder).out.startswith("Nothing is installed.")


def test_a_folder_of_that_name_that_is_a_file_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"a file")
    result = cli("install", "--folder", blocked)
    assert result.code == 2
    assert result.err.startswith("xlbackflush: ")
    assert json.loads(cli("install", "--folder", blocked, "--json").out)["exit"] == 2
    assert blocked.read_bytes() == b"a file"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_manifest_holds_whole_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cli("install", "--folder", "here")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert cli("uninstall", "--folder", "../here").code == 0
    assert files(tmp_path) == set()
