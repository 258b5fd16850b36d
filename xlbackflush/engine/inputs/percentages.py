"""Percentages out of range: a factor of 1.15 is 15 % typed as what multiplies, 15 is 15 % without its sign."""

from xlbackflush.model.words import number, share


def out_of_range(value: float, maximum: float | None) -> tuple[str, str | None]:
    """What is wrong with a percentage out of range, and how to mend it."""
    below = f" and below {share(maximum)}" if maximum else ""
    text = f"is {share(value, 4)}; it must be at least 0 %{below}."
    if 1 < value < 2:
        meant, looks = share(value - 1, 4), f"{number(value)} looks like the factor of {share(value - 1, 4)}."
    elif 2 <= value < 100:
        meant, looks = f"{number(value)} %", f"{number(value)} looks like {number(value)} % without its sign."
    else:
        return text, None
    return f"{text} {looks}", f"Type {meant}, if that is meant."
