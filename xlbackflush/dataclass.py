"""`dataclass` of the standard library, whose classes take a fifth of the time to make.

The standard one compiles seven functions for each frozen class. A run imports a hundred records, and each run is a new
process, so that would be a fifth of its processor time. Here one is compiled, `__init__`; classes share the others. What
they do is the same, but for what frozen classes of ours do not need: slots, `__post_init__`, fields that are not
initialised by the caller. `field` is that of the standard library.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError
from dataclasses import field as field
from operator import attrgetter
from reprlib import recursive_repr

TYPE_CHECKING = False  # as in typing, which is not loaded for it
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
    from typing import Any, Never
else:

    def dataclass(made: type | None = None, /, *, frozen: bool = False, repr: bool = True) -> Any:
        """As in the standard library. What a class defines itself stays as it is."""
        if made is None:
            return lambda made: dataclass(made, frozen=frozen, repr=repr)
        shared = {"__eq__": _equal, "__hash__": None}
        if repr:
            shared["__repr__"] = _shown
        if frozen:
            shared |= {"__hash__": _hash, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        defined = vars(made).keys()
        for name in shared.keys() - defined:
            setattr(made, name, shared[name])
        dataclasses.dataclass(made, init=not frozen, repr=False, eq=False)
        compared = [field.name for field in dataclasses.fields(made) if field.compare]
        made._compared = attrgetter(*compared) if compared else (lambda one: ())
        if frozen:
            made.__init__ = _init(made)
        return made

    def replace(record: Any, /, **changes: Any) -> Any:
        """A record with other values in some fields."""
        values = vars(record)
        return record.__class__(**{name: values[name] for name in record.__dataclass_fields__} | changes)


def _init(made: Any) -> Any:
    """`__init__` of a frozen class: it sets what the class refuses to set later."""
    known: dict[str, object] = {"MISSING": MISSING}
    parameters, lines = [], ["\n _record = self.__dict__"]
    for part in sorted(dataclasses.fields(made), key=lambda part: bool(part.kw_only)):
        name, value = part.name, part.name
        if part.kw_only and "*" not in parameters:
            parameters.append("*")
        if part.default_factory is not MISSING:
            known[f"make_{name}"] = part.default_factory
            value = f"make_{name}() if {name} is MISSING else {name}"
            parameters.append(f"{name}=MISSING")
        elif part.default is not MISSING:
            known[f"default_{name}"] = part.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        lines.append(f"\n _record[{name!r}] = {value}")
    exec(f"def __init__(self, {', '.join(parameters)}):{''.join(lines)}", known)
    return known["__init__"]


def _equal(self: Any, other: object) -> bool:
    compared = self.__class__._compared
    return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__class__._compared(self))


@recursive_repr()
def _shown(self: Any) -> str:
    fields = (field.name for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in fields)})"


def _refuse_to_set(self: object, name: str, value: object) -> Never:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> Never:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
