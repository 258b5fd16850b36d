"""Rules of classes: the accounts that classes of items have of their own."""

from collections.abc import Iterator, Mapping

from xlbackflush import schema
from xlbackflush.engine.inputs.typed import text_of
from xlbackflush.engine.period import Period
from xlbackflush.model import finding as f
from xlbackflush.model.inputs import class_key
from xlbackflush.model.words import listed


def accounts_of_classes(period: Period) -> Iterator[f.Finding]:
    """An account of a class that no line can reach: its role is not split, no item is of the class, or nothing is split."""
    inputs, source = period.inputs, period.inputs.sources["Accounts"]
    known = {class_key(each) for each in set(inputs.standard_cost.class_.tolist())} - {""}
    rows = [(number, _text(row, "Role"), _text(row, "Class")) for number, row in source.named_rows()]
    rows = [row for row in rows if row[2]]
    if rows and not period.settings.by_class:
        where = source.cell("Class", rows[0][0])
        settings = f"{schema.PHYSICAL_COUNT}, or {schema.EXPENSE_THEN_ADJUST}"
        yield f.CLASS_UNUSED(
            where, f"Under {settings}, nothing is split by class: every line goes to the account of its role."
        )
        return
    for number, role, item_class in rows:
        where = source.cell("Class", number)
        if role in schema.ROLES and role not in schema.BY_CLASS:
            text = (
                f"{role} is not split by class, so the account of class {item_class} is not used. Split are {_SPLIT}."
            )
            yield f.CLASS_UNUSED(where, text)
        elif class_key(item_class) not in known:
            yield f.CLASS_UNUSED(
                where, f"No item on Standard Cost is of class {item_class}, so the account is not used."
            )


def _text(row: Mapping[str, object], column: str) -> str:
    return str(text_of(row.get(column, ""))).strip()


_SPLIT = listed(list(schema.BY_CLASS), len(schema.BY_CLASS))
