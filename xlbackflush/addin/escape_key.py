"""The Esc key while a macro works.

Excel does not read its keyboard meanwhile, so that Python looks at it: whether Esc is down, and Excel is the program in front.
"""

import sys
import threading
from collections.abc import Callable

_ESCAPE, _IS_DOWN = 0x1B, 0x8000
_PAUSE = 0.02  # seconds between two looks; a key that is struck is down for longer


class EscapeKey:
    """Remembers whether Esc was pressed while the `with` block ran. `is_down` looks at the key; None: nobody can."""

    def __init__(self, is_down: Callable[[], bool] | None) -> None:
        self.is_watched = is_down is not None
        self.is_pressed = False
        self._is_down = is_down
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "EscapeKey":
        if self.is_watched:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self.is_watched:
            self._thread.join()

    def _watch(self) -> None:
        while self._is_down and not self.is_pressed and not self._end.wait(_PAUSE):
            self.is_pressed = self._is_down()


def escape_key_of(window: int) -> EscapeKey:
    """The Esc key for the Excel that has a window; watched on Windows only."""
    if sys.platform != "win32":
        return EscapeKey(None)
    import win32api
    import win32gui
    import win32process

    excel = win32process.GetWindowThreadProcessId(window)[1]

    def is_down() -> bool:
        if not win32api.GetAsyncKeyState(_ESCAPE) & _IS_DOWN:
            return False
        return bool(win32process.GetWindowThreadProcessId(win32gui.GetForegroundWindow())[1] == excel)

    return EscapeKey(is_down)
