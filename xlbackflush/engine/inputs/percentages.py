"""Percentages out of range: a factor of 1.15 is 15 % typed as what multiplies, 15 is 15 % without its sign."""

from xlbackflush.model.words import number, share


def out_of_range(value: float, maximum: float | None) -> tuple[str, str | None]:
    """What is wrong with a percentage out of range, and how to mend it."""
    below = f" and below {share(maximum)}" if maximum else ""
    text = f"is {share(value, 4)}; it must be at least 0 %{below}."
    if 1 < value < 2:
        return f"{text} {number(value)} looks like the factor of {share(value - 1, 4)}.", f"Type {share(value - 1, 4)}."
    if 2 <= value < 100:
        return f"{text} {number(value)} looks like {number(value)} % without its sign.", f"Type {number(value)} %."
    return text, None
