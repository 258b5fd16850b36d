"""Money: whole minor units, rounded once, as Excel's ROUND rounds.

Excel rounds half away from zero, and looks at 15 significant digits: 1.005 is 1.00499999999999989 in binary, and
ROUND(1.005, 2) is 1.01. The vector form rounds in floating point and rechecks the near-ties exactly.
"""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray

#: ISO 4217 currencies whose minor unit is not 1/100, by the decimals that they have
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: places for places, codes in _CODES.items() for code in codes.split()}


def decimals(currency: str) -> int:
    """Decimal places of a currency's minor unit (ISO 4217): USD 2, JPY 0, KWD 3."""
    return _DECIMALS.get(currency, 2)


def to_minor(amount: float, places: int) -> int:
    """Excel's ROUND(amount, places) in minor units: to_minor(1.005, 2) == 101. Only near-ties take the exact way."""
    scaled = amount * 10.0**places
    # below 1e12, floats and 15 digits are off by less than 0.01
    if abs(scaled) < 1e12 and abs(scaled - (nearest := round(scaled))) < 0.49:
        return nearest
    return int(Decimal(f"{amount:.15g}").scaleb(places).quantize(Decimal(1), ROUND_HALF_UP))


def to_minor_array(amounts: NDArray[np.float64], places: int) -> NDArray[np.int64]:
    """`to_minor` of each amount, vectorised; only near-ties take the exact way."""
    scaled = np.asarray(amounts, dtype=np.float64) * 10.0**places
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)).astype(np.int64)
    distance = np.abs(np.abs(scaled) % 1.0 - 0.5)
    for i in np.flatnonzero(distance <= np.abs(scaled) * 1e-14 + 1e-9):
        rounded[i] = to_minor(float(amounts[i]), places)
    return rounded


def from_minor(minor: int, places: int) -> float:
    """Minor units as money: from_minor(101, 2) == 1.01."""
    return minor / 10**places if places else float(minor)


def shown(minor: int, places: int) -> str:
    """Minor units as people read them: 1,848,972.35."""
    return f"{from_minor(minor, places):,.{places}f}"
