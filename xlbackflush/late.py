"""Regular expressions that are compiled when they are used first.

A run loads a hundred of them and uses half. To compile them all at import would be a twentieth of its processor time.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False  # as in typing, which is not loaded for it
if TYPE_CHECKING:
    from re import compile
    from typing import Any

    pattern = compile
else:

    class pattern:  # noqa: N801 - called as re.compile is
        """A pattern with the methods of a compiled one. It is none itself: functions of `re` do not take it."""

        def __init__(self, text: str | bytes, flags: re.RegexFlag = re.NOFLAG) -> None:
            self._text, self._flags = text, flags

        def __getattr__(self, name: str) -> Any:
            compiled = re.compile(self._text, self._flags)
            methods = ("match", "fullmatch", "search", "sub", "finditer", "findall", "split", "pattern")
            vars(self).update({method: getattr(compiled, method) for method in methods})
            return vars(self)[name]
