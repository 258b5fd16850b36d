r"""Excel, played by a COM server: the objects of `com_file` over workbook files, as another process meets those of Excel.

Runs on Windows Python, with the folder of com_file on its path:

    python excel_server.py        writes the number of its window, which xlwings finds as Excel's, and serves until Quit

What is COM's is COM: marshalling between processes, late binding, types of VARIANTs, a busy Excel that rejects calls by a
message filter, the window that gives an object model (WM_GETOBJECT). What is Excel's is `com_file`'s. There is no type
library; late binding passes no names of arguments.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import com_file
import pythoncom
import win32api
import win32con
import win32gui
import winerror
from excel_engine import ComError
from win32com.client.dynamic import Dispatch
from win32com.server.exception import COMException
from win32com.server.policy import BasicWrapPolicy
from win32com.server.util import NewEnum
from xlwings_dll import SERVE, activate

WM_GETOBJECT, OBJID_NATIVEOM = 0x003D, -16
GET, PUT, METHOD = pythoncom.DISPATCH_PROPERTYGET, pythoncom.DISPATCH_PROPERTYPUT, pythoncom.DISPATCH_METHOD
SERVERCALL_ISHANDLED, SERVERCALL_REJECTED, SERVERCALL_RETRYLATER = range(3)
CELLS = {"Value", "Value2", "Formula"}  # of a Range: what they give are cells
DISPATCH = pythoncom.TypeIIDs[pythoncom.IID_IDispatch]


class Excel(com_file.Application):
    """Excel with what a test asks of it beyond Excel's own members."""

    def __init__(self) -> None:
        super().__init__()
        self.rejections = Rejections()

    @property
    def TestCalls(self) -> int:  # noqa: N802
        """How many calls came since this was last asked."""
        count = len(self.calls)
        self.calls.clear()
        return count

    def TestBusy(self, every: int, times: int) -> None:  # noqa: N802
        """Be busy: reject each `every`-th call, so many times."""
        self.rejections.every, self.rejections.left, self.rejections.total = every, times, 0

    @property
    def TestRejected(self) -> int:  # noqa: N802
        """How many calls were rejected since TestBusy."""
        return self.rejections.total

    def TestPress(self, book: str, verb: str) -> None:  # noqa: N802
        """What the add-in does when a button is pressed: ask the server of xlwings, and wait for it."""
        server = Dispatch(activate(Path(sys.executable), "xlwings64-*.dll", SERVE.format(python=sys.executable)))
        server.Call(
            server.Module("xlbackflush.addin.server"), "press", server.TupleFromArray((book, self.Hwnd, verb, ""))
        )

    def TestEsc(self, down: bool, in_front: bool) -> None:  # noqa: N802
        """Press Esc, or let it go; with Excel the program in front, or none."""
        win32gui.SetForegroundWindow(self.Hwnd if in_front else win32gui.GetDesktopWindow())
        win32api.keybd_event(win32con.VK_ESCAPE, 0, 0 if down else win32con.KEYEVENTF_KEYUP, 0)

    def Quit(self) -> None:  # noqa: N802
        """End the server."""
        win32gui.PostQuitMessage(0)


# -------------------------------------------------------------------------------------------------- objects


_names: list[str] = ["", *sorted({n for kind in vars(com_file).values() if isinstance(kind, type) for n in dir(kind)})]


class Served(BasicWrapPolicy):
    """An object as COM asks it: the number of a name, then that number with flags and arguments."""

    def _getdispid_(self, name: str, _flags: int) -> int:
        known = next((member for member in com_file.members(self._obj_) if member.casefold() == name.casefold()), None)
        if known is None:
            raise COMException(scode=winerror.DISP_E_UNKNOWNNAME, desc=f"Unknown name: {name}")
        if known not in _names:
            _names.append(known)
        return _names.index(known)

    def _invokeex_(
        self, dispid: int, _lcid: int, flags: int, arguments: tuple[Any, ...], _named: object, _provider: object
    ) -> Any:
        try:
            return self._answer(dispid, flags, [inward(argument) for argument in arguments])
        except ComError as error:
            if error.excepinfo is None:
                raise COMException(scode=error.hresult, desc=error.strerror) from None
            raise COMException(scode=error.excepinfo[5], desc=error.strerror, source="Microsoft Excel") from None

    def _answer(self, dispid: int, flags: int, arguments: list[Any]) -> Any:
        target = self._obj_
        if dispid == pythoncom.DISPID_NEWENUM and isinstance(target, com_file.Collection):
            return NewEnum([outward(item) for item in target])
        if dispid == pythoncom.DISPID_VALUE and callable(target):
            return outward(target(*arguments))
        if not 0 < dispid < len(_names) or (name := _names[dispid]) not in com_file.members(target):
            raise COMException(scode=winerror.DISP_E_MEMBERNOTFOUND)
        if callable(getattr(type(target), name, None)):
            if not flags & METHOD or flags & PUT:  # late binding asks for a property first, and learns that it is none
                raise COMException(scode=winerror.DISP_E_MEMBERNOTFOUND)
            return outward(_called(getattr(target, name), arguments))
        if flags & PUT:
            return setattr(target, name, *arguments)
        if arguments:
            raise COMException(scode=winerror.DISP_E_BADPARAMCOUNT)
        value = getattr(target, name)
        return cells(value) if isinstance(target, com_file.Range) and name in CELLS else outward(value)


def _called(method: Callable[..., Any], arguments: list[Any]) -> Any:
    try:
        return method(*arguments)
    except TypeError as error:
        if "argument" in str(error):
            raise COMException(scode=winerror.DISP_E_BADPARAMCOUNT, desc=str(error)) from None
        raise


