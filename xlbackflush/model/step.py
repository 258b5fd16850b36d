"""One line of an explanation."""

from xlbackflush.dataclass import dataclass


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    kind: formula (worked out from the steps one level below), sum (they add up to it), repeat (shown before), and the
    ends: input, recorded (by the run), constant (of the formula), count, others (rows of a sum left out, together), text,
    unknown; uses (on the way up). figure is None for a text. run: the run from whose inputs on record the step is derived,
    which `where` names, too; "" where it is about the workbook as it stands.
    """

    number: int
    level: int
    where: str
    what: str
    figure: float | None
    explanation: str
    kind: str
    run: str = ""
