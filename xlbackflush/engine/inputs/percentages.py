"""Percentages out of range: a factor of 1.15 is 15 % typed as what multiplies, 15 is 15 % without its sign."""

from xlbackflush.model.words import number, share


def factor_meant(value: float) -> float | None:
    """The share that a factor means, such as 0.15 of 1.15; None of what is no such factor."""
    return value - 1 if 1 < value < 2 else None


def out_of_range(value: float, maximum: float | None) -> tuple[str, str | None]:
    """What is wrong with a percentage out of range, and how to mend it."""
    below = f" and below {share(maximum)}" if maximum else ""
    text = f"is {share(value, 4)}; it must be at least 0 %{below}."
    if (of_factor := factor_meant(value)) is not None:
        meant, looks = share(of_factor, 4), f"{number(value)} looks like the factor of {share(of_factor, 4)}."
    elif 2 <= value < 100:
        meant, looks = f"{number(value)} %", f"{number(value)} looks like {number(value)} % without its sign."
    else:
        return text, None
    return f"{text} {looks}", f"Type {meant}, if that is meant."
