"""Sheet Unit Conversions: how many units of an item are in one unit typed, over the rows of sheet Units."""

from xlbackflush import schema
from xlbackflush.model.inputs import Conversion, ConversionStep
from xlbackflush.sheets.body import Body, RunView
from xlbackflush.sheets.formulas import literal


def body(run: RunView) -> Body:
    """One row per item and unit that is not the item's own."""
    every = run.inputs.converted.all
    costs = run.elsewhere("StandardCost", [each.row for each in every])
    return {
        "Item": ([each.item for each in every], [f'{cost["Item"]}&""' for cost in costs]),
        "From": ([each.unit for each in every], None),
        "To": ([each.own_unit for each in every], [f'{cost["UoM"]}&""' for cost in costs]),
        "Factor": (
            [each.factor for each in every],
            [
                f"IF({cost['UoM']}={literal(e.own_unit)},{_product(run, e)},0)"
                for e, cost in zip(every, costs, strict=True)
            ],
        ),
        "Basis": ([_basis(run, each) for each in every], None),
    }


def _product(run: RunView, each: Conversion) -> str:
    """The steps, one after the other: cells of sheet Units, and factors of physical units."""
    text = ""
    for step in each.steps:
        factor = run.sheets.ref(schema.UNITS.name, "Factor", step.row) if step.row else repr(step.factor)
        text = (f"{text or '1'}/" if step.divides else f"{text}*" if text else "") + factor
    return text


def _basis(run: RunView, each: Conversion) -> str:
    """The rows of sheet Units, and where a physical unit comes in."""
    source = run.inputs.sources[schema.UNITS.name]

    def named(step: ConversionStep) -> str:
        return source.cell("Factor", step.row) if step.row else "physical units"

    return ", ".join(map(named, each.steps))
