"""The ledgers that a journal can be written for, as formats.toml describes them. `writer` holds the one writer.

They differ in how an entry is told from the next one, whether its heading stands on its first line or on all, one signed
amount or two columns, accounts by number or name, dates, longest texts, most lines of an entry and of a file. Columns that
only the user can fill are blank, or hold what a new ledger comes with; `to_do` says so with every export.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlbackflush import schema
from xlbackflush.ledgers import plain_text
from xlbackflush.ledgers.writer import COSTS, PAYABLES, Field, Format, ToDo

#: lines on which alone something is to be done, by the word for them in a description -> their roles
_ROLES = {"": frozenset(schema.ROLES), "payables": PAYABLES, "costs": COSTS}
_PLAIN_TEXT = {"beancount": plain_text.beancount, "hledger": plain_text.hledger}


def _format(
    name: str, columns: Sequence[Sequence[Any]] = (), to_do: Sequence[Sequence[str]] = (), **facts: Any
) -> Format:
    """A format from its description."""
    if name in _PLAIN_TEXT:
        return Format(name, lines=_PLAIN_TEXT[name], spelled=plain_text.accounts, **facts)
    described = ((*each, "", "")[:3] for each in to_do)
    tasks = tuple(ToDo(text, _ROLES[lines], setting) for text, lines, setting in described)
    return Format(name, fields=tuple(Field(*cells) for cells in columns), to_do=tasks, **facts)


_DESCRIBED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
#: every format by the name that the command line takes
FORMATS: dict[str, Format] = {name: _format(name, **facts) for name, facts in _DESCRIBED.items()}
