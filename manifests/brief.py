"""Helpers that keep messages short: list the first of many items, cut long texts in the middle."""

from collections.abc import Iterable

LONGEST = 1_000  # most characters of a message, whatever names and values it contains


def few(items: Iterable[object], most: int = 3, between: str = ", ", length: int = 120) -> str:
    """Return the first `most` items as one text, each cut to `length` characters, and the number of items left out.

    >>> few(["a", "b"]), few("abcde", between="; ")
    ('a, b', 'a; b; c; and 2 more')
    """
    listed = [cut(str(item), length) for item in items]
    more = [f"and {len(listed) - most:,} more"] if len(listed) > most else []
    return between.join([*listed[:most], *more])


def cut(text: str, most: int = 120) -> str:
    """Return a text of at most `most` characters; the middle of a longer text is replaced by " ... ".

    >>> cut("short"), cut("a" * 50 + "b" * 50, 21)
    ('short', 'aaaaaaaaaaa ... bbbbb')
    """
    if len(text) <= most:
        return text
    end = (most - 5) // 3
    return f"{text[: most - 5 - end]} ... {text[-end:]}"


def number(value: float) -> str:
    """Format a number for a message; a whole number beyond 15 digits is given by its number of digits.

    >>> number(1234567), number(0.5), number(10**30)
    ('1,234,567', '0.5', 'a number of 31 digits')
    """
    if isinstance(value, float):
        return f"{value:,.0f}" if 1000 <= abs(value) < 10**15 else f"{value:.3g}"
    return f"{value:,}" if abs(value) < 10**15 else f"a number of {len(str(abs(value)))} digits"
