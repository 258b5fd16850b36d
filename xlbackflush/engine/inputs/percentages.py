"""Percentages out of range: a factor of 1.15 is 15 % typed as what multiplies, 15 is 15 % without its sign."""


def out_of_range(value: float, maximum: float | None) -> tuple[str, str | None]:
    """What is wrong with a percentage out of range, and how to mend it."""
    below = f" and below {100 * maximum:g} %" if maximum else ""
    text = f"is {100 * value:.10g} %; it must be at least 0 %{below}."
    if 1 < value < 2:
        return (
            f"{text} {value:.10g} looks like the factor of {100 * (value - 1):.6g} %.",
            f"Type {100 * (value - 1):.6g} %.",
        )
    if 2 <= value < 100:
        return f"{text} {value:.10g} looks like {value:.10g} % without its sign.", f"Type {value:.10g} %."
    return text, None
