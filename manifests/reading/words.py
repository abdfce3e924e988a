"""Values of latents in words."""

import math


def value_in_words(value: float, unit: str) -> str:
    """Format a value with its unit; angles are in degrees.

    >>> value_in_words(-0.7853981633974483, "rad"), value_in_words(0.25, "turn")
    ('−45°', '0.25 turn')
    """
    if not math.isfinite(value):
        return str(value)  # from a damaged table
    if unit == "rad":
        words = f"{round(math.degrees(value))}°"  # rounding to a whole number avoids "-0"
    else:
        words = f"{value:.2f} turn" if unit == "turn" else f"{value:.3f}"
    return words.replace("-", "−")