def outward(value: Any) -> Any:
    """A result for COM."""
    return pythoncom.WrapObject(Served(value), pythoncom.IID_IDispatch) if isinstance(value, com_file.Com) else value


def inward(value: Any) -> Any:
    """An argument from COM: objects of this Excel are its own again."""
    return pythoncom.UnwrapObject(value)._obj_ if isinstance(value, DISPATCH) else value


def cells(value: Any) -> Any:
    """Cells with Excel's types: blanks are Empty, and a block is an array of two dimensions.

    pywin32 makes a currency of a Decimal, and a date of a datetime. It cannot make a VT_ERROR with a number of its own: an
    error goes as the integer that its client would make of one. A tuple is the result and whatever is handed back by
    reference.
    """
    return (tuple(tuple(map(_cell, row)) for row in value),) if isinstance(value, tuple) else _cell(value)


def _cell(value: Any) -> Any:
    return pythoncom.Empty if value is None else value


# ---------------------------------------------------------------------------------------------- a busy Excel


class Rejections:
    """A message filter (IMessageFilter): which calls are rejected before they reach any object.

    pywin32 has none, so its table of methods is made here: the three of IUnknown, then HandleInComingCall,
    RetryRejectedCall and MessagePending, which are asked about calls that this process makes; it makes none.
    """

    def __init__(self) -> None:
        self.every, self.left, self.calls, self.total = 1, 0, 0, 0
        long, pointer = ctypes.c_long, ctypes.c_void_p
        one = ctypes.WINFUNCTYPE(ctypes.c_ulong, pointer)(lambda _: 1)
        query = ctypes.WINFUNCTYPE(long, pointer, pointer, pointer)(self._query)
        incoming = ctypes.WINFUNCTYPE(long, pointer, long, pointer, long, pointer)(self._incoming)
        other = ctypes.WINFUNCTYPE(long, pointer, pointer, long, long)(lambda *_: -1)
        self._methods = (query, one, one, incoming, other, other)  # kept alive
        self._table = (pointer * 6)(*(ctypes.cast(method, pointer) for method in self._methods))
        self._object = pointer(ctypes.addressof(self._table))

    def register(self) -> None:
        """From now on every call is asked about."""
        ctypes.oledll.ole32.CoRegisterMessageFilter(ctypes.byref(self._object), None)

    def _query(self, this: int, _iid: int, result: int) -> int:
        ctypes.c_void_p.from_address(result).value = this
        return winerror.S_OK

    def _incoming(self, *_: object) -> int:
        """By turns rejected and told to come later."""
        self.calls += 1
        if not self.left or self.calls % self.every:
            return SERVERCALL_ISHANDLED
        self.left -= 1
        self.total += 1
        return SERVERCALL_REJECTED if self.total % 2 else SERVERCALL_RETRYLATER


# ---------------------------------------------------------------------------------------------- its windows


class _Guid(ctypes.Structure):
    _fields_ = (("bytes", ctypes.c_ubyte * 16),)


IID_DISPATCH = _Guid.from_buffer_copy(bytes(memoryview(pythoncom.IID_IDispatch)))


def show(window: Any) -> int:
    """Excel's windows, XLMAIN > XLDESK > EXCEL7, for an object whose attribute Application is Excel. Returns the first's number.

    xlwings.Book.caller is told that number, and asks its EXCEL7 for the object model.
    """
    give = ctypes.windll.oleacc.LresultFromObject
    give.restype, give.argtypes = ctypes.c_ssize_t, (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)

    def get_object(hwnd: int, message: int, wparam: int, lparam: int) -> int:
        if ctypes.c_int32(lparam & 0xFFFFFFFF).value != OBJID_NATIVEOM:
            return win32gui.DefWindowProc(hwnd, message, wparam, lparam)
        return give(ctypes.addressof(IID_DISPATCH), wparam, _pointer(window))

    main = _window("XLMAIN", 0, {})
    _window("EXCEL7", _window("XLDESK", main, {}), {WM_GETOBJECT: get_object})
    return main


def _pointer(dispatch: Any) -> int:
    """The address of a COM object that pywin32 holds."""
    ask = ctypes.PyDLL(pythoncom.__file__).PyCom_InterfaceFromPyObject
    ask.restype, ask.argtypes = ctypes.c_int, (ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    pointer = ctypes.c_void_p()
    if not ask(dispatch, ctypes.addressof(IID_DISPATCH), ctypes.addressof(pointer), 0):
        raise OSError("pywin32 has no pointer to the object")
    return int(pointer.value or 0)


def _window(name: str, parent: int, answers: dict[int, Callable[..., int]]) -> int:
    look = win32gui.WNDCLASS()
    look.lpszClassName, look.hInstance, look.lpfnWndProc = name, win32api.GetModuleHandle(None), answers
    style = win32con.WS_CHILD if parent else win32con.WS_OVERLAPPEDWINDOW
    return win32gui.CreateWindow(
        win32gui.RegisterClass(look), name, style, 0, 0, 100, 100, parent, 0, look.hInstance, None
    )


def main() -> None:
    """Serve until Quit."""
    pythoncom.CoInitialize()
    excel = Excel()
    window = show(outward(com_file.Options(excel, Application=excel)))
    object.__setattr__(excel, "Hwnd", window)
    excel.rejections.register()
    print(window, flush=True)
    win32gui.PumpMessages()
    sys.exit(0)


if __name__ == "__main__":
    main()
