"""`dataclass` of the standard library, whose classes take a twentieth of the time to make.

A run imports two hundred records, and each run is a new process. The standard library compiles seven functions for each
frozen class, which would be a fifth of a run's processor time. Here classes share all functions but `__init__`, and the
code of that with all classes of as many fields. What they do is the same, but for what records of ours do not need: slots,
`__post_init__`, fields that the caller does not initialise.

`fields`, `asdict` and `replace` of the standard library take these records, too.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import CodeType, FunctionType

TYPE_CHECKING = False  # as in typing, which is not loaded for it
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Never

_MISSING: Any = object()


class _KeywordOnly:
    """Fields after `_: KW_ONLY` are given by name."""


class _Field:
    """What is said of a field."""

    name = ""
    type: object = None
    kw_only = False

    def __init__(
        self, *, default: Any = _MISSING, default_factory: Any = _MISSING, repr: bool = True, compare: bool = True
    ) -> None:
        self.default, self.default_factory, self.repr, self.compare = default, default_factory, repr, compare


if TYPE_CHECKING:
    from dataclasses import KW_ONLY as KW_ONLY
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
else:
    KW_ONLY, field = _KeywordOnly, _Field

    def dataclass(made: type | None = None, /, *, frozen: bool = False, repr: bool = True) -> Any:
        """As in the standard library. What a class defines itself stays as it is."""
        if made is None:
            return lambda made: dataclass(made, frozen=frozen, repr=repr)
        shared = {"__eq__": _equal, "__hash__": None}
        if repr:
            shared["__repr__"] = _shown
        if frozen:
            shared |= {"__hash__": _hash, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        for name in shared.keys() - vars(made).keys():
            setattr(made, name, shared[name])
        fields = made._fields = getattr(made, "_fields", {}) | _own_fields(made)
        compared = [name for name, one in fields.items() if one.compare]
        made._compared = attrgetter(*compared) if compared else (lambda one: ())
        made.__match_args__ = tuple(name for name, one in fields.items() if not one.kw_only)
        made.__init__ = _Init(made, frozen)
        made.__dataclass_fields__ = _StandardFields()
        return made

    def replace(record: Any, /, **changes: Any) -> Any:
        """A record with other values in some fields."""
        values = vars(record)
        return record.__class__(**{name: values[name] for name in record._fields} | changes)


def asdict(record: Any) -> dict[str, Any]:
    """A record, and those in its fields, as dicts: by the standard library, which is loaded for it."""
    import dataclasses

    return dataclasses.asdict(record)


def _own_fields(made: Any) -> dict[str, _Field]:
    """The fields that a class adds to those of its base. Its attributes are their defaults from then on."""
    fields: dict[str, _Field] = {}
    kw_only, attributes = False, vars(made)
    for name, kind in made.__annotations__.items():
        if kind in (_KeywordOnly, "KW_ONLY"):
            kw_only = True
            continue
        default = attributes.get(name, _MISSING)
        one = default if isinstance(default, _Field) else _Field(default=default)
        if one.default is not _MISSING:
            setattr(made, name, one.default)
        elif one is default:
            delattr(made, name)
        one.name, one.type, one.kw_only = name, kind, kw_only
        fields[name] = one
    return fields


class _Init:
    """`__init__` of a class, made when it is asked for first."""

    def __init__(self, made: Any, frozen: bool) -> None:
        self._made, self._frozen = made, frozen

    def __get__(self, record: object, owner: type) -> Any:
        init: Any = _init(self._made._fields.values(), self._frozen)
        self._made.__init__ = init
        return init if record is None else init.__get__(record, owner)


def _init(fields: Iterable[_Field], frozen: bool) -> FunctionType:
    """`__init__` of a class with these fields."""
    fields = sorted(fields, key=lambda one: one.kw_only)
    factories = tuple(at for at, one in enumerate(fields) if one.default_factory is not _MISSING)
    code = _template(len(fields), sum(one.kw_only for one in fields), factories, frozen)
    names = {f"_{at}": one.name for at, one in enumerate(fields)}

    def named(texts: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(names.get(text, text) for text in texts)

    code = code.replace(
        co_varnames=named(code.co_varnames), co_consts=named(code.co_consts), co_names=named(code.co_names)
    )
    known = {f"make{at}": fields[at].default_factory for at in factories} | {"MISSING": _MISSING}
    optional = [one for one in fields if one.default is not _MISSING or one.default_factory is not _MISSING]
    init = FunctionType(code, known, "__init__", tuple(one.default for one in optional if not one.kw_only))
    init.__kwdefaults__ = {one.name: one.default for one in optional if one.kw_only}
    return init


@cache
def _template(count: int, by_name: int, factories: tuple[int, ...], frozen: bool) -> CodeType:
    """The code of `__init__` for classes with as many fields, compiled once for all of them: only the names of its fields differ.

    by_name: how many of the last ones are given by name; factories: which are made anew for each record, if not given.
    A frozen class refuses to set its fields, but for this.
    """
    fields = [f"_{at}" for at in range(count)]
    parameters = ["self", *fields]
    if by_name:
        parameters.insert(-by_name, "*")
    values = [f"make{at}() if _{at} is MISSING else _{at}" if at in factories else f"_{at}" for at in range(count)]
    lines = [
        f" _record[{name!r}] = {value}" if frozen else f" self.{name} = {value}"
        for name, value in zip(fields, values, strict=True)
    ]
    lines.insert(0, " _record = self.__dict__" if frozen else " pass")
    known: dict[str, Any] = {}
    exec("\n".join([f"def __init__({', '.join(parameters)}):", *lines]), known)
    code: CodeType = known["__init__"].__code__
    return code


class _StandardFields:
    """The fields of a class as the standard library keeps them, made when it asks for them."""

    def __get__(self, record: object, owner: Any) -> Any:
        import dataclasses

        described = []
        for name, one in owner._fields.items():
            options = {option: getattr(one, option) for option in ("repr", "compare", "kw_only")}
            for option in ("default", "default_factory"):
                if getattr(one, option) is not _MISSING:
                    options[option] = getattr(one, option)
            described.append((name, one.type, dataclasses.field(**options)))
        twin: Any = dataclasses.make_dataclass(owner.__name__, described)
        owner.__dataclass_fields__ = twin.__dataclass_fields__
        return owner.__dataclass_fields__


def _equal(self: Any, other: object) -> bool:
    compared = self.__class__._compared
    return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__class__._compared(self))


@recursive_repr()
def _shown(self: Any) -> str:
    fields = (name for name, one in self._fields.items() if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in fields)})"


def _refuse_to_set(self: object, name: str, value: object) -> Never:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> Never:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")
