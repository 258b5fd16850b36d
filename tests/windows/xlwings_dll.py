"""The DLL of xlwings, which starts a Python for a command line and gives its server. Runs on Windows Python."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pythoncom

SERVE = '"{python}" -B -c "import xlwings; xlwings.serve(\'$(CLSID)\')"'


class _Variant(ctypes.Structure):
    _fields_ = (("type", ctypes.c_ushort), ("reserved", ctypes.c_ushort * 3), ("value", ctypes.c_void_p * 2))


def activate(interpreter: Path, dll: str, command: str) -> Any:
    """XLPyDLLActivateAuto: the server of this command line, started where it does not run yet. Waits for it.

    dll: its name, or a pattern of it. OSError with what the DLL says.
    """
    beside = [file for folder in interpreter.parents[:2] for file in folder.glob(dll)]
    if not beside:
        raise OSError(f"Could not load {dll}")
    function = ctypes.WinDLL(str(beside[0])).XLPyDLLActivateAuto
    result = _Variant()
    failed = function(ctypes.byref(result), ctypes.c_char_p(command.encode("mbcs")), ctypes.c_long(1))
    if failed or result.type != pythoncom.VT_DISPATCH:
        raise OSError(ctypes.wstring_at(result.value[0]) if result.type == pythoncom.VT_BSTR else "no object")
    return pythoncom.ObjectFromAddress(result.value[0], pythoncom.IID_IDispatch)
